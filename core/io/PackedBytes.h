#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <span>
#include <string>

namespace opscope {

/// The bytes of a file as they lie on disk, or a borrowed piece of memory, readable at any place.
/// Owns its descriptor. Reading at a place is thread-safe.
class PackedBytes
{
public:
    /// Missing, unreadable, a folder, a pipe: a sentence that says so. An empty file is ErrorCode::Empty.
    static Result<PackedBytes> openFile(const std::string& path);
    static PackedBytes memory(std::span<const char> bytes);
    PackedBytes(PackedBytes&& other) noexcept;
    PackedBytes& operator=(PackedBytes&&) = delete;
    ~PackedBytes();

    /// As many bytes as there are from `offset`, up to into.size(); fewer only at the end.
    Result<std::size_t> readAt(std::uint64_t offset, std::span<char> into) const;
    std::uint64_t size() const { return m_size; }
    std::int64_t modifiedNs() const { return m_modifiedNs; } ///< 0 for memory
    int descriptor() const { return m_descriptor; }          ///< -1 for memory
    /// Gzip by its first three bytes: magic and "deflate", the only method there is.
    Result<bool> looksLikeGzip() const;

private:
    PackedBytes() = default;

    int m_descriptor = -1;
    std::span<const char> m_memory;
    std::uint64_t m_size = 0;
    std::int64_t m_modifiedNs = 0;
};

} // namespace opscope
