#include "app/gui/KeysDialog.h"

#include "widgets/common/Theme.h"

#include <QDialogButtonBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QIcon>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <span>

namespace opscope {

namespace {

struct Key
{
    const char* keys;   ///< separated by blanks, each drawn as a key
    const char* does;
};

constexpr Key kTimeline[] = {
    {"W S", "Zoom in and out at the pointer"},
    {"A D", "Move left and right"},
    {"Shift+W…", "The same, faster"},
    {"F", "Frame the selection, and once more: everything"},
    {"0", "Show the whole trace"},
    {"← →", "Walk along the lane"},
    {"↑ ↓", "Walk to the parent and to the child"},
    {". ,", "Next and previous on the track"},
    {"] [", "Along links: to what it caused, to what caused it"},
    {"Ctrl+] Ctrl+[", "The next or previous of several such links"},
    {"Esc", "Clear the selection, the range, the search, the filter: one a press"},
};
constexpr Key kMouse[] = {
    {"Wheel", "Scroll"},
    {"Ctrl+Wheel", "Zoom at the pointer"},
    {"Shift+Wheel", "Move in time"},
    {"Drag", "Select a range; it snaps to slices, with Alt it does not"},
    {"Shift+Drag", "Move the view; the middle button does it too"},
    {"Double-click", "Frame a slice"},
    {"Click", "On the label of a link: go to what it names"},
    {"Right-click", "Filter by what lies there: name, category, track, time"},
};
constexpr Key kWindow[] = {
    {"/ Ctrl+F", "Find a name"},
    {"Enter", "Next match; with Shift the one before"},
    {"\\ Ctrl+Shift+F", "Filter"},
    {"Ctrl+Space", "In the filter: what may stand here; F1 explains it"},
    {"Alt+← Alt+→", "Back and forward: view, filter, selection"},
    {"F3", "Next match, from anywhere; with Shift the one before"},
    {"F6", "Go round the panels; with Shift backwards"},
    {"Tab", "Tool bar, timeline, panels"},
    {"F8", "First problem"},
    {"Ctrl+C", "Copy what is selected"},
    {"Ctrl+O", "Open"},
    {"Ctrl+R", "Record a process or a new command"},
    {"Ctrl+Shift+R", "Record again: the last recording once more, beside the one before"},
    {"Ctrl+E", "Export a part"},
    {"Ctrl+J", "Join other files with what is open"},
    {"Ctrl+N", "New window"},
    {"?", "This page"},
};

QLabel* keycap(const QString& key)
{
    auto* cap = new QLabel(key);
    cap->setObjectName(QStringLiteral("keycap"));
    return cap;
}

QWidget* section(const char* title, std::span<const Key> keys)
{
    auto* part = new QWidget;
    auto* grid = new QGridLayout(part);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(14);
    grid->setVerticalSpacing(6);
    auto* heading = new QLabel(QLatin1String(title));
    heading->setFont(Theme::uiFont(13, QFont::DemiBold));
    heading->setProperty("role", QStringLiteral("strong"));
    grid->addWidget(heading, 0, 0, 1, 2);
    int row = 1;
    for (const Key& key : keys) {
        auto* caps = new QHBoxLayout;
        caps->setSpacing(4);
        for (const QString& one : QString::fromUtf8(key.keys).split(QLatin1Char(' ')))
            caps->addWidget(keycap(one));
        caps->addStretch(1);
        grid->addLayout(caps, row, 0);
        grid->addWidget(new QLabel(QString::fromUtf8(key.does)), row, 1);
        ++row;
    }
    grid->setColumnMinimumWidth(0, 96);
    grid->setColumnStretch(1, 1);
    return part;
}

QDialogButtonBox* closeButton(QDialog& dialog)
{
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    for (QAbstractButton* button : buttons->buttons())
        button->setIcon(QIcon()); // styles add one that is not ours
    return buttons;
}

} // namespace

KeysDialog::KeysDialog(const Theme& theme, QWidget* parent) : QDialog(parent)
{
    setWindowTitle(QStringLiteral("Keys"));
    setPalette(theme.palette());
    auto* left = new QVBoxLayout;
    left->setSpacing(18);
    left->addWidget(section("Timeline", kTimeline));
    left->addStretch(1);
    auto* right = new QVBoxLayout;
    right->setSpacing(18);
    right->addWidget(section("Mouse", kMouse));
    right->addWidget(section("Window", kWindow));
    right->addStretch(1);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(36);
    columns->addLayout(left);
    columns->addLayout(right);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(20, 18, 20, 14);
    all->setSpacing(16);
    all->addLayout(columns);
    all->addWidget(closeButton(*this));
}

void showAbout(const Theme& theme, QWidget* parent)
{
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(QStringLiteral("About Opscope"));
    dialog->setPalette(theme.palette());
    auto* sign = new QLabel;
    sign->setPixmap(QIcon(QStringLiteral(":/opscope.svg")).pixmap(QSize(56, 56), parent->devicePixelRatioF()));
    auto* name = new QLabel(QStringLiteral("Opscope %1").arg(QLatin1String(OPSCOPE_VERSION)));
    name->setFont(Theme::uiFont(18, QFont::DemiBold));
    name->setProperty("role", QStringLiteral("strong"));
    auto* words = new QLabel(QStringLiteral("Shows what a PyTorch program did while it ran, from its profiler traces\n"
                                            "and execution traces. Made with Qt %1.").arg(QLatin1String(qVersion())));
    auto* text = new QVBoxLayout;
    text->addWidget(name);
    text->addWidget(words);
    auto* row = new QHBoxLayout;
    row->setSpacing(16);
    row->addWidget(sign, 0, Qt::AlignTop);
    row->addLayout(text);
    auto* all = new QVBoxLayout(dialog);
    all->setContentsMargins(20, 18, 20, 14);
    all->setSpacing(16);
    all->addLayout(row);
    all->addWidget(closeButton(*dialog));
    dialog->open();
}

} // namespace opscope
