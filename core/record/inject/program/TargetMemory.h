#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

namespace opscope::inject {

/// Bytes of another process; nothing in it is stopped for that. False: not all of it is there, or it is not ours to see.
bool readMemory(pid_t pid, std::uint64_t address, std::span<std::byte> into);
bool writeMemory(pid_t pid, std::uint64_t address, std::span<const std::byte> from);

template <class T>
bool readValue(pid_t pid, std::uint64_t address, T& value)
{
    return readMemory(pid, address, std::as_writable_bytes(std::span(&value, 1)));
}

} // namespace opscope::inject
