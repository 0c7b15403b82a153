#include "app/gui/RecordProgress.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace opscope {
namespace {

using namespace std::chrono_literals;

constexpr int kLookMs = 100;
constexpr auto kCpuSpan = 60s;
constexpr int kMostNotes = 6; // more are counted

QString lengthText(const RecordRequest& request)
{
    if (request.steps)
        return QStringLiteral("of %1 steps").arg(countText(request.steps));
    return request.duration ? QStringLiteral("of ") + clockText(*request.duration) : QStringLiteral("until Stop");
}

QString orNone(std::uint64_t count) { return count ? countText(count) : QStringLiteral("–"); }

} // namespace

RecordCpuLine::RecordCpuLine(const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme)
{
    setFixedHeight(44);
    setAccessibleName(QStringLiteral("How busy the process was, over the last minute"));
}

void RecordCpuLine::clear()
{
    m_points.clear();
    update();
}

void RecordCpuLine::add(std::chrono::milliseconds elapsed, double processors)
{
    if (processors < 0 || (!m_points.empty() && elapsed <= m_points.back().at))
        return;
    m_points.push_back({elapsed, processors});
    while (m_points.size() > 2 && m_points[1].at < elapsed - kCpuSpan)
        m_points.pop_front();
    update();
}

void RecordCpuLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_theme.canvas);
    if (m_points.empty())
        return;
    // Whole processors, so that the scale moves rarely.
    double most = 1;
    for (const Point& point : m_points)
        most = std::max(most, std::ceil(point.processors));
    const auto last = m_points.back().at;
    const double span = std::max<double>(10'000, static_cast<double>(std::min<std::chrono::milliseconds>(last, kCpuSpan).count()));
    const auto x = [&](std::chrono::milliseconds at) { return width() * (1 - static_cast<double>((std::max<std::chrono::milliseconds>(last, 10s) - at).count()) / span); };
    const auto y = [&](double processors) { return 3 + (height() - 5) * (1 - processors / most); };
    QPolygonF line;
    for (std::size_t i = 0; i < m_points.size(); ++i) {
        const double from = i ? x(m_points[i - 1].at) : std::max(0.0, x(std::chrono::milliseconds(0)));
        line << QPointF(from, y(m_points[i].processors)) << QPointF(x(m_points[i].at), y(m_points[i].processors));
    }
    QPolygonF area = line;
    area << QPointF(line.last().x(), height()) << QPointF(line.first().x(), height());
    QColor fill = m_theme.accent;
    fill.setAlphaF(0.16F);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(area);
    painter.setPen(QPen(m_theme.accent, 1.25));
    painter.drawPolyline(line);
    // The label stands on its own ground: the line may pass behind it.
    painter.setFont(Theme::fixedFont(10));
    const QString label = cpuText(most);
    const QRect ground(width() - painter.fontMetrics().horizontalAdvance(label) - 8, 0, painter.fontMetrics().horizontalAdvance(label) + 8, painter.fontMetrics().height());
    painter.fillRect(ground, m_theme.canvas);
    painter.setPen(m_theme.textDim);
    painter.drawText(ground, Qt::AlignCenter, label);
}

RecordProgress::RecordProgress(const Theme& theme, Recorder& recorder, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_recorder(recorder), m_sign(new QLabel), m_what(new ElidedLabel(Theme::uiFont(14, QFont::DemiBold))),
      m_where(new ElidedLabel(Theme::uiFont(12))), m_cpu(new RecordCpuLine(theme)), m_bar(new QProgressBar), m_step(new QLabel), m_output(new QPlainTextEdit), m_noteColumn(new QVBoxLayout)
{
    m_sign->setPixmap(icon("record", theme.err).pixmap(QSize(16, 16), devicePixelRatioF()));
    m_what->setProperty("role", QStringLiteral("strong"));
    m_where->setProperty("role", QStringLiteral("dim"));
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(QStringLiteral("How far the recording is"));
    m_step->setProperty("role", QStringLiteral("dim"));
    m_step->setTextFormat(Qt::PlainText);
    auto* names = new QVBoxLayout;
    names->setSpacing(2);
    names->addWidget(m_what);
    names->addWidget(m_where);
    auto* head = new QHBoxLayout;
    head->setSpacing(10);
    head->addWidget(m_sign, 0, Qt::AlignTop);
    head->addLayout(names, 1);
    m_noteColumn->setSpacing(4);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 14);
    column->setSpacing(12);
    column->addLayout(head);
    column->addWidget(makeFigures());
    column->addWidget(m_cpu);
    column->addWidget(m_bar);
    column->addWidget(m_step);
    column->addLayout(m_noteColumn);
    column->addWidget(m_output, 1);
    m_output->setReadOnly(true);
    m_output->setFont(Theme::fixedFont(11));
    m_output->setMaximumBlockCount(kMostLines);
    m_output->setMinimumHeight(120);
    m_output->setAccessibleName(QStringLiteral("What the command prints"));
    m_output->hide();
    column->addStretch();
    m_timer.setInterval(kLookMs);
    connect(&m_timer, &QTimer::timeout, this, &RecordProgress::look);
    connect(&recorder, &Recorder::stateChanged, this, &RecordProgress::look);
    connect(&recorder, &Recorder::noted, this, &RecordProgress::addNote);
    connect(&recorder, &Recorder::printed, this, [this](const QString& text) {
        m_output->show();
        m_output->moveCursor(QTextCursor::End);
        m_output->insertPlainText(text);
        m_output->moveCursor(QTextCursor::End);
    });
}

