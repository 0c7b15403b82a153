#include "core/format/fxt/FxtNotesBuilder.h"

#include <algorithm>
#include <tuple>

namespace opscope {

FxtNotesBuilder::FxtNotesBuilder() : m_notes(std::make_shared<FxtNotes>())
{
    addProvider(0, text(""), {});
    beginSection(0, 0);
}

std::uint32_t FxtNotesBuilder::addProvider(std::uint32_t id, StringId name, std::optional<std::uint64_t> offset)
{
    m_notes->m_providers.push_back({id, name, offset});
    return static_cast<std::uint32_t>(m_notes->m_providers.size() - 1);
}

void FxtNotesBuilder::beginSection(std::uint64_t offset, std::uint32_t provider)
{
    auto& sections = m_notes->m_sections;
    if (!sections.empty() && sections.back().provider == provider) return;
    sections.push_back({offset, provider});
}

void FxtNotesBuilder::addBlob(const FxtNotes::Blob& chunk)
{
    auto& blobs = m_notes->m_blobs;
    const std::uint32_t key = chunk.name.value << 8 | chunk.type;
    const auto [it, isNew] = m_blobOf.try_emplace(key, blobs.size());
    if (isNew || blobs[it->second].name != chunk.name) {
        blobs.push_back(chunk);
        return;
    }
    blobs[it->second].bytes += chunk.bytes;
    ++blobs[it->second].chunks;
}

void FxtNotesBuilder::sortObjects()
{
    std::ranges::sort(m_notes->m_objects, {}, [](const FxtNotes::Object& o) { return std::tuple(o.type, o.koid, o.process, o.offset); });
}

std::shared_ptr<const FxtNotes> FxtNotesBuilder::finish()
{
    FxtNotes& n = *m_notes;
    const auto place = [](const auto& row) { return std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>(row.provider, row.index, row.offset); };
    std::ranges::sort(n.m_strings, {}, place);
    std::ranges::sort(n.m_threads, {}, place);
    std::ranges::sort(n.m_clocks, {}, [](const FxtNotes::Clock& c) { return std::pair(c.provider, c.offset); });
    std::ranges::sort(n.m_realIds, {}, [](const FxtNotes::RealIds& r) { return std::pair(r.process, r.thread); });
    auto& labels = n.m_userObjects;
    std::ranges::sort(labels, {}, [](const FxtNotes::UserObject& o) { return std::tuple(o.process, o.pointer, o.offset); });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (i + 1 == labels.size() || std::pair(labels[i].process, labels[i].pointer) != std::pair(labels[i + 1].process, labels[i + 1].pointer))
            labels[kept++] = labels[i];
    labels.resize(kept);
    m_blobOf.clear();
    return std::move(m_notes);
}

} // namespace opscope
