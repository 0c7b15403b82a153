#include "widgets/hierarchy/NameFilter.h"

#include <algorithm>
#include <charconv>

namespace opscope {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<std::int64_t> idIn(std::string_view text)
{
    if (text.size() < 2 || text[0] != '#') return std::nullopt;
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return id;
}

} // namespace

NameFilter::NameFilter(std::string_view text, const Trace& trace)
    : m_trace(&trace), m_text(text), m_id(idIn(text)), m_known(trace.strings().size(), kUnknown)
{
    std::ranges::transform(m_text, m_text.begin(), lower);
}

bool NameFilter::matches(std::string_view name) const
{
    if (m_id) return false;
    return !std::ranges::search(name, m_text, {}, lower).empty() || m_text.empty();
}

bool NameFilter::matchesName(StringId name) const
{
    if (!name) return false;
    std::uint8_t& known = m_known[name.index()];
    if (known == kUnknown) known = matches(m_trace->text(name)) ? kYes : kNo;
    return known == kYes;
}

bool NameFilter::matches(SliceId slice) const
{
    const SliceTable& slices = m_trace->slices();
    if (!m_id) return matchesName(slices.name(slice));
    if (const NodeId node = m_trace->nodeOf(slice); node && m_trace->executionTrace()->node(node).id == *m_id) return true;
    return slices.arg(slice, ArgField::Correlation) == *m_id || slices.arg(slice, ArgField::ExternalId) == *m_id ||
           slices.arg(slice, ArgField::RecordFunctionId) == *m_id;
}

bool NameFilter::matches(NodeId node) const
{
    const EtNode& row = m_trace->executionTrace()->node(node);
    return m_id ? row.id == *m_id : matchesName(row.name);
}

} // namespace opscope