QWidget* RecordProgress::makeFigures()
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(22);
    const std::pair<const char*, const char*> figures[] = {{"time", "Time"}, {"samples", "Samples"}, {"lost", "Lost"}, {"size", "File"}, {"cpu", "CPU of the target"}};
    for (const auto& [id, title] : figures) {
        auto* name = new QLabel(QLatin1String(title));
        name->setFont(Theme::uiFont(11));
        name->setProperty("role", QStringLiteral("dim"));
        auto* number = new QLabel(QStringLiteral("–"));
        number->setFont(Theme::fixedFont(15));
        number->setProperty("role", QStringLiteral("value"));
        number->setAccessibleName(QLatin1String(title));
        auto* of = new QLabel;
        of->setFont(Theme::uiFont(11));
        of->setProperty("role", QStringLiteral("dim"));
        auto* cell = new QWidget;
        auto* column = new QVBoxLayout(cell);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(1);
        for (QLabel* label : {name, number, of})
            column->addWidget(label);
        layout->addWidget(cell, 1);
        m_figures.push_back({id, number, of});
    }
    return row;
}

QLabel& RecordProgress::value(const char* id)
{
    return *std::ranges::find_if(m_figures, [id](const Figure& figure) { return std::strcmp(figure.id, id) == 0; })->value;
}

void RecordProgress::setFigure(const char* id, const QString& text, const QString& of)
{
    const auto figure = std::ranges::find_if(m_figures, [id](const Figure& one) { return std::strcmp(one.id, id) == 0; });
    figure->value->setText(text);
    figure->of->setText(of);
}

QString RecordProgress::figure(const char* id) const { return const_cast<RecordProgress*>(this)->value(id).text(); }
QString RecordProgress::step() const { return m_step->text(); }

void RecordProgress::begin(const RecordWish& wish, const QString& where)
{
    m_what->setText(wish.what);
    m_where->setText(where);
    m_counts = wish.backend->family.empty();
    for (const Figure& figure : m_figures)
        figure.value->parentWidget()->setVisible(m_counts || !(std::strcmp(figure.id, "samples") == 0 || std::strcmp(figure.id, "lost") == 0));
    m_output->clear();
    m_output->hide();
    m_cpu->clear();
    m_notes.clear();
    while (QLayoutItem* item = m_noteColumn->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    look();
}

void RecordProgress::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_timer.start();
    look();
}

void RecordProgress::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_timer.stop();
}

void RecordProgress::look()
{
    const RecordStatus status = m_recorder.status();
    const RecordRequest& request = m_recorder.request();
    const bool began = m_recorder.state() != Recorder::State::Starting;
    setFigure("time", began ? clockText(status.elapsed) : QStringLiteral("–"), lengthText(request));
    setFigure("samples", orNone(status.samples));
    setFigure("lost", status.lost ? countText(status.lost) : status.samples ? QStringLiteral("none") : QStringLiteral("–"));
    setTextColour(&value("lost"), status.lost ? m_theme.warn : m_theme.textHi);
    setFigure("size", status.bytes ? bytesText(status.bytes) : QStringLiteral("–"), !m_counts ? QString() : request.maxBytes ? QStringLiteral("at most ") + bytesText(request.maxBytes) : QStringLiteral("no limit"));
    setFigure("cpu", cpuText(status.targetCpu));
    if (m_recorder.state() == Recorder::State::Recording)
        m_cpu->add(status.elapsed, status.targetCpu);
    showBar(status);
}

void RecordProgress::showBar(const RecordStatus& status)
{
    const RecordRequest& request = m_recorder.request();
    const QString step = displayText(status.step);
    switch (m_recorder.state()) {
    case Recorder::State::Starting:
        showStep(status, step.isEmpty() ? QStringLiteral("Starting…") : step + QStringLiteral("…"));
        break;
    case Recorder::State::Collecting:
        showStep(status, (step.isEmpty() ? QStringLiteral("Making the file") : step) + QStringLiteral("… The target runs on without us."));
        break;
    case Recorder::State::Recording: {
        // Whichever limit comes first.
        double share = request.duration ? static_cast<double>(status.elapsed.count()) / static_cast<double>(request.duration->count()) : 0;
        if (request.maxBytes)
            share = std::max(share, static_cast<double>(status.bytes) / static_cast<double>(request.maxBytes));
        const bool known = request.duration || request.maxBytes || !request.steps;
        if (!known) {
            showStep(status, step);
            break;
        }
        m_bar->setRange(0, 1000);
        m_bar->setValue(static_cast<int>(std::clamp(share, 0.0, 1.0) * 1000));
        m_step->setText(step);
        break;
    }
    default: break;
    }
    m_step->setVisible(!m_step->text().isEmpty());
}

/// Where it is known how long this takes at most, how much of that is over.
void RecordProgress::showStep(const RecordStatus& status, const QString& text)
{
    const bool known = status.stepAtMost.count() > 0;
    m_bar->setRange(0, known ? static_cast<int>(status.stepAtMost.count()) : 0);
    if (known)
        m_bar->setValue(static_cast<int>(std::min(status.stepElapsed, status.stepAtMost).count()));
    QString times;
    if (known)
        times = QStringLiteral(" %1 of at most %2").arg(clockText(status.stepElapsed), clockText(status.stepAtMost));
    else if (status.stepElapsed.count() > 0)
        times = QLatin1Char(' ') + clockText(status.stepElapsed);
    m_step->setText(text + times);
}

void RecordProgress::addNote(const QString& note)
{
    m_notes << note;
    if (m_notes.size() > kMostNotes + 1) {
        static_cast<QLabel*>(m_noteColumn->itemAt(kMostNotes)->widget())->setText(QStringLiteral("and %1 more notes").arg(m_notes.size() - kMostNotes));
        return;
    }
    auto* label = new QLabel(displayText(toUtf8(note)));
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setProperty("role", QStringLiteral("dim"));
    m_noteColumn->addWidget(label);
}

} // namespace opscope
