#include "core/record/inject/program/TargetMemory.h"

#include <sys/uio.h>

namespace opscope::inject {

bool readMemory(pid_t pid, std::uint64_t address, std::span<std::byte> into)
{
    const iovec here{into.data(), into.size()}, there{reinterpret_cast<void*>(address), into.size()};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(into.size());
}

bool writeMemory(pid_t pid, std::uint64_t address, std::span<const std::byte> from)
{
    const iovec here{const_cast<std::byte*>(from.data()), from.size()}, there{reinterpret_cast<void*>(address), from.size()};
    return process_vm_writev(pid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(from.size());
}

} // namespace opscope::inject
