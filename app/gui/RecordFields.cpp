#include "app/gui/RecordFields.h"

#include "app/gui/LoadFiles.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QVBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QToolButton>

#include <algorithm>
#include <climits>
#include <cstdlib>

namespace opscope {
namespace {

constexpr std::size_t kShortNote = 26;

QLabel* dim(const QString& text)
{
    auto* label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setProperty("role", QStringLiteral("dim"));
    return label;
}

/// Several widgets in a row, as one.
QWidget* row(std::initializer_list<QWidget*> parts)
{
    auto* widget = new QWidget;
    auto* layout = new QHBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    for (QWidget* part : parts)
        layout->addWidget(part);
    return widget;
}

QWidget* stacked(QWidget* upper, QWidget* lower)
{
    auto* widget = new QWidget;
    auto* layout = new QVBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addWidget(upper, 0, Qt::AlignLeft);
    layout->addWidget(lower);
    return widget;
}

QGridLayout* stretchedGrid(QWidget* parent)
{
    QGridLayout* grid = makeRecordGrid(parent);
    grid->setColumnStretch(1, 1);
    return grid;
}

int toInt(std::int64_t number) { return static_cast<int>(std::clamp<std::int64_t>(number, INT_MIN, INT_MAX)); }

} // namespace

QGridLayout* makeRecordGrid(QWidget* parent)
{
    auto* grid = new QGridLayout(parent);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(6);
    grid->setColumnMinimumWidth(0, kRecordLabelWidth);
    return grid;
}

RecordFields::RecordFields(const Theme& theme, std::vector<RecordOption> options, const OptionValues& values, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_options(std::move(options))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    auto* plain = new QWidget;
    m_advanced = new QWidget;
    QGridLayout* plainGrid = stretchedGrid(plain);
    QGridLayout* advancedGrid = stretchedGrid(m_advanced);
    m_fields.reserve(m_options.size());
    for (const RecordOption& option : m_options)
        addRow(option.advanced ? *advancedGrid : *plainGrid, option, optionValue(m_options, values, option.id));
    for (std::size_t i = 0; i < m_options.size(); ++i)
        enableWhatIsOf(m_options[i], *m_fields[i].editor, m_fields[i].label);
    column->addWidget(plain);
    m_more = new QToolButton;
    m_more->setText(QStringLiteral("More settings"));
    m_more->setCheckable(true);
    m_more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_more->setIconSize({12, 12});
    m_more->setObjectName(QStringLiteral("fold"));
    column->addWidget(m_more, 0, Qt::AlignLeft);
    column->addWidget(m_advanced);
    connect(m_more, &QToolButton::toggled, this, &RecordFields::showAdvanced);
    m_more->setVisible(advancedGrid->count() > 0);
    plain->setVisible(plainGrid->count() > 0);
    showAdvanced(false);
}

void RecordFields::showAdvanced(bool show)
{
    m_more->setChecked(show);
    m_more->setIcon(icon(show ? "chevron-down" : "chevron-right", m_theme.textDim));
    m_advanced->setVisible(show);
}

bool RecordFields::showsAdvanced() const { return m_more->isChecked(); }

void RecordFields::addRow(QGridLayout& grid, const RecordOption& option, const std::string& value)
{
    const QString title = displayText(option.title), help = displayText(option.help);
    Field field = makeField(option, value);
    field.editor->setAccessibleName(title);
    field.editor->setAccessibleDescription(help);
    field.editor->setToolTip(richText(help));
    const int at = grid.rowCount();
    QWidget* shown = field.editor;
    while (shown->parentWidget()) // the row that it stands in
        shown = shown->parentWidget();
    if (option.kind == RecordOption::Kind::Switch) {
        grid.addWidget(shown, at, 0, 1, 2);
    } else {
        QLabel* label = dim(title);
        label->setMinimumHeight(26); // in line with its field, whatever stands below that
        label->setBuddy(field.editor);
        label->setToolTip(richText(help));
        field.label = label;
        grid.addWidget(label, at, 0, Qt::AlignTop);
        grid.addWidget(shown, at, 1);
    }
    m_fields.push_back(std::move(field));
}

/// What means nothing without a switch can be filled in only while that is on.
void RecordFields::enableWhatIsOf(const RecordOption& option, QWidget& field, QWidget* label)
{
    auto* tick = qobject_cast<QCheckBox*>(option.needs.empty() ? nullptr : this->field(option.needs));
    if (!tick)
        return;
    const auto show = [&field, label](bool on) {
        field.setEnabled(on);
        if (label)
            label->setEnabled(on);
    };
    show(tick->isChecked());
    connect(tick, &QCheckBox::toggled, &field, show);
}

RecordFields::Field RecordFields::makeField(const RecordOption& option, const std::string& value)
{
    switch (option.kind) {
    case RecordOption::Kind::Number: return makeNumber(option, value);
    case RecordOption::Kind::Choice: return makeChoice(option, value);
    case RecordOption::Kind::Path: return makePath(option, value);
    case RecordOption::Kind::Switch: {
        auto* tick = new QCheckBox(displayText(option.title));
        tick->setChecked(value == "on");
        connect(tick, &QCheckBox::toggled, this, &RecordFields::changed);
        if (!option.note.empty()) {
            QLabel* note = dim(displayText(option.note));
            note->setFont(Theme::uiFont(11));
            note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
            static_cast<QHBoxLayout*>(row({tick, note})->layout())->setStretchFactor(note, 1);
        }
        return {tick, nullptr, [tick] { return std::string(tick->isChecked() ? "on" : "off"); }};
    }
    case RecordOption::Kind::Text: break;
    }
    auto* edit = new QLineEdit(QString::fromStdString(value));
    edit->setFont(Theme::fixedFont(11));
    connect(edit, &QLineEdit::textEdited, this, &RecordFields::changed);
    return {edit, nullptr, [edit] { return toUtf8(edit->text().trimmed()); }};
}

RecordFields::Field RecordFields::makeNumber(const RecordOption& option, const std::string& value)
{
    auto* spin = new QSpinBox;
    spin->setRange(toInt(option.low), toInt(option.high));
    spin->setValue(toInt(std::strtoll(value.c_str(), nullptr, 10)));
    spin->setFont(Theme::fixedFont(11));
    spin->setFixedSize(kRecordNumberWidth, 26);
    spin->setAlignment(Qt::AlignRight);
    spin->setButtonSymbols(QAbstractSpinBox::NoButtons);
    connect(spin, &QSpinBox::valueChanged, this, &RecordFields::changed);
    auto* stretch = new QWidget;
    stretch->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    row({spin, dim(displayText(option.unit)), stretch});
    return {spin, nullptr, [spin] { return std::to_string(spin->value()); }};
}

RecordFields::Field RecordFields::makeChoice(const RecordOption& option, const std::string& value)
{
    auto* combo = new QComboBox;
    combo->setMinimumWidth(kRecordNumberWidth);
    for (const RecordOption::Choice& choice : option.choices) {
        combo->addItem(displayText(choice.title), QString::fromStdString(choice.value));
        combo->setItemData(combo->count() - 1, displayText(choice.note), Qt::ToolTipRole);
        if (choice.value == value)
            combo->setCurrentIndex(combo->count() - 1);
    }
    QLabel* note = dim({});
    note->setWordWrap(true);
    note->setFont(Theme::uiFont(11));
    const auto showNote = [combo, note] { note->setText(combo->currentData(Qt::ToolTipRole).toString()); };
    showNote();
    connect(combo, &QComboBox::currentIndexChanged, this, [this, showNote] {
        showNote();
        Q_EMIT changed();
    });
    // A word stands beside it, a sentence below.
    const bool sentence = std::ranges::any_of(option.choices, [](const RecordOption::Choice& choice) { return choice.note.size() > kShortNote; });
    QWidget* both = sentence ? stacked(combo, note) : row({combo, note});
    if (!sentence)
        static_cast<QHBoxLayout*>(both->layout())->setStretchFactor(note, 1);
    return {combo, nullptr, [combo] { return toUtf8(combo->currentData().toString()); }};
}

RecordFields::Field RecordFields::makePath(const RecordOption& option, const std::string& value)
{
    auto* edit = new QLineEdit(fromPath(value));
    edit->setFont(Theme::fixedFont(11));
    QAction* browse = edit->addAction(icon("folder", m_theme.textDim), QLineEdit::TrailingPosition);
    browse->setToolTip(QStringLiteral("Choose…"));
    const QString title = displayText(option.title);
    connect(browse, &QAction::triggered, this, [this, edit, title, wantsFolder = option.folder] {
        const QString folder = wantsFolder ? edit->text() : QFileInfo(edit->text()).absolutePath();
        const QString chosen = wantsFolder ? QFileDialog::getExistingDirectory(this, title, folder) : QFileDialog::getOpenFileName(this, title, folder);
        if (chosen.isEmpty())
            return;
        edit->setText(chosen);
        Q_EMIT changed();
    });
    connect(edit, &QLineEdit::textEdited, this, &RecordFields::changed);
    return {edit, nullptr, [edit] { return toPath(edit->text().trimmed()); }};
}

OptionValues RecordFields::values() const
{
    OptionValues values;
    for (std::size_t i = 0; i < m_options.size(); ++i)
        if (std::string value = m_fields[i].read(); value != m_options[i].standard && m_fields[i].editor->isEnabledTo(this))
            values[m_options[i].id] = std::move(value);
    return values;
}

QList<QWidget*> RecordFields::focusOrder() const
{
    QList<QWidget*> order, behind;
    for (std::size_t i = 0; i < m_fields.size(); ++i)
        (m_options[i].advanced ? behind : order) << m_fields[i].editor;
    return order << m_more << behind;
}

QWidget* RecordFields::field(const std::string& id) const
{
    for (std::size_t i = 0; i < m_options.size(); ++i)
        if (m_options[i].id == id)
            return m_fields[i].editor;
    return nullptr;
}

} // namespace opscope
