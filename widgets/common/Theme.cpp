#include "widgets/common/Theme.h"

#include <QFontDatabase>
#include <QGuiApplication>
#include <QStringList>

#include <utility>

namespace opscope {

namespace {

QColor grey(int level, double alpha)
{
    QColor colour(level, level, level);
    colour.setAlphaF(static_cast<float>(alpha));
    return colour;
}

QFont sized(QFont font, const char* preferred, int px, int weight)
{
    // The list lets Qt fall back without our asking the font database, which would cost time before the first paint.
    font.setFamilies({QString::fromLatin1(preferred), font.family()});
    font.setPixelSize(px);
    font.setWeight(static_cast<QFont::Weight>(weight));
    return font;
}

} // namespace

Theme Theme::dark()
{
    Theme t;
    t.isDark = true;
    t.canvas = QColor(0x0E1116);
    t.panel = QColor(0x14181F);
    t.alternateRow = QColor(0x171C24);
    t.raised = QColor(0x1A1F28);
    t.input = QColor(0x222936);
    t.hover = QColor(0x262E3B);
    t.active = QColor(0x2A3341);
    t.lineSoft = QColor(0x212733);
    t.line = QColor(0x2E3643);
    t.lineStrong = QColor(0x616D7F);
    t.textHi = QColor(0xEEF1F6);
    t.text = QColor(0xC9D0DB);
    t.textDim = QColor(0x98A3B4);
    t.textOff = QColor(0x6B7585);
    t.accent = QColor(0x82B5FF);
    t.accentFill = QColor(0x2B6AD9);
    t.onAccent = QColor(0xFFFFFF);
    t.selectionOutline = QColor(0xFFFFFF);
    t.selectedRow = QColor(0x213553);
    t.ok = QColor(0x5CCB8B);
    t.warn = QColor(0xF0B04A);
    t.err = QColor(0xFF8A80);
    t.linkLaunch = QColor(0xFFC65C);
    t.linkForward = QColor(0xFF9BD2);
    t.linkNode = QColor(0x7CE0C3);
    t.linkSync = QColor(0xB9C2D0);
    t.sliceText = QColor(0xFFFFFF);
    t.pythonFill = QColor(0x252C38);
    t.pythonText = QColor(0xA3ADBC);
    t.annotationFill = grey(255, 0.045);
    t.annotationLine = QColor(0x6B7789);
    t.syncHatch = QColor(0x6B7789);
    t.commRail = QColor(0xFFC2DC);
    return t;
}

Theme Theme::light()
{
    Theme t;
    t.isDark = false;
    t.canvas = QColor(0xFFFFFF);
    t.panel = QColor(0xF7F8FA);
    t.alternateRow = QColor(0xF1F3F6);
    t.raised = QColor(0xEEF0F4);
    t.input = QColor(0xFFFFFF);
    t.hover = QColor(0xE8ECF2);
    t.active = QColor(0xDDE3EC);
    t.lineSoft = QColor(0xE6E9EE);
    t.line = QColor(0xD2D7DF);
    t.lineStrong = QColor(0x868E9C);
    t.textHi = QColor(0x10141B);
    t.text = QColor(0x2C3441);
    t.textDim = QColor(0x525C6D);
    t.textOff = QColor(0x7E8898);
    t.accent = QColor(0x1557C4);
    t.accentFill = QColor(0x1F66DB);
    t.onAccent = QColor(0xFFFFFF);
    t.selectionOutline = QColor(0x0B0F16);
    t.selectedRow = QColor(0xD9E7FC);
    t.ok = QColor(0x116A3A);
    t.warn = QColor(0x8A5200);
    t.err = QColor(0xB3261E);
    t.linkLaunch = QColor(0x875100);
    t.linkForward = QColor(0xA81F74);
    t.linkNode = QColor(0x0A6651);
    t.linkSync = QColor(0x566072);
    t.sliceText = QColor(0x0B0F16);
    t.pythonFill = QColor(0xE1E5EB);
    t.pythonText = QColor(0x4A5464);
    t.annotationFill = grey(0, 0.035);
    t.annotationLine = QColor(0x7E8898);
    t.syncHatch = QColor(0x7E8898);
    t.commRail = QColor(0x7A1440);
    return t;
}

Theme Theme::system()
{
    // Qt 6.4 has no colour scheme hint; the desktop's palette says it. Windows, not the application, get our palette,
    // so this stays the desktop's.
    const QPalette palette = QGuiApplication::palette();
    const bool isDark = palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
    return isDark ? dark() : light();
}

QPalette Theme::palette() const
{
    const std::pair<QPalette::ColorRole, QColor> roles[] = {
        {QPalette::Window, panel}, {QPalette::WindowText, text}, {QPalette::Base, panel},
        {QPalette::AlternateBase, alternateRow}, {QPalette::Text, text}, {QPalette::Button, raised},
        {QPalette::ButtonText, text}, {QPalette::BrightText, textHi}, {QPalette::Highlight, selectedRow},
        {QPalette::HighlightedText, textHi}, {QPalette::Link, accent}, {QPalette::LinkVisited, accent},
        {QPalette::PlaceholderText, textDim}, {QPalette::ToolTipBase, raised}, {QPalette::ToolTipText, text},
        {QPalette::Light, line}, {QPalette::Midlight, line}, {QPalette::Mid, line}, {QPalette::Dark, line},
        {QPalette::Shadow, canvas}};
    QPalette p;
    for (const auto& [role, colour] : roles)
        p.setColor(role, colour);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, textOff);
    return p;
}

