#include "app/gui/FilterEdit.h"

#include "app/gui/FilterHelp.h"
#include "app/gui/FilterPopup.h"
#include "core/base/Time.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"

#include <QAction>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QStyle>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kTool = 20, kSlowMs = 200, kRoomForWords = 460;

/// Bytes of the UTF-8 text are what the language counts in.
qsizetype positionOf(const QString& text, std::size_t byte)
{
    return QString::fromUtf8(text.toUtf8().left(static_cast<qsizetype>(byte))).size();
}

std::size_t byteOf(const QString& text, qsizetype position)
{
    return static_cast<std::size_t>(text.left(position).toUtf8().size());
}

QString counted(std::size_t count) { return QString::fromStdString(formatCount(static_cast<std::int64_t>(count))); }

} // namespace

FilterEdit::FilterEdit(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QLineEdit(parent), m_document(document), m_settings(settings), m_sign(new QAction(this)), m_count(new QLabel(this)),
      m_clear(addTool(QStringLiteral("Clear the filter"))), m_question(addTool(QStringLiteral("The filter language (F1)"))),
      m_popup(new FilterPopup(settings, this)), m_help(new FilterHelp(settings, this))
{
    setFont(Theme::fixedFont(11));
    setPlaceholderText(QStringLiteral("Filter, for example  name ~ \"gemm\" and dur > 50us"));
    setAccessibleName(QStringLiteral("Filter"));
    setToolTip(QStringLiteral("Show only what meets a condition (\\ or Ctrl+Shift+F)"));
    setMaxLength(64 * 1024);
    addAction(m_sign, QLineEdit::LeadingPosition);
    m_count->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_typing.setSingleShot(true);
    m_typing.setInterval(kTypingMs);
    m_slow.setSingleShot(true);
    m_slow.setInterval(kSlowMs);
    connect(&m_typing, &QTimer::timeout, this, &FilterEdit::commit);
    connect(&m_slow, &QTimer::timeout, this, &FilterEdit::showState);
    connect(this, &QLineEdit::textEdited, this, &FilterEdit::edited);
    connect(m_popup, &FilterPopup::taken, this, &FilterEdit::take);
    connect(m_help, &FilterHelp::exampleChosen, this, &FilterEdit::insertExample);
    connect(m_question, &QToolButton::clicked, this, &FilterEdit::toggleHelp);
    connect(m_clear, &QToolButton::clicked, this, [this] {
        clear();
        edited();
        commit();
    });
    connect(&m_document, &TraceDocument::filterChanged, this, &FilterEdit::filterChanged);
    connect(&m_document, &TraceDocument::matchesChanged, this, &FilterEdit::showState);
    connect(&m_document, &TraceDocument::filterProgressed, this, &FilterEdit::showState);
    connect(&m_document, &TraceDocument::filterFailed, this, &FilterEdit::filterFailed);
    connect(&m_document, &TraceDocument::filteringChanged, this, [this] {
        if (m_document.filtering()) m_slow.start();
        else m_slow.stop();
        showState();
    });
    connect(&m_document, &TraceDocument::traceChanged, this, [this] {
        m_popup->hide();
        m_help->hide();
        showState();
    });
    connect(&m_settings, &ViewSettings::changed, this, &FilterEdit::showTheme);
    showTheme();
    showState();
}

QToolButton* FilterEdit::addTool(const QString& tip)
{
    auto* button = new QToolButton(this);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFocusPolicy(Qt::NoFocus);
    button->setCursor(Qt::ArrowCursor);
    button->setIconSize({14, 14});
    button->setFixedSize(kTool, kTool);
    button->setStyleSheet(QStringLiteral("QToolButton { padding: 0; }"));
    return button;
}

void FilterEdit::begin()
{
    setFocus(Qt::ShortcutFocusReason);
    selectAll();
}

/// Any change of the text: what it means is known at once, in force it is a moment later.
void FilterEdit::edited()
{
    check();
    if (m_error) m_typing.stop();
    else m_typing.start();
    m_help->hide();
    offerChoices(false);
    showState();
}

void FilterEdit::check()
{
    m_error.reset();
    m_popup->clearMessage();
    auto parsed = Filter::parse(toUtf8(text()));
    if (auto* error = std::get_if<FilterError>(&parsed)) {
        m_error = std::move(*error);
        showError(false);
    } else {
        m_parsed = std::get<Filter>(std::move(parsed));
    }
    update();
}

/// While typing, a text that only lacks its end is not scolded.
void FilterEdit::showError(bool atEnd)
{
    const QString shown = text();
    const qsizetype column = positionOf(shown, m_error->column);
    const bool inWord = cursorPosition() == shown.size() && positionOf(shown, m_error->column + m_error->length) >= shown.size()
        && shown.back().isLetterOrNumber();
    const bool unfinished = shown.mid(column).trimmed().isEmpty() || (hasFocus() && inWord);
    const auto tone = unfinished && !atEnd ? FilterPopup::Tone::Hint : FilterPopup::Tone::Error;
    const QString sentence = opscope::displayText(m_error->message);
    m_popup->setMessage(tone, QStringLiteral("Column %1: %2").arg(column + 1).arg(sentence), inForceText());
}

QString FilterEdit::inForceText() const
{
    if (m_document.filter().empty()) return QStringLiteral("No filter is in force.");
    return QStringLiteral("Still in force: %1").arg(elided(opscope::displayText(m_document.filter().text()), Theme::uiFont(12), 420));
}

void FilterEdit::commit()
{
    m_typing.stop();
    if (m_error || m_parsed == m_document.filter()) return;
    m_seen = m_parsed;
    m_document.setFilter(m_parsed);
}

/// By anybody: a chip, a menu, going back. Our own text comes back as it was written.
void FilterEdit::filterChanged()
{
    const Filter& now = m_document.filter();
    const bool isNews = now != m_seen;
    m_seen = now;
    if (isNews && !m_keepText) {
        m_typing.stop();
        setText(QString::fromStdString(now.text()));
        check();
        m_popup->setChoices({});
        m_popup->hide();
        showBeginning();
    }
    m_keepText = false;
    showState();
}

/// A long filter is told by how it begins, unless somebody is writing at its end.
void FilterEdit::showBeginning()
{
    if (!hasFocus()) setCursorPosition(0);
}

void FilterEdit::filterFailed(const QString& sentence)
{
    m_keepText = true; // filterChanged() follows
    m_popup->setChoices({});
    m_popup->setMessage(FilterPopup::Tone::Error, sentence, inForceText());
    m_popup->place();
}

void FilterEdit::offerChoices(bool asked)
{
    Completions choices;
    if (asked || !text().trimmed().isEmpty())
        choices = completeFilter(toUtf8(text()), byteOf(text(), cursorPosition()), m_document.trace().get());
    // What stands there already needs no offer.
    const std::string typed = toUtf8(text());
    if (choices.choices.size() == 1 && typed.substr(choices.from, choices.to - choices.from) == choices.choices.front().text) choices = {};
    m_popup->setChoices(choices);
    m_popup->place();
}

void FilterEdit::take(std::size_t choice)
{
    const Completions& all = m_popup->choices();
    if (choice >= all.choices.size()) return;
    const std::string typed = toUtf8(text());
    const std::string& word = all.choices[choice].text;
    const std::size_t to = std::min(all.to, typed.size()), from = std::min(all.from, to);
    const QString before = QString::fromStdString(typed.substr(0, from) + word);
    setText(before + QString::fromStdString(typed.substr(to)));
    setCursorPosition(static_cast<int>(before.size()));
    edited();
}

void FilterEdit::insertExample(const QString& example)
{
    auto more = Filter::parse(toUtf8(example));
    if (!std::holds_alternative<Filter>(more)) return;
    const Filter whole = m_error ? std::get<Filter>(more) : both(m_parsed, std::get<Filter>(more));
    setText(QString::fromStdString(whole.text()));
    check();
    m_popup->setChoices({});
    m_popup->hide();
    commit();
    setFocus();
}

void FilterEdit::toggleHelp()
{
    m_popup->hide();
    if (m_help->isVisible()) return m_help->hide();
    setFocus();
    m_help->open();
}

bool FilterEdit::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_F1 || key == Qt::Key_Escape) event->accept();
    }
    // Tab would move the focus before a line edit sees it.
    if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Tab && m_popup->isVisible() && m_popup->offers()) {
        take(m_popup->chosen().value_or(0));
        return true;
    }
    return QLineEdit::event(event);
}

