#pragma once

#include "core/io/Inflate.h"

#include <memory>
#include <string>
#include <string_view>

namespace opscope {

/// One gzip member, header and trailer included, without time and name: the same bytes give the same file.
class Deflate
{
public:
    virtual ~Deflate() = default;
    enum class More : std::uint8_t { Follows, No };
    /// Appends what came out of it to `out`; behind More::No nothing may be given. False: the library failed.
    virtual bool pack(std::string_view bytes, More more, std::string& out) = 0;
};

/// Best is ISA-L when it was there at build time (five times faster at about the same size as zlib's quick levels), else zlib.
std::unique_ptr<Deflate> makeDeflate(InflateEngine engine = InflateEngine::Best);

} // namespace opscope
