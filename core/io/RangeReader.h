#pragma once

#include "core/base/Result.h"
#include "core/io/ByteSink.h"
#include "core/io/ByteSource.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace opscope {

/// Ranges of a source in ascending order, read once from front to back: memory is a window, or one range when it is to be seen whole.
class RangeReader
{
public:
    explicit RangeReader(ByteSource& source) : m_source(source), m_window(kWindow) {}

    /// The range; good until the next call. Ranges must not begin in front of earlier ones. Error: the source ends before it does.
    Result<std::string_view> view(std::uint64_t offset, std::uint64_t length);
    /// The same, straight to the sink.
    Status copy(std::uint64_t offset, std::uint64_t length, ByteSink& sink);
    /// Everything that is left.
    Status copyRest(ByteSink& sink);

private:
    static constexpr std::size_t kWindow = std::size_t{1} << 20;
    static Error endsEarly() { return {ErrorCode::CannotRead, "The file ends before what was read of it", {}}; }
    Status moveTo(std::uint64_t offset);
    Result<bool> fill();
    std::string_view here() const { return {m_window.data() + m_begin, m_end - m_begin}; }

    ByteSource& m_source;
    std::vector<char> m_window;
    std::size_t m_begin = 0, m_end = 0;
    std::uint64_t m_offset = 0; ///< in the source, of m_begin
};

} // namespace opscope
