#include "core/io/InflateEngines.h"

#ifdef OPSCOPE_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#endif

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

namespace opscope {

#ifdef OPSCOPE_ISAL

namespace {

class IsalInflate final : public Inflate
{
public:
    IsalInflate() { reset(); }

    void reset() override
    {
        isal_inflate_init(&m_state);
        m_state.crc_flag = ISAL_DEFLATE;
    }

    Step run(std::span<const char> input, std::span<char> output) override
    {
        constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
        const std::size_t inSize = std::min(input.size(), kMost), outSize = std::min(output.size(), kMost);
        m_state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data())); // only read from
        m_state.avail_in = static_cast<std::uint32_t>(inSize);
        m_state.next_out = reinterpret_cast<std::uint8_t*>(output.data());
        m_state.avail_out = static_cast<std::uint32_t>(outSize);
        const int status = isal_inflate(&m_state);
        Step step{static_cast<std::ptrdiff_t>(inSize - m_state.avail_in), outSize - m_state.avail_out, State::More};
        if (status < 0 || status == ISAL_NEED_DICT) {
            step.state = State::Bad;
        } else if (m_state.block_state == ISAL_BLOCK_FINISH) {
            step.state = State::Done;
            step.consumed -= m_state.read_in_length / 8; // it loads eight bytes at a time and keeps what is behind the end
            m_state.read_in_length = 0;
        }
        return step;
    }

    std::uint32_t crc(std::uint32_t before, std::span<const char> bytes) const override
    {
        return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    }

    // The state has no pointers but those to input and output, which run() sets anew: its bytes are all there is.
    std::string save() const override
    {
        std::string saved(sizeof m_state, '\0');
        std::memcpy(saved.data(), &m_state, sizeof m_state);
        return saved;
    }

    bool load(std::string_view saved) override
    {
        if (saved.size() != sizeof m_state) return false;
        std::memcpy(&m_state, saved.data(), sizeof m_state);
        return true;
    }

private:
    static_assert(std::is_trivially_copyable_v<inflate_state>);
    inflate_state m_state = {};
};

} // namespace

std::unique_ptr<Inflate> makeIsalInflate()
{
    return std::make_unique<IsalInflate>();
}

std::string deflateWithIsal(std::string_view bytes)
{
    isal_zstream stream = {};
    isal_deflate_stateless_init(&stream);
    std::string work(ISAL_DEF_LVL1_DEFAULT, '\0'), packed(bytes.size() + bytes.size() / 8 + 1024, '\0');
    stream.level = 1;
    stream.level_buf = reinterpret_cast<std::uint8_t*>(work.data());
    stream.level_buf_size = static_cast<std::uint32_t>(work.size());
    stream.end_of_stream = 1;
    stream.flush = NO_FLUSH;
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data())); // only read from
    stream.avail_in = static_cast<std::uint32_t>(bytes.size());
    stream.next_out = reinterpret_cast<std::uint8_t*>(packed.data());
    stream.avail_out = static_cast<std::uint32_t>(packed.size());
    const bool whole = isal_deflate_stateless(&stream) == COMP_OK && stream.avail_in == 0;
    packed.resize(whole ? stream.total_out : 0);
    return packed;
}

#else

std::string deflateWithIsal(std::string_view)
{
    return {};
}

std::unique_ptr<Inflate> makeIsalInflate()
{
    return nullptr;
}

#endif

std::unique_ptr<Inflate> makeInflate(InflateEngine engine)
{
    auto isal = engine == InflateEngine::Zlib ? nullptr : makeIsalInflate();
    if (isal || engine == InflateEngine::Isal) return isal;
    return makeZlibInflate();
}

std::string deflateQuickly(std::string_view bytes)
{
    std::string packed = deflateWithIsal(bytes);
    if (packed.empty()) packed = deflateWithZlib(bytes);
    packed.shrink_to_fit();
    return packed;
}

bool isAvailable(InflateEngine engine)
{
#ifdef OPSCOPE_ISAL
    constexpr bool kIsal = true;
#else
    constexpr bool kIsal = false;
#endif
    return engine != InflateEngine::Isal || kIsal;
}

} // namespace opscope
