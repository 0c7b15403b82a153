#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace opscope {

/// Where bytes go: a file, gzip or plain, that is there as a whole or not at all. Written nameless (O_TMPFILE) or, where the file
/// system cannot do that, beside the target as ".NAME.partPID", and renamed by close(); destroyed before that, it leaves nothing.
/// Errors are kept and told by finish() and close(). One thread at a time. Packing runs on a thread of the sink's own.
class ByteSink
{
public:
    virtual ~ByteSink() = default;
    virtual void write(std::string_view bytes) = 0;
    virtual bool good() const = 0;                ///< false: a write failed; close() says why
    virtual std::uint64_t written() const = 0;    ///< bytes taken, before packing
    virtual std::uint64_t packed() const = 0;     ///< bytes on disk; good once finish() or close() returned
    /// Everything is packed, written and synced; only the name is missing. So that several files can be made before the first gets
    /// its name. Nothing is taken behind it.
    virtual Status finish() = 0;
    /// finish(), if nobody called it, and gives it its name. What had the name is replaced in one step.
    virtual Status close() = 0;

    enum class Packing { Plain, Gzip };
    /// Refuses with a sentence: a folder that is not there or not writable, a target that is no plain file or write-protected.
    /// A target that is a link stays one: the file that it leads to is replaced.
    static Result<std::unique_ptr<ByteSink>> createFile(const std::string& path, Packing packing);
    /// Appends to `into` (borrowed), for tests.
    static std::unique_ptr<ByteSink> toMemory(std::string& into, Packing packing = Packing::Plain);
};

} // namespace opscope
