#include "app/gui/ExportTargets.h"

#include "app/gui/LoadFiles.h"
#include "core/base/Path.h"
#include "core/format/Format.h"
#include "widgets/common/Text.h"
#include "widgets/common/Theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include <algorithm>

namespace opscope {
namespace {

QString titleOf(const SourceFile& source)
{
    for (const Format& format : formats())
        if (format.id == source.format)
            return QString::fromUtf8(format.title.data(), static_cast<qsizetype>(format.title.size()));
    return {};
}

bool canBeSaved(const SourceFile& source)
{
    return std::ranges::any_of(formats(), [&](const Format& format) { return format.id == source.format && format.exporter; });
}

QString bytesText(std::uint64_t bytes)
{
    return QString::fromStdString(formatBytes(static_cast<std::int64_t>(bytes)));
}

} // namespace

bool ExportTargets::Line::chosen() const
{
    return path && !path->isHidden() && (!tick || tick->isChecked());
}

void ExportTargets::Line::setVisible(bool visible)
{
    for (QWidget* part : std::initializer_list<QWidget*>{tick, label, path, browse, size})
        if (part)
            part->setVisible(visible);
}

ExportTargets::ExportTargets(const Trace& trace, QWidget* parent) : QWidget(parent), m_trace(trace)
{
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    const bool isFxt = trace.sources().size() == 1 && trace.sources().front().format == "fxt";
    const bool canChoose = !isFxt && trace.timeBase() == TimeBase::Nanoseconds;
    if (canChoose)
        addFormat(grid);
    for (std::size_t i = 0; i < trace.sources().size(); ++i)
        addSource(grid, i);
    if (canChoose)
        addFxt(grid);
    setSizes(nullptr);
}

void ExportTargets::addFormat(QGridLayout* grid)
{
    const bool several = m_trace.sources().size() > 1;
    m_format = new QComboBox(this);
    m_format->addItem(several ? QStringLiteral("As they are, a file each") : QStringLiteral("As it is, ") + titleOf(m_trace.sources().front()));
    m_format->addItem(several ? QStringLiteral("One Fuchsia trace (.fxt), all files on one clock") : QStringLiteral("Fuchsia trace (.fxt)"));
    m_format->setToolTip(richText(QStringLiteral("As it is: the events with their own bytes. Fuchsia trace: for Perfetto and magic-trace's viewer, with the arguments that have columns")));
    m_format->setAccessibleName(QStringLiteral("Format"));
    auto* label = new QLabel(QStringLiteral("F&ormat"), this);
    label->setBuddy(m_format);
    label->setProperty("role", QStringLiteral("dim")); // without one it would keep the colour of the system's theme
    grid->addWidget(label, 0, 0);
    grid->addWidget(m_format, 0, 1);
    connect(m_format, &QComboBox::currentIndexChanged, this, &ExportTargets::formatChosen);
}

ExportTargets::Line ExportTargets::makeLine(QGridLayout* grid, int row, const QString& name, const QString& path)
{
    Line line;
    line.path = new QLineEdit(path, this);
    line.path->setAccessibleName(QStringLiteral("Where %1 goes").arg(name));
    line.path->setToolTip(QStringLiteral("A name that ends in .gz is packed"));
    line.browse = new QPushButton(QStringLiteral("Browse…"), this);
    line.browse->setAutoDefault(false);
    line.browse->setAccessibleName(QStringLiteral("Choose where %1 goes").arg(name));
    line.size = new QLabel(this);
    line.size->setFont(Theme::fixedFont(11));
    line.size->setProperty("role", QStringLiteral("dim"));
    line.size->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    line.size->setMinimumWidth(190);
    grid->addWidget(line.path, row, 1);
    grid->addWidget(line.browse, row, 2);
    grid->addWidget(line.size, row, 3);
    connect(line.path, &QLineEdit::textChanged, this, &ExportTargets::changed);
    return line;
}

void ExportTargets::addSource(QGridLayout* grid, std::size_t i)
{
    const SourceFile& source = m_trace.sources()[i];
    const QString name = displayText(fileName(source.path));
    const bool possible = canBeSaved(source);
    const int row = static_cast<int>(i) + 1;
    auto* tick = new QCheckBox(elided(name, Theme::uiFont(12), 210), this); // first: Tab goes by age
    tick->setChecked(possible);
    tick->setEnabled(possible);
    tick->setToolTip(richText(possible ? titleOf(source) : QStringLiteral("Parts of files of this format cannot be saved.")));
    tick->setAccessibleName(QStringLiteral("Save a part of ") + name);
    grid->addWidget(tick, row, 0);
    Line line = makeLine(grid, row, QStringLiteral("the part of ") + name, fromPath(proposedTarget(source)));
    line.tick = tick;
    line.path->setEnabled(possible);
    line.browse->setEnabled(possible);
    connect(tick, &QCheckBox::toggled, this, [this, i](bool on) {
        m_lines[i].path->setEnabled(on);
        Q_EMIT changed();
    });
    connect(line.browse, &QPushButton::clicked, this, [this, i] { browse(m_lines[i]); });
    m_lines.push_back(line);
}

void ExportTargets::addFxt(QGridLayout* grid)
{
    const int row = static_cast<int>(m_lines.size()) + 1;
    auto* label = new QLabel(QStringLiteral("Fuchsia trace"), this);
    label->setProperty("role", QStringLiteral("dim"));
    grid->addWidget(label, row, 0);
    m_fxt = makeLine(grid, row, QStringLiteral("the Fuchsia trace"), fromPath(proposedTarget(m_trace.sources().front(), ExportTarget::As::Fxt)));
    m_fxt.label = label;
    m_fxt.setVisible(false);
    connect(m_fxt.browse, &QPushButton::clicked, this, [this] { browse(m_fxt); });
}

bool ExportTargets::asFxt() const { return m_format && m_format->currentIndex() == 1; }

void ExportTargets::formatChosen()
{
    for (Line& line : m_lines)
        line.setVisible(!asFxt());
    m_fxt.setVisible(asFxt());
    Q_EMIT changed();
}

void ExportTargets::browse(Line& line)
{
    const QString kinds = asFxt() ? QStringLiteral("Fuchsia traces (*.fxt *.fxt.gz);;All files (*)")
                                  : QStringLiteral("Traces (*.json *.json.gz *.fxt *.fxt.gz);;All files (*)");
    const QString chosen = QFileDialog::getSaveFileName(this, QStringLiteral("Save the part as"), pathIn(line), kinds);
    if (chosen.isEmpty())
        return;
    line.agreed = chosen; // the file dialog has asked
    line.path->setText(chosen);
}

QString ExportTargets::pathIn(const Line& line) const
{
    return line.path->text().trimmed();
}

std::vector<ExportTarget> ExportTargets::chosen() const
{
    const auto path = [this](const Line& line) { return QFile::encodeName(pathIn(line)).toStdString(); };
    if (asFxt())
        return {fxtTarget(m_trace, path(m_fxt))};
    std::vector<ExportTarget> targets;
    for (std::size_t i = 0; i < m_lines.size(); ++i)
        if (m_lines[i].chosen())
            targets.push_back({SourceId(i), path(m_lines[i])});
    return targets;
}

QStringList ExportTargets::existing() const
{
    QStringList found;
    const auto look = [&](const Line& line) {
        if (!line.chosen())
            return;
        const QString path = pathIn(line);
        if (!path.isEmpty() && path != line.agreed && QFileInfo::exists(path))
            found << path;
    };
    for (const Line& line : m_lines)
        look(line);
    look(m_fxt);
    return found;
}

/// By the words of plain records, and a few arguments for each slice.
QString ExportTargets::fxtSize(const Subset* subset) const
{
    if (!subset)
        return QStringLiteral("…");
    const Matches& rows = subset->rows;
    const std::uint64_t bytes = rows.slices.count() * 56 + rows.instants.count() * 16 + rows.samples.count() * 40 + subset->flows.count() * 24;
    return bytes ? QStringLiteral("about ") + bytesText(bytes) : QStringLiteral("–");
}

void ExportTargets::setSizes(const Subset* subset)
{
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < m_lines.size(); ++i) {
        all += m_trace.sources()[i].unpackedBytes;
        const QString before = bytesText(m_trace.sources()[i].unpackedBytes);
        const bool known = subset && i < subset->sources.size();
        QString after = QStringLiteral("…");
        if (known && !subset->whole && subset->rows.empty())
            after = QStringLiteral("–"); // nothing is written, not even what stands around the events
        else if (known)
            after = QStringLiteral("about ") + bytesText(subset->sources[i].estimatedBytes);
        m_lines[i].size->setText(before + QStringLiteral(" → ") + after);
    }
    if (m_fxt.size)
        m_fxt.size->setText(bytesText(all) + QStringLiteral(" → ") + fxtSize(subset));
}

} // namespace opscope
