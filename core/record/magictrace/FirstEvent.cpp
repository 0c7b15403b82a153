#include "core/record/magictrace/FirstEvent.h"

#include "core/format/fxt/FxtRecords.h"

#include <algorithm>
#include <bit>

namespace opscope::magictrace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in the file");

Result<FirstEvent> FirstEvent::open(const std::string& path)
{
    auto bytes = ByteSource::openFile(path);
    if (!bytes) return bytes.error();
    return FirstEvent(std::move(*bytes));
}

FirstEvent::Answer FirstEvent::look()
{
    for (std::size_t left = (4u << 20) / (m_piece.size() * fxt::kWord); left > 0; --left) {
        std::size_t filled = 0;
        const std::span<char> room(reinterpret_cast<char*>(m_piece.data()), m_piece.size() * fxt::kWord);
        while (filled < room.size()) {
            const auto got = m_bytes->read(room.subspan(filled));
            if (!got || *got == 0) break;
            filled += *got;
        }
        if (const Answer answer = walk(filled / fxt::kWord); answer != Answer::NotYet) return answer;
        if (filled < room.size()) return m_begun ? Answer::NoEvent : Answer::NotATrace;
    }
    return Answer::NotYet;
}

FirstEvent::Answer FirstEvent::walk(std::size_t words)
{
    for (std::size_t at = 0; at < words;) {
        const std::uint64_t step = std::min<std::uint64_t>(m_skip, words - at);
        at += step;
        m_skip -= step;
        if (m_event && m_skip == 0) return Answer::Event; // all of it is there
        if (at == words) break;
        const std::uint64_t header = m_piece[at];
        if (!m_begun && header != fxt::kMagic) return Answer::NotATrace;
        m_begun = true;
        m_event = fxt::recordType(header) == fxt::RecordType::Event;
        m_skip = fxt::recordWords(header);
        if (m_skip == 0) return Answer::NoEvent; // whatever follows cannot be told apart
    }
    return Answer::NotYet;
}

} // namespace opscope::magictrace