void FilterEdit::keyPressEvent(QKeyEvent* event)
{
    const bool offering = m_popup->isVisible() && m_popup->offers();
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (const auto choice = m_popup->chosen(); offering && choice) return take(*choice);
        m_popup->setChoices({});
        if (m_error) showError(true);
        m_popup->place();
        return commit();
    case Qt::Key_Down:
        if (offering) return m_popup->move(1);
        return offerChoices(true);
    case Qt::Key_Up:
        if (offering) m_popup->move(-1);
        return;
    case Qt::Key_PageDown:
    case Qt::Key_PageUp:
        if (offering) m_popup->move(event->key() == Qt::Key_PageDown ? 9 : -9);
        return;
    case Qt::Key_Space:
        if (event->modifiers() & Qt::ControlModifier) return offerChoices(true);
        break;
    case Qt::Key_F1: return toggleHelp();
    case Qt::Key_Escape: return escape();
    default: break;
    }
    const int before = cursorPosition();
    const QString old = text();
    QLineEdit::keyPressEvent(event);
    if (text() == old && cursorPosition() != before) { // the offer was for another place
        m_popup->setChoices({});
        m_popup->place();
    }
}

void FilterEdit::escape()
{
    if (m_help->isVisible()) return m_help->hide();
    if (m_popup->isVisible() && m_popup->offers()) {
        m_popup->setChoices({});
        return m_popup->place();
    }
    if (m_document.filtering()) return m_document.cancelFiltering();
    const QString inForce = QString::fromStdString(m_document.filter().text());
    if (text().trimmed() != inForce) {
        m_typing.stop();
        setText(inForce);
        check();
        m_popup->hide();
        return showState();
    }
    m_popup->hide();
    Q_EMIT left();
}

