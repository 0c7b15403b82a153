#include "widgets/tensor/CodeFiles.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/format/EventReader.h"
#include "core/tensor/NodeValues.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/tensor/TensorRows.h"

#include <QIcon>

#include <algorithm>
#include <map>

namespace opscope {

namespace {

constexpr std::uint64_t kLikelyHandle = 1 << 16; // numbers above are addresses, not numbers of streams

QString streamText(std::string_view digits)
{
    const QString text = displayText(digits.substr(0, 40));
    bool number = false;
    const qulonglong value = text.toULongLong(&number);
    return number && value >= kLikelyHandle ? QStringLiteral("handle 0x%1").arg(value, 0, 16) : text;
}

/// Older writers append grid and stream to a kernel's arguments, current ones the stream alone (execution-trace.md 9).
void readInputs(const Trace& trace, NodeId node, KernelFacts& facts)
{
    const auto text = readNode(trace, node);
    if (!text) return;
    const auto document = JsonDocument::parse(text->json);
    if (!document) return;
    std::vector<NodeValue> values = nodeValues(trace, node, document->root(), NodeSide::Inputs);
    std::erase_if(values, [](const NodeValue& value) { return value.depth > 0; });
    if (values.empty() || values.back().type != "Int") return;
    facts.stream = streamText(values.back().text);
    if (values.size() < 2) return;
    const NodeValue& before = values[values.size() - 2];
    if (before.type == "String") facts.grid = displayText(std::string_view(before.text).substr(0, 200));
}

void readEventArguments(const Trace& trace, SliceId slice, KernelFacts& facts)
{
    const auto text = readEvent(trace, slice);
    if (!text) return;
    const auto document = JsonDocument::parse(text->json);
    if (!document) return;
    const JsonDocument::Ref args = document->root().member("args");
    const auto take = [&](const char* key) {
        const JsonDocument::Ref value = args.member(key);
        return !value.valid() ? QString() : displayText((value.isString() ? value.string() : value.raw()).substr(0, 200));
    };
    if (facts.grid.isEmpty()) facts.grid = take("grid");
    if (facts.stream.isEmpty()) facts.stream = streamText(toUtf8(take("stream")));
}

} // namespace

std::vector<CodeFile> codeFiles(const Trace& trace, const EtFile& et, const Resources& resources)
{
    struct Uses
    {
        NodeId first;
        std::uint32_t count = 0;
    };
    std::map<std::string, Uses> uses;
    const ExecutionTrace& all = *trace.executionTrace();
    for (std::uint32_t i = 0; i < et.nodeCount; ++i) {
        const NodeId node(et.firstNode.value + i);
        const std::string_view path = trace.text(all.node(node).kernelFile);
        if (path.empty()) continue;
        Uses& u = uses[fileName(path)];
        if (u.count++ == 0) u.first = node;
    }
    std::vector<CodeFile> files;
    for (const ResourceName& name : resources.names()) {
        CodeFile file{name, {}, 0};
        if (name.kind == ResourceName::Kind::Capture) {
            file.node = all.byId(et, name.node);
            file.nodes = file.node ? 1 : 0;
        } else if (const auto found = uses.find(name.name); found != uses.end()) {
            file.node = found->second.first;
            file.nodes = found->second.count;
        }
        files.push_back(std::move(file));
    }
    return files;
}

KernelFacts kernelFacts(const Trace& trace, NodeId node)
{
    const EtNode& n = trace.executionTrace()->node(node);
    KernelFacts facts;
    facts.backend = displayText(trace.text(n.kernelBackend).substr(0, 60));
    if (facts.backend == QStringLiteral("triton")) readInputs(trace, node, facts);
    if (const SliceId slice = trace.sliceOf(node); slice && trace.timeBase() == TimeBase::Nanoseconds)
        readEventArguments(trace, slice, facts);
    return facts;
}

void CodeFileModel::setFiles(TracePtr trace, std::vector<CodeFile> files)
{
    beginResetModel();
    m_trace = std::move(trace);
    m_files = std::move(files);
    endResetModel();
}

const CodeFile* CodeFileModel::fileAt(int row) const
{
    return row >= 0 && row < rowCount() ? &m_files[static_cast<std::size_t>(row)] : nullptr;
}

int CodeFileModel::rowOf(std::string_view name) const
{
    const auto found = std::ranges::find_if(m_files, [name](const CodeFile& file) { return file.file.name == name; });
    return found == m_files.end() ? -1 : static_cast<int>(found - m_files.begin());
}

int CodeFileModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_files.size()); }

QVariant CodeFileModel::data(const QModelIndex& index, int role) const
{
    const CodeFile* file = index.isValid() ? fileAt(index.row()) : nullptr;
    if (!file) return {};
    const bool code = file->file.kind == ResourceName::Kind::Code;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Name: return displayText(file->file.name);
        case Size: return displayText(formatBytes(static_cast<std::int64_t>(file->file.size)));
        default:
            if (!file->node) return QStringLiteral("–");
            return nodeText(*m_trace, file->node) + (file->nodes > 1 ? QStringLiteral(" and %1 more").arg(file->nodes - 1) : QString());
        }
    case Qt::DecorationRole:
        return index.column() == Name ? QVariant(icon(code ? "file" : "tensor", m_theme.textDim)) : QVariant();
    case Qt::ToolTipRole: return richText(index.data().toString());
    case Qt::FontRole: return index.column() == Size ? Theme::fixedFont(11) : Theme::uiFont(12);
    case Qt::ForegroundRole: return index.column() == Name ? m_theme.text : m_theme.textDim;
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::AlignVCenter | (index.column() == Size ? Qt::AlignRight : Qt::AlignLeft));
    default: return {};
    }
}

QVariant CodeFileModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount) return {};
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignVCenter | (section == Size ? Qt::AlignRight : Qt::AlignLeft));
    if (role != Qt::DisplayRole) return {};
    return section == Name ? QStringLiteral("Resource file") : section == Size ? QStringLiteral("Size") : QStringLiteral("Node");
}

} // namespace opscope
