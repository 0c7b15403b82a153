#pragma once

#include "core/base/Result.h"
#include "core/io/ByteSource.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace opscope::magictrace {

/// Looks through an .fxt (or .fxt.gz) for its first event: an idle thread makes a good file without any. In bites, so that
/// whoever has an event loop can go on with it. Records are stepped over by their size; memory: one piece.
class FirstEvent
{
public:
    enum class Answer : std::uint8_t { NotYet, Event, NoEvent, NotATrace };

    /// Error: it cannot be read, or is empty.
    static Result<FirstEvent> open(const std::string& path);
    /// Reads at most 4 MiB more. Everything but NotYet is final.
    Answer look();

private:
    explicit FirstEvent(std::unique_ptr<ByteSource> bytes) : m_bytes(std::move(bytes)), m_piece(1u << 16) {}
    Answer walk(std::size_t words);

    std::unique_ptr<ByteSource> m_bytes;
    std::vector<std::uint64_t> m_piece;
    std::uint64_t m_skip = 0;          ///< words of a record that lie ahead
    bool m_begun = false, m_event = false;
};

} // namespace opscope::magictrace
