#pragma once

#include "core/format/fxt/FxtNotes.h"

#include <memory>
#include <unordered_map>
#include <utility>

namespace opscope {

/// Gathers what the notes hold while the file is read, in its order; finish() sorts.
class FxtNotesBuilder
{
public:
    FxtNotesBuilder();

    StringId text(std::string_view utf8) { return m_notes->m_texts.intern(utf8); }
    std::string_view view(StringId text) const { return m_notes->m_texts.view(text); }
    /// A new life; its row.
    std::uint32_t addProvider(std::uint32_t id, StringId name, std::optional<std::uint64_t> offset);
    const FxtNotes::Provider& provider(std::uint32_t row) const { return m_notes->m_providers[row]; }
    std::size_t providers() const { return m_notes->m_providers.size(); }
    void beginSection(std::uint64_t offset, std::uint32_t provider);
    void add(const FxtNotes::String& string) { m_notes->m_strings.push_back(string); }
    void add(const FxtNotes::Thread& thread) { m_notes->m_threads.push_back(thread); }
    void add(const FxtNotes::Clock& clock) { m_notes->m_clocks.push_back(clock); }
    void add(const FxtNotes::Object& object) { m_notes->m_objects.push_back(object); }
    void add(const FxtNotes::UserObject& object) { m_notes->m_userObjects.push_back(object); }
    void add(const FxtNotes::RealIds& ids) { m_notes->m_realIds.push_back(ids); }
    void addBlob(const FxtNotes::Blob& chunk);
    void addEndWithArguments(std::uint64_t offset) { m_notes->m_endsWithArguments.push_back(offset); }
    FxtNotes::Counts& counts() { return m_notes->m_counts; }

    /// Objects by (type, koid, process), the last of each: what follows another name without saying so is given to `renamed`.
    template <class Visit>
    void settleObjects(Visit&& renamed)
    {
        auto& all = m_notes->m_objects;
        const auto same = [](const FxtNotes::Object& a, const FxtNotes::Object& b) {
            return a.type == b.type && a.koid == b.koid && a.process == b.process;
        };
        sortObjects();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i + 1 < all.size() && same(all[i], all[i + 1])) {
                if (all[i].name != all[i + 1].name && !all[i + 1].renamed) renamed(all[i + 1]);
            } else {
                all[kept++] = all[i];
            }
        }
        all.resize(kept);
    }
    /// What can be asked before the end, once objects are settled.
    const FxtNotes& notes() const { return *m_notes; }
    std::shared_ptr<const FxtNotes> finish();

private:
    void sortObjects();

    std::shared_ptr<FxtNotes> m_notes;
    std::unordered_map<std::uint32_t, std::size_t> m_blobOf; // by name and kind
};

} // namespace opscope
