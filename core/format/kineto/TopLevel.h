#pragma once

#include "core/base/JobControl.h"
#include "core/format/Format.h"
#include "core/format/kineto/Feed.h"
#include "core/trace/TraceBuilder.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace opscope::kineto {

/// Everything outside of the event array: what shape the file has, and the members beside traceEvents, in front of it and
/// behind it. One byte at a time and without limits on what a value holds; values are kept up to TopLevelEntry::kKept.
class TopLevel
{
public:
    /// Reads the events from where the feed stands (behind the opening bracket, or at the first line) to behind them.
    /// Returns false when the source ended before the closing bracket.
    using ReadEvents = std::function<Result<bool>(bool lines)>;

    TopLevel(Feed& feed, SourceId source, TraceBuilder& builder, const JobControl& job, ReadEvents readEvents);
    Status read();

private:
    int peek();
    void next();
    bool fill();
    std::uint64_t position() const { return m_feed.position() - (m_buffer.size() - m_at); }
    int skipBlanks();
    void skipComment();
    bool isEventPerLine();
    Status readArray(bool lines);
    Status readObject();
    Status readMember();
    std::string readString();
    std::string readValue(std::uint64_t& length);
    void keep(std::string key, std::uint64_t keyOffset, std::string json, std::uint64_t offset, std::uint64_t length);
    void tellMessages(std::string_view key, std::string_view json, std::uint64_t offset);
    Status refuseSingleQuotes();
    Status readRest();
    Error problem(ErrorCode code, const std::string& message);

    Feed& m_feed;
    SourceId m_source;
    TraceBuilder& m_builder;
    const JobControl& m_job;
    ReadEvents m_readEvents;
    std::string m_buffer;
    std::size_t m_at = 0;
    std::uint64_t m_line = 1;
    bool m_ended = false;
    std::optional<Error> m_error;
    int m_arrays = 0;                       // event arrays read
    bool m_sourceEnded = false;             // within one
    std::optional<std::uint64_t> m_notArray; // where a traceEvents of another kind stands
    std::vector<std::string> m_keys;
};

Sniff sniff(std::string_view head);
/// What the value of baseTimeNanoseconds says, as a number or a string of digits.
std::optional<std::int64_t> baseTimeOf(std::string_view json);

} // namespace opscope::kineto
