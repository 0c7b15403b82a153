#include "core/format/fxt/FxtNotes.h"

#include <algorithm>
#include <tuple>

namespace opscope {

namespace {

/// The last registration of (provider, index) in front of `offset`.
template <class Row>
const Row* registered(const std::vector<Row>& rows, std::uint32_t provider, std::uint32_t index, std::uint64_t offset)
{
    const auto key = [](const Row& row) { return std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>(row.provider, row.index, row.offset); };
    const auto behind = std::partition_point(rows.begin(), rows.end(), [&](const Row& row) {
        return key(row) < std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>(provider, index, offset);
    });
    if (behind == rows.begin()) return nullptr;
    const Row& last = *std::prev(behind);
    return last.provider == provider && last.index == index ? &last : nullptr;
}

} // namespace

std::uint32_t FxtNotes::providerAt(std::uint64_t offset) const
{
    const auto behind = std::ranges::upper_bound(m_sections, offset, {}, &Section::offset);
    return behind == m_sections.begin() ? 0 : std::prev(behind)->provider;
}

const FxtNotes::String* FxtNotes::string(std::uint32_t provider, std::uint32_t index, std::uint64_t offset) const
{
    return registered(m_strings, provider, index, offset);
}

const FxtNotes::Thread* FxtNotes::thread(std::uint32_t provider, std::uint32_t index, std::uint64_t offset) const
{
    return registered(m_threads, provider, index, offset);
}

const FxtNotes::Clock* FxtNotes::clock(std::uint32_t provider, std::uint64_t offset) const
{
    const auto behind = std::partition_point(m_clocks.begin(), m_clocks.end(), [&](const Clock& c) {
        return std::pair(c.provider, c.offset) < std::pair(provider, offset);
    });
    return behind == m_clocks.begin() || std::prev(behind)->provider != provider ? nullptr : &*std::prev(behind);
}

const FxtNotes::Object* FxtNotes::object(fxt::ObjectType type, std::uint64_t koid, std::uint64_t process) const
{
    const std::pair wanted(static_cast<std::uint8_t>(type), koid);
    const auto of = std::ranges::equal_range(m_objects, wanted, {}, [](const Object& o) { return std::pair(o.type, o.koid); });
    const Object* last = nullptr;
    for (const Object& candidate : of) {
        if (process && candidate.process == process) return &candidate;
        if (!last || candidate.offset > last->offset) last = &candidate;
    }
    return last;
}

std::string_view FxtNotes::nameOf(std::uint64_t koid) const
{
    for (const fxt::ObjectType type : {fxt::ObjectType::Thread, fxt::ObjectType::Process})
        if (const Object* known = object(type, koid)) return text(known->name);
    for (auto it = m_objects.begin(); it != m_objects.end();) { // the other types, one after the other
        const std::uint8_t type = it->type;
        if (const Object* known = object(static_cast<fxt::ObjectType>(type), koid)) return text(known->name);
        it = std::partition_point(it, m_objects.end(), [type](const Object& o) { return o.type == type; });
    }
    return {};
}

std::string_view FxtNotes::labelOf(std::uint64_t process, std::uint64_t pointer) const
{
    const std::pair wanted(process, pointer);
    const auto key = [](const UserObject& o) { return std::pair(o.process, o.pointer); };
    const auto found = std::ranges::lower_bound(m_userObjects, wanted, {}, key);
    return found != m_userObjects.end() && key(*found) == wanted ? text(found->name) : std::string_view();
}

const FxtNotes::RealIds* FxtNotes::realIds(std::uint64_t process, std::uint64_t thread) const
{
    const std::pair wanted(process, thread);
    const auto key = [](const RealIds& r) { return std::pair(r.process, r.thread); };
    const auto found = std::ranges::lower_bound(m_realIds, wanted, {}, key);
    return found != m_realIds.end() && key(*found) == wanted ? &*found : nullptr;
}

bool FxtNotes::endHasArguments(std::uint64_t offset) const
{
    return std::ranges::binary_search(m_endsWithArguments, offset);
}

std::size_t FxtNotes::bytes() const
{
    const auto of = [](const auto& rows) { return rows.capacity() * sizeof(rows[0]); };
    return m_texts.bytes() + m_texts.size() * 24 + of(m_providers) + of(m_sections) + of(m_strings) + of(m_threads) + of(m_clocks) +
           of(m_objects) + of(m_userObjects) + of(m_blobs) + of(m_realIds) + of(m_endsWithArguments);
}

} // namespace opscope
