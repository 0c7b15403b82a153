// The parts of the export dialog and how they are laid out; what they do is ExportDialog.cpp.
#include "app/gui/ExportDialog.h"

#include "app/gui/ExportOverview.h"
#include "app/gui/ExportTargets.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace opscope {
namespace {

constexpr int kTypingMs = 180; // the count follows when typing pauses

QLabel* heading(const char* text)
{
    auto* label = new QLabel(QString::fromUtf8(text));
    label->setFont(Theme::uiFont(13, QFont::DemiBold));
    label->setProperty("role", QStringLiteral("strong"));
    return label;
}

QString lengthText(const Trace& trace, TimeRange range)
{
    const auto length = static_cast<Nanos>(std::min<std::uint64_t>(range.length(), INT64_MAX));
    return trace.timeBase() == TimeBase::NodeOrder ? QString::fromStdString(formatCount(static_cast<std::int64_t>(range.length()))) + QStringLiteral(" nodes") : QString::fromStdString(formatDuration(length));
}

/// A page of the dialog: its widgets one below the other.
QWidget* column(std::initializer_list<QWidget*> parts)
{
    auto* widget = new QWidget;
    auto* layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    for (QWidget* part : parts)
        layout->addWidget(part);
    return widget;
}

} // namespace

ExportDialog::ExportDialog(const Theme& theme, const TraceDocument& document, TimelineModelPtr model, QWidget* parent)
    : QDialog(parent), m_theme(theme), m_trace(document.trace()), m_selected(document.selection().range), m_view(document.visibleRange())
{
    setWindowTitle(QStringLiteral("Export part"));
    setPalette(theme.palette());
    auto* left = new QVBoxLayout;
    left->setSpacing(14);
    left->addWidget(makeWhat(document));
    left->addWidget(makeWith());
    left->addStretch(1);
    auto* right = new QVBoxLayout;
    right->setSpacing(14);
    right->addWidget(makeKept(std::move(model)));
    right->addWidget(makePrivate());
    right->addStretch(1);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addLayout(left, 1);
    columns->addLayout(right, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(16, 14, 16, 14);
    all->setSpacing(12);
    all->addLayout(columns, 1);
    m_targets = new ExportTargets(*m_trace, this); // after what Tab comes to first
    all->addWidget(heading("Save as"));
    all->addWidget(m_targets);
    all->addLayout(makeFoot());
    m_wait.setSingleShot(true);
    m_wait.setInterval(kTypingMs);
    connect(&m_wait, &QTimer::timeout, this, &ExportDialog::count);
    connect(m_targets, &ExportTargets::changed, this, &ExportDialog::showState);
    connect(&m_writing, &Job::progressed, this, [this] {
        const Progress& progress = m_writing.progress();
        const std::uint64_t total = progress.total;
        m_bar->setRange(0, total ? 1000 : 0);
        if (total)
            m_bar->setValue(static_cast<int>(std::min<std::uint64_t>(progress.done, total) * 1000 / total));
    });
    resize(900, 0);
    m_useFilter->setFocus();
    findPrivate();
    count();
}

QWidget* ExportDialog::makeWhat(const TraceDocument& document)
{
    m_useFilter = new QCheckBox(QStringLiteral("Only what the &filter matches"));
    m_filter = new QLineEdit(QString::fromStdString(document.filter().text()));
    m_filter->setFont(Theme::fixedFont(11));
    m_filter->setPlaceholderText(QStringLiteral("dur > 50us and cat == \"kernel\""));
    m_filter->setAccessibleName(QStringLiteral("Filter"));
    m_filterProblem = new QLabel;
    m_filterProblem->setWordWrap(true);
    m_filterProblem->setTextFormat(Qt::PlainText);
    m_filterProblem->setStyleSheet(QStringLiteral("color: ") + m_theme.err.name());
    m_filterProblem->hide();
    m_useFilter->setChecked(!document.filter().empty());
    m_useTime = new QCheckBox(QStringLiteral("Only a &stretch of time"));
    m_time = new QComboBox;
    m_time->setAccessibleName(QStringLiteral("Which stretch of time"));
    if (m_selected)
        m_time->addItem(QStringLiteral("The selected range, ") + lengthText(*m_trace, *m_selected));
    m_time->addItem(QStringLiteral("What is in view, ") + lengthText(*m_trace, m_view));
    m_useTime->setChecked(m_selected.has_value());
    m_useTracks = new QCheckBox(QStringLiteral("Only these &tracks"));
    m_tracks = new QListWidget;
    m_tracks->setFixedHeight(92);
    m_tracks->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_tracks->setTextElideMode(Qt::ElideRight);
    m_tracks->setAccessibleName(QStringLiteral("Tracks"));
    fillTracks(document);
    for (QCheckBox* tick : {m_useFilter, m_useTime, m_useTracks})
        connect(tick, &QCheckBox::toggled, this, &ExportDialog::changed);
    connect(m_filter, &QLineEdit::textEdited, this, [this] {
        if (m_useFilter->isChecked() == m_filter->text().trimmed().isEmpty())
            m_useFilter->setChecked(!m_filter->text().trimmed().isEmpty()); // says changed() itself
        else
            changed();
    });
    connect(m_time, &QComboBox::activated, this, [this] { m_useTime->isChecked() ? changed() : m_useTime->setChecked(true); });
    connect(m_tracks, &QListWidget::itemChanged, this, [this] { m_useTracks->isChecked() ? changed() : m_useTracks->setChecked(true); });
    return column({heading("What"), m_useFilter, m_filter, m_filterProblem, m_useTime, m_time, m_useTracks, m_tracks});
}

void ExportDialog::fillTracks(const TraceDocument& document)
{
    for (std::size_t i = 0; i < m_trace->tracks().size(); ++i) {
        const TrackId id(i);
        const Track& track = m_trace->track(id);
        if (!track.visible())
            continue;
        auto* item = new QListWidgetItem(displayText(m_trace->trackName(id)) + QStringLiteral("  ·  ") + displayText(m_trace->processName(track.process)));
        item->setData(kTrackId, static_cast<uint>(i));
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(document.selection().track == id ? Qt::Checked : Qt::Unchecked);
        m_tracks->addItem(item);
        if (document.selection().track == id)
            m_tracks->setCurrentItem(item);
    }
}

QWidget* ExportDialog::makeWith()
{
    m_links = new QCheckBox(QStringLiteral("With &links: launching calls and operators, annotations"));
    m_links->setToolTip(QStringLiteral("Also both ends of every arrow, so that nothing dangles"));
    m_links->setChecked(true);
    m_parents = new QCheckBox(QStringLiteral("With &parents: all that encloses a kept slice"));
    m_effects = new QCheckBox(QStringLiteral("With what kept operators and calls la&unched"));
    m_clip = new QCheckBox(QStringLiteral("&Cut slices at the edges of the stretch of time"));
    QWidget* page = column({heading("What goes with it"), m_links, m_parents, m_effects, m_clip});
    if (m_trace->executionTrace()) {
        m_producers = new QCheckBox(QStringLiteral("With the &nodes that made the inputs of kept nodes"));
        m_subtrees = new QCheckBox(QStringLiteral("With all nodes &below kept nodes"));
        m_resources = new QCheckBox(QStringLiteral("With captured &data of kept nodes"));
        m_resources->setChecked(true);
        for (QCheckBox* tick : {m_producers, m_subtrees, m_resources})
            page->layout()->addWidget(tick);
    }
    for (QCheckBox* tick : page->findChildren<QCheckBox*>())
        connect(tick, &QCheckBox::toggled, this, &ExportDialog::changed);
    return page;
}

QWidget* ExportDialog::makeKept(TimelineModelPtr model)
{
    m_overview = new ExportOverview(m_theme, std::move(model));
    m_summary = new QLabel;
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_summary->setProperty("role", QStringLiteral("value"));
    m_summary->setMinimumHeight(52);
    m_summary->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    return column({heading("What is kept"), m_overview, m_summary});
}

QWidget* ExportDialog::makePrivate()
{
    m_redact = new QCheckBox(QStringLiteral("Leave out &host, user, environment"));
    m_redact->setToolTip(QStringLiteral("Names of hosts, users, jobs and folders and values of environment variables are replaced, the same by the same"));
    m_redact->setChecked(true);
    m_showReplacements = new QPushButton(QStringLiteral("What is &replaced"));
    m_showReplacements->setAutoDefault(false);
    m_showReplacements->setCheckable(true);
    m_replacements = new QTreeWidget;
    m_replacements->setHeaderLabels({QStringLiteral("What"), QStringLiteral("Found"), QStringLiteral("Becomes")});
    m_replacements->setRootIsDecorated(false);
    m_replacements->setUniformRowHeights(true);
    m_replacements->setAlternatingRowColors(true);
    m_replacements->setAccessibleName(QStringLiteral("What is replaced"));
    m_replacements->header()->resizeSection(0, 84);
    m_replacements->header()->resizeSection(1, 220);
    m_replacements->setMinimumHeight(132);
    m_replacements->hide();
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_redact, 1);
    layout->addWidget(m_showReplacements);
    connect(m_showReplacements, &QPushButton::toggled, m_replacements, &QWidget::setVisible);
    connect(m_redact, &QCheckBox::toggled, this, &ExportDialog::showState);
    return column({row, m_replacements});
}

QLayout* ExportDialog::makeFoot()
{
    m_problem = new QLabel;
    m_problem->setWordWrap(true);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setStyleSheet(QStringLiteral("color: ") + m_theme.err.name());
    m_problem->setAccessibleName(QStringLiteral("Why it cannot be written"));
    m_bar = new QProgressBar;
    m_bar->setTextVisible(false);
    m_bar->hide();
    m_cancel = new QPushButton(QStringLiteral("Cancel"));
    m_cancel->setAutoDefault(false);
    m_export = new QPushButton(QStringLiteral("&Export"));
    m_export->setDefault(true);
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_export, &QPushButton::clicked, this, &ExportDialog::write);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(8);
    foot->addWidget(m_problem, 1);
    foot->addWidget(m_bar, 1);
    foot->addWidget(m_cancel);
    foot->addWidget(m_export);
    return foot;
}

} // namespace opscope