void FilterEdit::focusOutEvent(QFocusEvent* event)
{
    QLineEdit::focusOutEvent(event);
    if (event->reason() == Qt::PopupFocusReason) return; // its own menu
    m_popup->hide();
    m_help->hide();
    if (m_typing.isActive()) commit();
    showBeginning();
}

QString FilterEdit::countText() const
{
    const TracePtr& trace = m_document.trace();
    if (!trace || text().trimmed().isEmpty()) return {};
    if (m_document.filtering()) {
        if (m_slow.isActive()) return m_count->text();
        const Progress& progress = m_document.filterProgress();
        const std::uint64_t total = progress.total, done = std::min<std::uint64_t>(progress.done, total);
        return total ? QStringLiteral("%1 %, Esc stops").arg(done * 100 / total) : QStringLiteral("working…");
    }
    const MatchesPtr& matches = m_document.matches();
    if (!matches) return {};
    const QString count = counted(matches->count());
    return width() < kRoomForWords ? count : QStringLiteral("%1 of %2 match").arg(count, counted(m_document.matchable()));
}

void FilterEdit::showState()
{
    const bool blank = text().isEmpty();
    m_count->setText(blank ? QStringLiteral("\\") : countText());
    m_count->setObjectName(blank ? QStringLiteral("keycap") : QStringLiteral("fieldCount"));
    const MatchesPtr& matches = m_document.matches();
    m_count->setProperty("nothing", !blank && !m_document.filtering() && matches && matches->empty());
    m_count->style()->unpolish(m_count); // the style sheet looks at name and property only when polished
    m_count->style()->polish(m_count);
    m_clear->setVisible(!blank);
    placeParts();
    update();
}

void FilterEdit::placeParts()
{
    int right = width() - 4;
    const auto put = [&](QWidget* part, int gap) {
        part->move(right - part->width(), (height() - part->height()) / 2);
        right -= part->width() + gap;
    };
    m_count->adjustSize();
    put(m_question, 0);
    if (!m_clear->isHidden()) put(m_clear, 0);
    right -= 4;
    if (!m_count->text().isEmpty()) put(m_count, 6);
    setTextMargins(0, 0, width() - right, 0);
}

void FilterEdit::resizeEvent(QResizeEvent* event)
{
    QLineEdit::resizeEvent(event);
    showState();
    if (m_popup->isVisible()) m_popup->place();
    if (m_help->isVisible()) m_help->open();
}

void FilterEdit::showTheme()
{
    const Theme& theme = m_settings.theme();
    m_sign->setIcon(icon("filter", theme.textDim));
    m_clear->setIcon(icon("close", theme.textDim));
    m_question->setIcon(icon("question", theme.textDim));
    update();
}

/// Of a character in the field, which may be scrolled: what is known is where the cursor stands.
double FilterEdit::xOf(qsizetype position) const
{
    const QFontMetricsF metrics(font());
    const QString all = text();
    const qsizetype cursor = cursorPosition();
    const double atCursor = cursorRect().center().x();
    const double between = metrics.horizontalAdvance(all.mid(std::min(cursor, position), std::abs(position - cursor)));
    return position < cursor ? atCursor - between : atCursor + between;
}

void FilterEdit::paintEvent(QPaintEvent* event)
{
    QLineEdit::paintEvent(event);
    const Theme& theme = m_settings.theme();
    QPainter painter(this);
    if (m_error && !text().trimmed().isEmpty()) {
        const QString all = text();
        const qsizetype from = positionOf(all, m_error->column);
        const qsizetype to = std::max(from + 1, positionOf(all, m_error->column + m_error->length));
        const int left = static_cast<int>(xOf(from)), right = static_cast<int>(xOf(to));
        const QMargins margins = textMargins();
        painter.setClipRect(rect().adjusted(24, 0, -margins.right(), 0));
        painter.fillRect(QRect(left, height() / 2 + 7, std::max(6, right - left), 2), theme.err);
        painter.setClipping(false);
    }
    if (!m_document.filtering() || m_slow.isActive()) return;
    const Progress& progress = m_document.filterProgress();
    const std::uint64_t total = progress.total, done = std::min<std::uint64_t>(progress.done, total);
    const int room = width() - 6;
    const int filled = total ? static_cast<int>(static_cast<std::uint64_t>(room) * done / total) : room;
    painter.fillRect(QRect(3, height() - 3, filled, 2), theme.accent);
}

} // namespace opscope
