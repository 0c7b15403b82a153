#include "widgets/tensor/SourceView.h"

#include "widgets/common/Parts.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

// The headers of QScintilla use Qt's short keywords, which this project switches off.
#define signals Q_SIGNALS
#define slots Q_SLOTS
#include <Qsci/qscilexerpython.h>
#include <Qsci/qsciscintilla.h>
#undef signals
#undef slots

#include <algorithm>

namespace opscope {

namespace {

constexpr int kNumbers = 0;   // margin
constexpr int kMark = 1;      // marker

/// QScintilla asks fonts for points; ours are measured in pixels.
QFont inPoints(QFont font, int dpi)
{
    font.setPointSizeF(font.pixelSize() * 72.0 / std::max(dpi, 1));
    return font;
}

} // namespace

SourceView::SourceView(QWidget* parent) : QWidget(parent), m_text(new QsciScintilla), m_lexer(new QsciLexerPython(m_text))
{
    m_text->setLexer(m_lexer);
    m_text->setReadOnly(true);
    m_text->setUtf8(true);
    m_text->setTabWidth(4);
    m_text->setFolding(QsciScintilla::NoFoldStyle);
    m_text->setMarginType(kNumbers, QsciScintilla::NumberMargin);
    m_text->setMarginWidth(1, 0);
    m_text->markerDefine(QsciScintilla::Background, kMark);
    m_text->SendScintilla(QsciScintillaBase::SCI_SETSCROLLWIDTHTRACKING, 1UL);
    m_text->SendScintilla(QsciScintillaBase::SCI_SETSCROLLWIDTH, 1UL);
    m_text->SendScintilla(QsciScintillaBase::SCI_USEPOPUP, 0UL);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setAccessibleName(QStringLiteral("Source"));
    m_text->setContextMenuPolicy(Qt::CustomContextMenu);
    m_text->installEventFilter(this);
    connect(m_text, &QWidget::customContextMenuRequested, this, &SourceView::openMenu);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_text, 1);
    column->addWidget(makeFindBar());
    setFocusProxy(m_text);
}

QWidget* SourceView::makeFindBar()
{
    m_bar = new QWidget;
    auto* row = new QHBoxLayout(m_bar);
    row->setContentsMargins(8, 4, 8, 4);
    row->setSpacing(6);
    m_wanted = new QLineEdit;
    m_wanted->setPlaceholderText(QStringLiteral("Find in this file"));
    m_wanted->setAccessibleName(QStringLiteral("Find in this file"));
    m_wanted->setMaximumWidth(260);
    m_wanted->installEventFilter(this);
    m_found = makeTextLabel(Theme::uiFont(11));
    row->addWidget(m_wanted, 1);
    const auto button = [&](const QString& text, auto act) {
        auto* made = new QToolButton;
        made->setText(text);
        connect(made, &QToolButton::clicked, this, act);
        row->addWidget(made);
    };
    button(QStringLiteral("Next"), [this] { find(true); });
    button(QStringLiteral("Previous"), [this] { find(false); });
    row->addWidget(m_found, 1);
    button(QStringLiteral("Close"), [this] { closeFind(); });
    connect(m_wanted, &QLineEdit::textEdited, this, [this] {
        int line = 0, column = 0, toLine = 0, toColumn = 0;
        m_text->getSelection(&line, &column, &toLine, &toColumn);
        if (line >= 0) m_text->setCursorPosition(line, column); // what is typed on to is found again where it stands
        find(true);
    });
    connect(m_wanted, &QLineEdit::returnPressed, this, [this] { find(!(QApplication::keyboardModifiers() & Qt::ShiftModifier)); });
    m_bar->hide();
    return m_bar;
}

void SourceView::setTheme(const Theme& theme)
{
    m_theme = theme;
    m_text->setStyleSheet(QStringLiteral("QsciScintilla { border: 1px solid %1; } QsciScintilla:focus { border: 1px solid %2; }")
                              .arg(theme.canvas.name(), theme.accent.name()));
    colourLexer();
    m_text->setCaretForegroundColor(theme.accent);
    m_text->setSelectionBackgroundColor(theme.selectedRow);
    m_text->setSelectionForegroundColor(theme.textHi);
    m_text->setMarginsBackgroundColor(theme.panel);
    m_text->setMarginsForegroundColor(theme.textDim);
    m_text->setMarginsFont(inPoints(Theme::fixedFont(11), logicalDpiY()));
    m_text->setMarkerBackgroundColor(theme.selectedRow, kMark);
    setTextColour(m_found, theme.textDim);
}

