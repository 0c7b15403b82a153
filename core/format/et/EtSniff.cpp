#include "core/format/et/EtImporter.h"
#include "core/format/et/EtScan.h"

namespace opscope {

namespace {

/// A node as both layouts have it. Half a node at the end of the head counts.
bool looksLikeNode(std::string_view object)
{
    et::Members members(object);
    bool name = false, parent = false;
    for (std::string_view key, value; !(name && parent) && members.next(key, value);) {
        name = name || key == "name";
        parent = parent || key == "ctrl_deps" || key == "parent";
    }
    return name && parent;
}

bool anyLooksLikeNode(std::string_view array)
{
    std::size_t at = et::skipBlank(array, 1);
    while (at < array.size() && array[at] != ']') {
        const std::size_t end = et::skipValue(array, at);
        if (looksLikeNode(array.substr(at, end == std::string_view::npos ? end : end - at))) return true;
        if (end == std::string_view::npos) break;
        at = et::skipBlank(array, end);
        if (at < array.size() && array[at] == ',') at = et::skipBlank(array, at + 1);
    }
    return false;
}

} // namespace

Sniff sniffEt(std::string_view head)
{
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    std::size_t at = et::skipBlank(head, 0);
    if (at >= head.size() || head[at] != '{') return Sniff::No;
    bool schema = false, nodes = false, node = false;
    at = et::skipBlank(head, at + 1);
    while (at < head.size() && head[at] == '"') {
        const std::size_t keyEnd = et::skipValue(head, at);
        if (keyEnd == std::string_view::npos) break;
        const std::string_view key = head.substr(at + 1, keyEnd - at - 2);
        at = et::skipBlank(head, keyEnd);
        if (at >= head.size() || head[at] != ':') break;
        at = et::skipBlank(head, at + 1);
        if (key == "traceEvents") return Sniff::No;
        schema = schema || key == "schema";
        const std::size_t end = et::skipValue(head, at);
        if (key == "nodes" && at < head.size() && head[at] == '[') {
            nodes = true;
            node = anyLooksLikeNode(head.substr(at, end == std::string_view::npos ? end : end - at));
        }
        if (end == std::string_view::npos) break;
        at = et::skipBlank(head, end);
        while (at < head.size() && head[at] == ',') at = et::skipBlank(head, at + 1);
    }
    return nodes && (schema || node) ? Sniff::Yes : Sniff::No;
}

} // namespace opscope
