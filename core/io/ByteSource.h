#pragma once

#include "core/base/Diagnostics.h"
#include "core/base/Result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace opscope {

/// Where a .gz can be entered again: the whole inflate state every 8 MiB of unpacked bytes, deflated to keep it small.
/// Immutable once made; shared by the Trace and every reader.
class RestartPoints;

/// The unpacked bytes of a plain or gzip file, or of memory, in the order of the file, in pieces of bounded size.
/// Content decides what is gzip, not the name; several members are one stream. Damage is noted, never fatal once bytes flowed:
/// the stream then ends early (CompressedDataCut, CompressedDataDamaged) or says TrailingBytes.
/// One thread at a time; movable to another thread between calls.
class ByteSource
{
public:
    virtual ~ByteSource() = default;

    /// Fills `into` as far as bytes are left; returns how many. 0 is the end. Errors are those of the system only.
    virtual Result<std::size_t> read(std::span<char> into) = 0;
    /// The first bytes, at most `limit` (fewer only when the file is shorter), without moving position(). Before the first
    /// read() only; good until then.
    virtual Result<std::string_view> head(std::size_t limit) = 0;
    /// Bytes of the *packed* file consumed so far, for progress; packedSize() is what it counts towards.
    virtual std::uint64_t packedPosition() const = 0;
    virtual std::uint64_t packedSize() const = 0;
    virtual bool gzip() const = 0;
    virtual std::uint32_t gzipMembers() const = 0;
    /// mtime of the file, 0 for memory.
    virtual std::int64_t modifiedNs() const = 0;
    /// The stream ended where the packed bytes make no sense: what read() gave last may be made of damage, for inflating notices
    /// late. (Not for a member that only fails its checksum: nothing says where it differs.)
    virtual bool endedInDamage() const { return false; }
    /// Unpacked position of the next byte.
    std::uint64_t position() const { return m_position; }
    /// What was wrong with the container so far.
    const Diagnostics& diagnostics() const { return m_diagnostics; }
    /// Points taken so far; null for plain files. Call after the end.
    virtual std::shared_ptr<const RestartPoints> takeRestartPoints() { return nullptr; }
    /// Only for plain files: a descriptor for pread() from several threads, -1 otherwise. Borrowed.
    virtual int descriptor() const { return -1; }

    static Result<std::unique_ptr<ByteSource>> openFile(const std::string& path);
    /// Borrows the bytes; gzip inside is unpacked as well.
    static Result<std::unique_ptr<ByteSource>> openMemory(std::span<const char> bytes);
    /// `source` up to `end`, where it says CompressedDataDamaged: what comes behind is not to be trusted.
    static std::unique_ptr<ByteSource> limited(std::unique_ptr<ByteSource> source, std::uint64_t end);

protected:
    std::uint64_t m_position = 0;
    Diagnostics m_diagnostics;
};

/// Reads `length` bytes at `offset` of the unpacked file again, for the detail pane: plain by pread, gzip from the nearest
/// restart point in milliseconds. Refuses (CannotRead) when size or mtime changed since the trace was read. Thread-safe.
Result<std::string> readAgain(const struct SourceFile& source, std::uint64_t offset, std::uint64_t length);

} // namespace opscope
