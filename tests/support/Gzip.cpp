#include "tests/support/Gzip.h"

#include "core/io/ByteSource.h"
#include "tests/support/Golden.h"

#include <zlib.h>

#include <span>

namespace opscope::test {

std::string gzip(std::string_view bytes, int level)
{
    z_stream stream = {};
    constexpr int kGzip = 16 + MAX_WBITS;
    if (deflateInit2(&stream, level, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string readUnpacked(const std::string& path)
{
    const std::string bytes = readFile(path);
    auto source = ByteSource::openMemory(bytes);
    std::string out;
    char piece[1 << 16];
    while (source) {
        const auto got = (*source)->read(piece);
        if (!got || *got == 0) break;
        out.append(piece, *got);
    }
    return out;
}

} // namespace opscope::test
