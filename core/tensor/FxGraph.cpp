#include "core/tensor/KernelSource.h"

#include "core/tensor/KernelLines.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace opscope {

namespace {

constexpr std::string_view kFragment = "# Graph fragment:";
constexpr std::size_t kMaxLine = 16 << 10;
constexpr std::size_t kMaxFiles = 5'000;
constexpr std::size_t kMaxBytes = 64u << 20;

bool isNamePart(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Lines of a text, one at a time by number from 0.
std::vector<std::string_view> linesOf(std::string_view text)
{
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// Turns the lines of a fragment into nodes. What is read and has no line becomes a placeholder in front.
class FragmentReader
{
public:
    void add(std::string_view comment)
    {
        const std::string_view line = trimmed(comment.substr(1, kMaxLine));
        if (line.empty()) return;
        FxNode node;
        node.text = line;
        std::string_view reads;
        if (line.starts_with("%")) {
            const std::size_t end = nameEnd(line, 1);
            node.name = line.substr(1, end - 1);
            reads = takeDefinition(line.substr(end), node);
        } else if (line.starts_with("return")) {
            node.target = "return";
            reads = line.substr(6);
        } else if (!m_nodes.empty()) { // a line that was broken in two
            m_nodes.back().text += " " + std::string(line);
            m_reads.back() += " " + std::string(line);
            return;
        }
        m_reads.emplace_back(reads);
        m_nodes.push_back(std::move(node));
    }
    std::size_t size() const { return m_nodes.size(); }

    std::vector<FxNode> finish()
    {
        std::vector<std::vector<std::string_view>> names;
        for (const std::string& reads : m_reads) names.push_back(namesIn(reads));
        std::vector<FxNode> placeholders = missing(names);
        std::unordered_map<std::string_view, std::uint32_t> rows;
        const auto first = static_cast<std::uint32_t>(placeholders.size());
        for (std::uint32_t i = 0; i < first; ++i) rows.emplace(placeholders[i].name, i);
        for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
            for (const std::string_view name : names[i])
                if (const auto it = rows.find(name); it != rows.end()) m_nodes[i].inputs.push_back(it->second);
            if (!m_nodes[i].name.empty()) rows.insert_or_assign(m_nodes[i].name, first + i);
        }
        std::vector<FxNode> all = placeholders;
        all.insert(all.end(), m_nodes.begin(), m_nodes.end());
        return all;
    }

private:
    static std::size_t nameEnd(std::string_view text, std::size_t at)
    {
        while (at < text.size() && isNamePart(text[at])) ++at;
        return at;
    }

    /// ' : Tensor "f32[4][1]cuda:0"[num_users=1] = call_function[target=...](args = (%a,), ...)': returns what stands behind the target.
    static std::string_view takeDefinition(std::string_view text, FxNode& node)
    {
        const std::size_t equals = text.find(" = ");
        if (equals == std::string_view::npos) return {};
        std::string_view about = trimmed(text.substr(0, equals));
        if (about.starts_with(":")) about = trimmed(about.substr(1));
        node.annotation = trimmed(about.substr(0, about.find("[num_users=")));
        const std::string_view value = trimmed(text.substr(equals + 3));
        std::size_t end = 0, depth = 0;
        for (; end < value.size(); ++end) {
            if (value[end] == '[') ++depth;
            if (value[end] == ']' && depth > 0) --depth;
            if (value[end] == '(' && depth == 0) break;
        }
        node.target = trimmed(value.substr(0, end));
        return value.substr(end);
    }

    /// Each %name once, in order.
    static std::vector<std::string_view> namesIn(std::string_view text)
    {
        std::vector<std::string_view> names;
        for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
            const std::string_view name = text.substr(at + 1, nameEnd(text, at + 1) - at - 1);
            if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        }
        return names;
    }

    std::vector<FxNode> missing(const std::vector<std::vector<std::string_view>>& names) const
    {
        std::unordered_map<std::string_view, bool> known;
        std::vector<FxNode> placeholders;
        for (std::size_t i = 0; i < m_nodes.size(); ++i) {
            for (const std::string_view name : names[i]) {
                if (!known.try_emplace(name, true).second) continue;
                FxNode node;
                node.name = name;
                node.target = "placeholder";
                placeholders.push_back(std::move(node));
            }
            if (!m_nodes[i].name.empty()) known.try_emplace(m_nodes[i].name, true);
        }
        return placeholders;
    }

    std::vector<FxNode> m_nodes;
    std::vector<std::string> m_reads;
};

/// "# Topologically Sorted Source Nodes: [sin, mul], Original ATen: [...]"
std::vector<std::string> sourceNodesIn(std::string_view line)
{
    std::vector<std::string> names;
    const std::size_t label = line.find("Source Nodes: [");
    if (label == std::string_view::npos) return names;
    const std::size_t open = line.find('[', label);
    std::string_view rest = line.substr(open + 1, std::min(line.find(']', open), line.size()) - open - 1);
    while (!rest.empty() && names.size() < FxGraph::kMaxNodes) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        if (const std::string_view name = trimmed(rest.substr(0, comma)); !name.empty()) names.emplace_back(name);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return names;
}

FxGraph readFragment(const std::vector<std::string_view>& lines, std::size_t fragment, std::size_t definition)
{
    FxGraph graph;
    graph.line = static_cast<std::uint32_t>(fragment + 1);
    graph.kernelLine = static_cast<std::uint32_t>(definition + 1);
    FragmentReader reader;
    for (std::size_t i = fragment + 1; i < definition && lines[i].starts_with("#"); ++i) {
        if (reader.size() >= FxGraph::kMaxNodes) {
            graph.cut = true;
            break;
        }
        reader.add(lines[i]);
    }
    graph.nodes = reader.finish();
    for (std::size_t i = fragment; i-- > 0 && lines[i].starts_with("#");)
        if (graph.sourceNodes = sourceNodesIn(lines[i]); !graph.sourceNodes.empty()) break;
    return graph;
}

} // namespace

