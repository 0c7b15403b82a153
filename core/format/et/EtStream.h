#pragma once

#include "core/base/JobControl.h"
#include "core/io/ByteSource.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace opscope::et {

/// A cursor over the unpacked bytes of a file, in a window that grows only as far as one value needs.
/// Views stay good until the next call that is not const.
class Stream
{
public:
    /// The longest value that is held whole. Longer ones are stepped over.
    static constexpr std::size_t kMaxValue = std::size_t{256} << 20;

    Stream(ByteSource& source, std::size_t window, const JobControl& job);

    /// Byte at the cursor + `ahead`; -1 at the end.
    int peek(std::size_t ahead = 0);
    void skip(std::size_t bytes) { m_at += bytes; }
    std::uint64_t offset() const { return m_origin + m_at; }
    /// White space and comments. Returns whether there was a comment.
    bool skipBlank();

    struct Value
    {
        enum class End : std::uint8_t {
            Whole,
            Cut,      ///< the text ends first
            NextNode, ///< a line inside begins the next node: some string of this one was not escaped
            TooLong   ///< only the front is there; the cursor must be moved with drop()
        };
        std::string_view text;
        End end = End::Whole;
    };
    /// Which lines begin a node: those with `{ "id":` or those with `{ "name":`. A file has one kind.
    enum class Watch : std::uint8_t { Nothing, IdLines, NameLines };
    /// The kind that the node at the cursor is of.
    Watch kindOfNode();
    /// The value at the cursor, which stays where it is.
    Value value(Watch watch, std::size_t limit = kMaxValue);
    /// Whether the byte behind a value of this length, as value() gave it, is one that may follow a value.
    bool valueMayEndAt(std::size_t length) const;
    /// Distance from the cursor to the next line that begins a node, at least `from` and less than `limit`; 0: none.
    std::size_t findNode(Watch watch, std::size_t from, std::size_t limit);
    /// What is in the window from the cursor on, at least `bytes` where the file has them.
    std::string_view ahead(std::size_t bytes);
    /// Steps over the value at the cursor without holding it.
    void drop();
    /// Reads to the end of the file without looking.
    void drain();

    /// The system's error, or Cancelled; the stream then looks as if it ended.
    const Status& status() const { return m_status; }

private:
    struct Scan
    {
        std::size_t at = 0; // from the cursor
        std::size_t open = 0;
        bool inString = false;
        bool word = false;
    };
    enum class Step : std::uint8_t { Going, More, Ended, Node };
    Step scan(Scan& scan, Watch watch) const;
    enum class Line : std::uint8_t { NoNode, IdFirst, NameFirst, Unknown };
    Line lineAt(std::size_t newline, std::size_t& behindBlank) const;
    Step passNewline(Scan& scan, Watch watch) const;
    Step passString(Scan& scan, Watch watch) const;
    Step passOutside(Scan& scan, Watch watch) const;
    bool fill();

    std::string_view window() const { return std::string_view(m_buffer.get() + m_at, m_end - m_at); }

    ByteSource& m_source;
    const JobControl& m_job;
    std::unique_ptr<char[]> m_buffer;
    std::size_t m_capacity = 0;
    std::size_t m_at = 0, m_end = 0;
    std::uint64_t m_origin = 0; // in the file, of the buffer's first byte
    bool m_ended = false;
    Status m_status = Done{};
};

} // namespace opscope::et
