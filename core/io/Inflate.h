#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace opscope {

/// Which library unpacks. Best is ISA-L when it was there at build time (three times faster), else zlib.
enum class InflateEngine : std::uint8_t { Best, Zlib, Isal };
bool isAvailable(InflateEngine engine);

/// One raw deflate stream, the body of a gzip member: both libraries behind one small interface.
/// Header and trailer are GzipSource's business.
class Inflate
{
public:
    virtual ~Inflate() = default;

    enum class State : std::uint8_t { More, Done, Bad };
    struct Step
    {
        /// Input used up; may be negative (at most kGiveBack): the end of the stream lay in an earlier piece of input.
        std::ptrdiff_t consumed = 0;
        std::size_t produced = 0;
        State state = State::More;
    };
    /// Bytes in front of the input that must still be there, because a finished stream may give them back.
    static constexpr std::size_t kGiveBack = 8;

    /// Before each member.
    virtual void reset() = 0;
    /// Goes on until input or output are used up, the stream ends, or it is bad. May stop earlier (zlib: at a block's end).
    virtual Step run(std::span<const char> input, std::span<char> output) = 0;
    virtual std::uint32_t crc(std::uint32_t before, std::span<const char> bytes) const = 0;

    /// Everything needed to go on from here later, with the input behind the last `consumed`. Empty: not possible just here.
    virtual std::string save() const = 0;
    /// Takes what save() of the same engine gave. False when it is something else.
    virtual bool load(std::string_view saved) = 0;
};

/// Best never fails; an engine that is not available gives null.
std::unique_ptr<Inflate> makeInflate(InflateEngine engine);

/// Raw deflate at the quickest level of the best library; empty when there is no memory.
std::string deflateQuickly(std::string_view bytes);

} // namespace opscope
