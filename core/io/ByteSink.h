#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace opscope {

/// Where bytes go: a file, gzip or plain, that is there as a whole or not at all. Written nameless (O_TMPFILE) or beside the target and
/// renamed by close(); destroyed before that, it leaves nothing. Errors are kept and told by close().
/// One thread at a time.
class ByteSink
{
public:
    virtual ~ByteSink() = default;
    virtual void write(std::string_view bytes) = 0;
    virtual bool good() const = 0;                ///< false: a write failed; close() says why
    virtual std::uint64_t written() const = 0;    ///< bytes taken, before packing
    /// Flushes, syncs, gives it its name.
    virtual Status close() = 0;

    enum class Packing { Plain, Gzip };
    /// Refuses with a sentence: a folder that is not there or not writable, a target that is no plain file.
    static Result<std::unique_ptr<ByteSink>> createFile(const std::string& path, Packing packing);
    /// Appends to `into` (borrowed), for tests.
    static std::unique_ptr<ByteSink> toMemory(std::string& into, Packing packing = Packing::Plain);
};

} // namespace opscope