void SourceView::colourLexer()
{
    const QFont font = inPoints(Theme::fixedFont(12), logicalDpiY());
    m_lexer->setDefaultFont(font);
    m_lexer->setDefaultColor(m_theme.text);
    m_lexer->setDefaultPaper(m_theme.canvas);
    for (int style = 0; style < 32; ++style) {
        m_lexer->setFont(font, style);
        m_lexer->setPaper(m_theme.canvas, style);
        m_lexer->setColor(m_theme.text, style);
    }
    const auto colour = [this](const QColor& with, std::initializer_list<int> styles) {
        for (const int style : styles) m_lexer->setColor(with, style);
    };
    using L = QsciLexerPython;
    colour(m_theme.textDim, {L::Comment, L::CommentBlock});
    colour(m_theme.accent, {L::Keyword});
    colour(m_theme.ok, {L::DoubleQuotedString, L::SingleQuotedString, L::TripleSingleQuotedString, L::TripleDoubleQuotedString,
                        L::UnclosedString, L::DoubleQuotedFString, L::SingleQuotedFString, L::TripleSingleQuotedFString,
                        L::TripleDoubleQuotedFString});
    colour(m_theme.linkLaunch, {L::Number});
    colour(m_theme.linkNode, {L::ClassName, L::FunctionMethodName});
    colour(m_theme.linkForward, {L::Decorator});
    colour(m_theme.textHi, {L::Operator});
}

void SourceView::setSource(const QString& text, int line)
{
    m_text->setReadOnly(false);
    m_text->setText(text);
    m_text->setReadOnly(true);
    m_text->SendScintilla(QsciScintillaBase::SCI_SETSCROLLWIDTH, 1UL);
    m_text->setMarginWidth(kNumbers, QString::number(std::max(m_text->lines(), 100)) + QStringLiteral("0"));
    m_text->markerDeleteAll(kMark);
    m_marked = line >= 1 && line <= m_text->lines() ? line : 0;
    if (m_marked > 0) m_text->markerAdd(m_marked - 1, kMark);
    m_text->setCursorPosition(0, 0);
    m_text->setFirstVisibleLine(0);
    if (m_marked > 0) showLine(m_marked);
}

QString SourceView::text() const { return m_text->text(); }

int SourceView::lines() const { return m_text->lines(); }

int SourceView::firstLineInSight() const { return m_text->firstVisibleLine() + 1; }

QString SourceView::selectedText() const { return m_text->selectedText(); }

/// A few lines of what comes before stay in sight.
void SourceView::showLine(int line)
{
    m_text->setCursorPosition(line - 1, 0);
    m_text->setFirstVisibleLine(std::max(0, line - 4));
}

bool SourceView::find(bool forward)
{
    const QString wanted = m_wanted->text();
    if (wanted.isEmpty()) {
        m_found->clear();
        return false;
    }
    int line = -1, column = -1, toLine = 0, toColumn = 0;
    m_text->getSelection(&line, &column, &toLine, &toColumn);
    if (!forward && line >= 0) m_text->setCursorPosition(line, column); // else it would find itself again
    else line = column = -1;
    const bool found = m_text->findFirst(wanted, false, false, false, true, forward, line, column);
    m_found->setText(found ? QString() : QStringLiteral("Not in this file."));
    return found;
}

void SourceView::openFind()
{
    m_bar->show();
    if (m_text->hasSelectedText() && !m_text->selectedText().contains(QLatin1Char('\n'))) m_wanted->setText(m_text->selectedText());
    m_wanted->setFocus(Qt::ShortcutFocusReason);
    m_wanted->selectAll();
}

void SourceView::closeFind()
{
    m_bar->hide();
    m_text->setFocus(Qt::OtherFocusReason);
}

/// Keys that mean the file here and something else in the rest of the window.
bool SourceView::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() != QEvent::ShortcutOverride && event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
    auto* key = static_cast<QKeyEvent*>(event);
    const bool next = key->key() == Qt::Key_F3 && m_bar->isVisible();
    const bool close = key->key() == Qt::Key_Escape && m_bar->isVisible();
    const bool open = key->matches(QKeySequence::Find);
    if (!next && !close && !open) return QWidget::eventFilter(watched, event);
    event->accept();
    if (event->type() == QEvent::ShortcutOverride) return true;
    if (open) openFind();
    if (next) find(!(key->modifiers() & Qt::ShiftModifier));
    if (close) closeFind();
    return true;
}

void SourceView::openMenu(QPoint place)
{
    QMenu menu(this);
    QAction* copy = menu.addAction(QStringLiteral("Copy"), this, [this] { QApplication::clipboard()->setText(m_text->selectedText()); });
    copy->setEnabled(m_text->hasSelectedText());
    menu.addAction(QStringLiteral("Copy file"), this, [this] { QApplication::clipboard()->setText(m_text->text()); });
    menu.addAction(QStringLiteral("Find…"), this, [this] { openFind(); });
    menu.exec(m_text->mapToGlobal(place));
}

} // namespace opscope
