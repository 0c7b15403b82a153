#include "core/io/InflateEngines.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <zlib.h>

namespace opscope {

namespace {

constexpr std::size_t kWindow = 32768;
constexpr int kEndOfBlock = 128, kLastBlock = 64, kUnusedBits = 7; // of z_stream::data_type after Z_BLOCK

class ZlibInflate final : public Inflate
{
public:
    ZlibInflate()
    {
        if (inflateInit2(&m_stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    }
    ~ZlibInflate() override { inflateEnd(&m_stream); }
    ZlibInflate(const ZlibInflate&) = delete;
    ZlibInflate& operator=(const ZlibInflate&) = delete;

    void reset() override
    {
        inflateReset(&m_stream);
        m_atBlock = false;
    }

    Step run(std::span<const char> input, std::span<char> output) override
    {
        constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
        const std::size_t inSize = std::min(input.size(), kMost), outSize = std::min(output.size(), kMost);
        m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data())); // zlib does not write to it
        m_stream.avail_in = static_cast<uInt>(inSize);
        m_stream.next_out = reinterpret_cast<Bytef*>(output.data());
        m_stream.avail_out = static_cast<uInt>(outSize);
        const int status = inflate(&m_stream, Z_BLOCK);
        Step step{static_cast<std::ptrdiff_t>(inSize - m_stream.avail_in), outSize - m_stream.avail_out, State::More};
        if (status == Z_STREAM_END) step.state = State::Done;
        if (status == Z_DATA_ERROR || status == Z_NEED_DICT || status == Z_STREAM_ERROR) step.state = State::Bad;
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (step.consumed > 0) m_lastByte = input[static_cast<std::size_t>(step.consumed) - 1];
        m_atBlock = (m_stream.data_type & kEndOfBlock) != 0 && (m_stream.data_type & kLastBlock) == 0;
        return step;
    }

    std::uint32_t crc(std::uint32_t before, std::span<const char> bytes) const override
    {
        return static_cast<std::uint32_t>(
            crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    }

    // Between two blocks a few bits of the last byte and the 32 KiB window are all there is (as in zlib's zran.c).
    std::string save() const override
    {
        if (!m_atBlock) return {};
        std::string saved(2 + kWindow, '\0');
        saved[0] = static_cast<char>(m_stream.data_type & kUnusedBits);
        saved[1] = m_lastByte;
        uInt length = kWindow;
        if (inflateGetDictionary(&m_stream, reinterpret_cast<Bytef*>(saved.data() + 2), &length) != Z_OK) return {};
        saved.resize(2 + length);
        return saved;
    }

    bool load(std::string_view saved) override
    {
        if (saved.size() < 2 || saved.size() > 2 + kWindow || saved[0] < 0 || saved[0] > kUnusedBits) return false;
        reset();
        const int bits = saved[0];
        if (bits > 0 && inflatePrime(&m_stream, bits, static_cast<unsigned char>(saved[1]) >> (8 - bits)) != Z_OK) {
            return false;
        }
        return inflateSetDictionary(&m_stream, reinterpret_cast<const Bytef*>(saved.data() + 2),
                                    static_cast<uInt>(saved.size() - 2)) == Z_OK;
    }

private:
    mutable z_stream m_stream = {}; // inflateGetDictionary wants it writable, but only reads
    char m_lastByte = 0;
    bool m_atBlock = false;
};

} // namespace

std::unique_ptr<Inflate> makeZlibInflate()
{
    return std::make_unique<ZlibInflate>();
}

std::string deflateWithZlib(std::string_view bytes)
{
    z_stream stream = {};
    if (deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); // zlib does not write to it
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    packed.resize(whole ? stream.total_out : 0);
    deflateEnd(&stream);
    return packed;
}

} // namespace opscope