/// Between a fragment and the kernel that it belongs to no other kernel is defined.
std::optional<FxGraph> fxGraphOf(std::string_view source, std::string_view kernel)
{
    if (kernel.empty()) return std::nullopt;
    const std::vector<std::string_view> lines = linesOf(source);
    std::optional<std::size_t> fragment;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].starts_with(kFragment)) fragment = i;
        if (!definesKernel(lines[i], "")) continue;
        if (fragment && definesKernel(lines[i], kernel)) return readFragment(lines, *fragment, i);
        if (lines[i].find(" = async_compile.") != std::string_view::npos) fragment.reset();
    }
    return std::nullopt;
}

Result<FxGraph> fxGraph(const Trace& trace, NodeId node)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return Error{ErrorCode::Usage, "there is no such node", {}};
    return fxGraph(trace, node, Resources::of(trace, et->fileOf(node).source));
}

Result<FxGraph> fxGraph(const Trace& trace, NodeId node, const Resources& resources)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return Error{ErrorCode::Usage, "there is no such node", {}};
    const EtNode& n = et->node(node);
    if (trace.text(n.kernelFile).empty()) return Error{ErrorCode::Usage, "this node names no kernel file", {}};
    if (!resources.exists()) return Error{ErrorCode::CannotOpen, "there is no resources folder beside the trace", {}};
    std::size_t files = 0, bytes = 0;
    for (const ResourceName& name : resources.names()) {
        if (name.kind != ResourceName::Kind::Code) continue;
        if (++files > kMaxFiles || bytes > kMaxBytes) return Error{ErrorCode::TooLarge, "the resources folder holds more code than is searched for a graph", {}};
        auto source = sourceFile(resources, name.name, "");
        if (!source) continue;
        bytes += source->text.size();
        if (auto graph = fxGraphOf(source->text, trace.text(n.name))) {
            graph->fileName = source->fileName;
            return std::move(*graph);
        }
    }
    return Error{ErrorCode::CannotOpen, "no file of the resources folder has a graph for this kernel", {}};
}

} // namespace opscope
