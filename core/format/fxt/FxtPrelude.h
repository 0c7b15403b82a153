#pragma once

#include "core/base/StringPool.h"
#include "core/format/fxt/FxtNotes.h"
#include "core/format/fxt/FxtReferences.h"
#include "core/io/ByteSink.h"
#include "core/io/Redactor.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace opscope::fxt {

/// What must stand in front of copied records of an .fxt, and what of that the target has already. For each provider only what is in force
/// in the target is remembered: memory grows with tables, not with records.
class FxtPrelude
{
public:
    /// `kept`: offsets of all records that will be copied, ascending. All but `redactor` are borrowed and must not be null.
    FxtPrelude(const FxtNotes& notes, std::span<const std::uint64_t> kept, const Redactor* redactor, std::string& out);

    /// Offsets of the records that are needed as they stand: infos and initializations, ascending.
    std::vector<std::uint64_t> neededRecords() const;
    /// One of those.
    void remember(std::uint64_t offset, std::string_view record) { m_remembered.emplace(offset, record); }

    /// Writes what the record that stood at `offset` needs. `texts` receives what its inline texts become, one for each reference, good
    /// until the next call.
    void write(std::uint64_t offset, const References& references, std::vector<std::string_view>& texts);
    std::uint64_t redactions() const { return m_redactions; }

private:
    /// What a provider's tables are in the target.
    struct Life
    {
        std::unordered_map<std::uint16_t, StringId> texts;  ///< of the notes, with a redactor of m_texts
        std::unordered_map<std::uint16_t, std::pair<std::uint64_t, std::uint64_t>> threads;
        const FxtNotes::Clock* clock = nullptr;
    };
    static constexpr std::uint32_t kNoLife = UINT32_MAX;

    void enter(std::uint32_t life, std::uint64_t offset);
    void writeTexts(std::uint32_t life, std::uint64_t offset, const References& references, std::vector<std::string_view>& texts);
    void writeRedactedTexts(std::uint32_t life, std::uint64_t offset, const References& references, std::vector<std::string_view>& texts);
    void registerText(std::uint32_t life, std::uint16_t number, StringId id, std::string_view text);
    void writeThread(std::uint32_t life, std::uint64_t offset, const Reference& reference, std::uint64_t& process);
    StringId redacted(std::string_view text, std::string_view key);
    std::string_view originalText(std::uint32_t life, std::uint64_t offset, const Reference& reference) const;
    void needObjects(std::uint64_t process, std::uint64_t thread);
    void needObject(const FxtNotes::Object* object);
    void needKoid(std::uint64_t koid);
    void needLabel(std::uint64_t process, std::uint64_t pointer);
    bool isCopied(std::uint64_t offset) const;
    std::string plainText(StringId text);
    void word(std::uint64_t word) { m_out.append(reinterpret_cast<const char*>(&word), sizeof word); }
    void padded(std::string_view text);

    const FxtNotes& m_notes;
    std::span<const std::uint64_t> m_kept;
    const Redactor* m_redactor;
    std::string& m_out;
    std::unordered_map<std::uint64_t, std::string> m_remembered;
    std::unordered_map<std::uint32_t, Life> m_lives;
    std::unordered_map<std::uint32_t, std::uint32_t> m_lifeOf;   // by provider id: the one that the target knows
    std::uint32_t m_current = kNoLife;
    StringPool m_texts;                                          // what registered texts become
    std::map<std::pair<StringId, std::string>, StringId> m_redacted; // by text and key
    std::unordered_set<std::uint64_t> m_objectsDone;             // offsets
    std::unordered_set<std::uint64_t> m_koidsDone;
    std::map<std::pair<std::uint64_t, std::uint64_t>, bool> m_threadsDone;
    std::uint64_t m_redactions = 0;
};

} // namespace opscope::fxt
