#include "app/gui/ExportTargets.h"

#include "app/gui/LoadFiles.h"
#include "core/base/Path.h"
#include "core/format/Format.h"
#include "widgets/common/Text.h"
#include "widgets/common/Theme.h"

#include <QCheckBox>
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

ExportTargets::ExportTargets(const Trace& trace, QWidget* parent) : QWidget(parent), m_trace(trace)
{
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(1, 1);
    for (std::size_t i = 0; i < trace.sources().size(); ++i) {
        const SourceFile& source = trace.sources()[i];
        const QString name = displayText(fileName(source.path));
        Line line{new QCheckBox(elided(name, Theme::uiFont(12), 210), this), new QLineEdit(fromPath(proposedTarget(source)), this), new QLabel(this), {}};
        const bool possible = canBeSaved(source);
        line.tick->setChecked(possible);
        line.tick->setEnabled(possible);
        line.tick->setToolTip(richText(possible ? titleOf(source) : QStringLiteral("Parts of files of this format cannot be saved.")));
        line.tick->setAccessibleName(QStringLiteral("Save a part of ") + name);
        line.path->setEnabled(possible);
        line.path->setAccessibleName(QStringLiteral("Where the part of %1 goes").arg(name));
        line.path->setToolTip(QStringLiteral("A name that ends in .gz is packed"));
        line.size->setFont(Theme::fixedFont(11));
        line.size->setProperty("role", QStringLiteral("dim"));
        line.size->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        line.size->setMinimumWidth(190);
        auto* browse = new QPushButton(QStringLiteral("Browse…"), this);
        browse->setAutoDefault(false);
        browse->setEnabled(possible);
        browse->setAccessibleName(QStringLiteral("Choose where the part of %1 goes").arg(name));
        const int row = static_cast<int>(i);
        grid->addWidget(line.tick, row, 0);
        grid->addWidget(line.path, row, 1);
        grid->addWidget(browse, row, 2);
        grid->addWidget(line.size, row, 3);
        connect(line.tick, &QCheckBox::toggled, this, [this, i](bool on) {
            m_lines[i].path->setEnabled(on);
            Q_EMIT changed();
        });
        connect(line.path, &QLineEdit::textChanged, this, &ExportTargets::changed);
        connect(browse, &QPushButton::clicked, this, [this, i] { this->browse(i); });
        m_lines.push_back(line);
    }
    setSizes(nullptr);
}

void ExportTargets::browse(std::size_t line)
{
    const QString chosen = QFileDialog::getSaveFileName(this, QStringLiteral("Save the part as"), pathIn(m_lines[line]),
                                                        QStringLiteral("Traces (*.json *.json.gz);;All files (*)"));
    if (chosen.isEmpty())
        return;
    m_lines[line].agreed = chosen; // the file dialog has asked
    m_lines[line].path->setText(chosen);
}

QString ExportTargets::pathIn(const Line& line) const
{
    return line.path->text().trimmed();
}

std::vector<ExportTarget> ExportTargets::chosen() const
{
    std::vector<ExportTarget> targets;
    for (std::size_t i = 0; i < m_lines.size(); ++i)
        if (m_lines[i].tick->isChecked())
            targets.push_back({SourceId(i), QFile::encodeName(pathIn(m_lines[i])).toStdString()});
    return targets;
}

QStringList ExportTargets::existing() const
{
    QStringList found;
    for (const Line& line : m_lines) {
        const QString path = pathIn(line);
        if (line.tick->isChecked() && !path.isEmpty() && path != line.agreed && QFileInfo::exists(path))
            found << path;
    }
    return found;
}

void ExportTargets::setSizes(const Subset* subset)
{
    for (std::size_t i = 0; i < m_lines.size(); ++i) {
        const QString before = bytesText(m_trace.sources()[i].unpackedBytes);
        const bool known = subset && i < subset->sources.size();
        QString after = QStringLiteral("…");
        if (known && !subset->whole && subset->rows.empty())
            after = QStringLiteral("–"); // nothing is written, not even what stands around the events
        else if (known)
            after = QStringLiteral("about ") + bytesText(subset->sources[i].estimatedBytes);
        m_lines[i].size->setText(before + QStringLiteral(" → ") + after);
    }
}

} // namespace opscope