namespace {

// $name$ stands for a token. Sizes are those of look.md section 2.
const char* const kStyleSheet = R"(
QMainWindow, QDialog { background: $panel$; }
QMainWindow::separator { background: $line$; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent$; }
QSplitter::handle { background: $line$; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }

QMenuBar { background: $panel$; color: $text$; border: none; padding: 0 6px; spacing: 0; }
QMenuBar::item { background: transparent; padding: 5px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $hover$; color: $textHi$; }
QMenuBar::item:pressed { background: $active$; color: $textHi$; }
QMenu { background: $raised$; color: $text$; border: 1px solid $lineStrong$; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 26px; border-radius: 4px; }
QMenu::item:selected { background: $selectedRow$; color: $textHi$; }
QMenu::item:disabled { color: $textOff$; background: transparent; }
QMenu::icon { padding-left: 6px; }
QMenu::separator { height: 1px; background: $line$; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }
QMenu::indicator:checked { image: url(:/theme/$mode$/ok.svg); }
QMenu::right-arrow { image: url(:/theme/$mode$/chevron-right.svg); width: 12px; height: 12px; right: 6px; }

QToolBar { background: $panel$; border: none; border-bottom: 1px solid $line$; padding: 0 8px; spacing: 4px; }
QToolBar::separator { background: $line$; width: 1px; margin: 9px 6px; }
QToolButton { background: transparent; color: $text$; border: 1px solid transparent; border-radius: 4px; padding: 3px 5px; }
QToolButton:hover { background: $hover$; color: $textHi$; }
QToolButton:pressed, QToolButton:checked { background: $active$; color: $textHi$; }
QToolButton:focus { border: 1px solid $accent$; }
QToolButton:disabled { color: $textOff$; }
QToolButton::menu-indicator { image: none; }

QStatusBar { background: $raised$; color: $text$; border: none; }
QStatusBar::item { border: none; }

QDockWidget { color: $text$; }
QTabBar { background: $raised$; border: none; qproperty-drawBase: 0; }
QTabBar::tab { background: $raised$; color: $textDim$; border: none; border-top: 2px solid transparent;
    padding: 0 12px 2px 12px; height: 28px; }
QTabBar::tab:selected { background: $panel$; color: $textHi$; border-top: 2px solid $accent$; }
QTabBar::tab:hover:!selected { color: $text$; background: $hover$; }
QTabBar::tab:focus { color: $accent$; }
QTabBar::tear { width: 0; }
QTabBar::scroller { width: 24px; }
QTabWidget::pane { border: none; border-top: 1px solid $line$; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox { background: $input$; color: $textHi$;
    border: 1px solid $line$; border-radius: 4px; selection-background-color: $accentFill$; selection-color: $onAccent$; }
QLineEdit { padding: 0 4px; min-height: 24px; }
QAbstractSpinBox { padding: 0 5px; }
QLineEdit:focus { border: 2px solid $accent$; padding: 0 3px; min-height: 22px; }
QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus { border: 1px solid $accent$; }
QLineEdit:disabled { color: $textOff$; background: $panel$; }

QComboBox { background: $input$; color: $textHi$; border: 1px solid $line$; border-radius: 4px; padding: 0 7px; min-height: 24px; }
QComboBox:hover { background: $hover$; }
QComboBox:focus, QComboBox:on { border: 1px solid $accent$; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url(:/theme/$mode$/chevron-down.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised$; color: $text$; border: 1px solid $lineStrong$; padding: 4px; outline: none;
    selection-background-color: $selectedRow$; selection-color: $textHi$; }
QComboBox QAbstractItemView::item { min-height: 22px; padding: 0 6px; }

QPushButton { background: $input$; color: $textHi$; border: 1px solid $line$; border-radius: 4px; padding: 0 12px; min-height: 24px; }
QPushButton:hover { background: $hover$; }
QPushButton:pressed { background: $active$; }
QPushButton:focus { border: 1px solid $accent$; }
QPushButton:disabled { color: $textOff$; background: $panel$; }
QPushButton:default { background: $accentFill$; color: $onAccent$; border: 1px solid $accentFill$; }
QPushButton:default:disabled { background: $panel$; color: $textOff$; border: 1px solid $line$; }
QPushButton:default:focus { border: 1px solid $textHi$; }

QCheckBox, QRadioButton { color: $text$; spacing: 7px; }
QCheckBox::indicator, QTreeView::indicator, QListView::indicator { width: 13px; height: 13px; border: 1px solid $lineStrong$; border-radius: 3px; background: $input$; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked { background: $accentFill$; border: 1px solid $accentFill$; image: url(:/theme/$mode$/check.svg); }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $lineStrong$; border-radius: 8px; background: $input$; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $accentFill$; border-radius: 8px; background: $onAccent$; }
QRadioButton::indicator:disabled { border: 1px solid $line$; background: $panel$; }
QRadioButton:disabled { color: $textDim$; }
QCheckBox:focus, QRadioButton:focus { color: $accent$; }

QProgressBar { background: $input$; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accentFill$; border-radius: 2px; }

QAbstractScrollArea { border: none; }
QTreeView, QTableView, QListView { background: $panel$; alternate-background-color: $alternateRow$; color: $text$; border: none;
    outline: none; selection-background-color: $selectedRow$; selection-color: $textHi$; gridline-color: $lineSoft$;
    show-decoration-selected: 1; }
QTreeView, QTableView { border: 1px solid transparent; }
QTreeView:focus, QTableView:focus, QListView:focus { border: 1px solid $accent$; }
QTreeView::item, QTableView::item, QListView::item { border: none; padding: 0 4px; min-height: 22px; }
QTreeView::item:hover, QListView::item:hover { background: $hover$; }
QTreeView::item:selected, QTableView::item:selected, QListView::item:selected { background: $selectedRow$; color: $textHi$; }
QTreeView::branch { background: transparent; }
QTreeView::branch:selected { background: $selectedRow$; }
QTreeView::branch:has-children:closed { image: url(:/theme/$mode$/chevron-right.svg); }
QTreeView::branch:has-children:open { image: url(:/theme/$mode$/chevron-down.svg); }
QHeaderView { background: $panel$; border: none; }
QHeaderView::section { background: $panel$; color: $textDim$; border: none; border-bottom: 1px solid $line$;
    padding: 0 6px; height: 23px; font-size: 11px; font-weight: 500; }
QHeaderView::section:hover { color: $textHi$; }
QHeaderView::up-arrow { image: url(:/theme/$mode$/chevron-up.svg); width: 12px; height: 12px; subcontrol-position: center right; right: 2px; }
QHeaderView::down-arrow { image: url(:/theme/$mode$/chevron-down.svg); width: 12px; height: 12px; subcontrol-position: center right; right: 2px; }
QTableCornerButton::section { background: $panel$; border: none; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $active$; border-radius: 3px; margin: 2px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $lineStrong$; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: $panel$; border: none; }

QToolTip { background: $raised$; color: $text$; border: 1px solid $lineStrong$; padding: 4px 6px; }
QLabel[role="dim"] { color: $textDim$; }
QLabel[role="value"], QLabel[role="strong"] { color: $textHi$; }
QLabel#keycap { color: $textDim$; border: 1px solid $lineStrong$; border-radius: 3px; padding: 0 4px; font-size: 11px; }
QLabel#fieldCount { color: $textDim$; font-size: 11px; }
QLabel#fieldCount[nothing="true"] { color: $warn$; }
QLabel#badge { color: $text$; background: $active$; border-radius: 3px; padding: 0 5px; font-size: 11px; }
QFrame#separator { background: $line$; border: none; }
QToolButton#fold:checked { background: transparent; color: $text$; }
QToolButton#fold:checked:hover { background: $hover$; }
QToolButton#flatStatus { padding: 0 6px; border-radius: 3px; }
QListView#recentList::item:selected, QListView#recentList::item:hover { background: transparent; }
)";

} // namespace

QString Theme::styleSheet() const
{
    QString sheet = QString::fromLatin1(kStyleSheet);
    const std::pair<const char*, const QColor&> tokens[] = {
        {"$canvas$", canvas}, {"$panel$", panel}, {"$alternateRow$", alternateRow}, {"$raised$", raised},
        {"$input$", input}, {"$hover$", hover}, {"$active$", active}, {"$lineSoft$", lineSoft}, {"$line$", line},
        {"$lineStrong$", lineStrong}, {"$textHi$", textHi}, {"$text$", text}, {"$textDim$", textDim}, {"$warn$", warn},
        {"$textOff$", textOff}, {"$accent$", accent}, {"$accentFill$", accentFill}, {"$onAccent$", onAccent},
        {"$selectedRow$", selectedRow}};
    for (const auto& [token, colour] : tokens)
        sheet.replace(QLatin1String(token), colour.name());
    return sheet.replace(QLatin1String("$mode$"), QLatin1String(isDark ? "dark" : "light"));
}

QFont Theme::uiFont(int px, int weight)
{
    return sized(QFontDatabase::systemFont(QFontDatabase::GeneralFont), "Inter", px, weight);
}

QFont Theme::fixedFont(int px, int weight)
{
    QFont font = sized(QFontDatabase::systemFont(QFontDatabase::FixedFont), "JetBrains Mono", px, weight);
    // No ligatures: what is typed as == must not look like one sign that no keyboard has.
    font.setStyleHint(QFont::Monospace, QFont::PreferNoShaping);
    return font;
}

} // namespace opscope
