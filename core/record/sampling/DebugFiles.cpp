#include "core/record/sampling/DebugFiles.h"

#include <sys/stat.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

namespace opscope::sampling {

namespace {

constexpr std::uint64_t kMaxChecksummed = std::uint64_t{4} << 30;

std::string buildIdPath(const std::string& id)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (const char byte : id) {
        hex.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
        hex.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
    }
    return "/usr/lib/debug/.build-id/" + hex.substr(0, 2) + "/" + hex.substr(2) + ".debug";
}

std::uint32_t checksum(int descriptor)
{
    struct stat info{};
    if (fstat(descriptor, &info) != 0 || static_cast<std::uint64_t>(info.st_size) > kMaxChecksummed) return 0;
    std::vector<unsigned char> block(1 << 20);
    uLong crc = crc32(0, nullptr, 0);
    for (off_t at = 0;;) {
        const ssize_t got = pread(descriptor, block.data(), block.size(), at);
        if (got <= 0) return static_cast<std::uint32_t>(crc);
        crc = crc32(crc, block.data(), static_cast<uInt>(got));
        at += got;
    }
}

/// In the order in which gdb looks.
std::vector<std::string> candidates(const ElfFile::DebugLink& link, const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    const std::string folder = path.substr(0, slash + 1);
    return {folder + link.name, folder + ".debug/" + link.name, "/usr/lib/debug" + folder + link.name};
}

} // namespace

ElfFile findDebugFile(const ElfFile& program, const std::string& path, const TargetFiles& files)
{
    const std::string id = program.buildId();
    const auto tried = [&](FileHandle file, std::uint32_t crc) {
        if (!file || (id.empty() && checksum(file.get()) != crc)) return ElfFile();
        ElfFile debug(std::move(file));
        return debug && (id.empty() || debug.buildId() == id) ? std::move(debug) : ElfFile();
    };
    if (id.size() >= 2) {
        if (ElfFile debug = tried(files.open(buildIdPath(id)), 0)) return debug;
        if (ElfFile debug = tried(openHostFile(buildIdPath(id)), 0)) return debug;
    }
    const auto link = program.debugLink();
    if (!link) return {};
    for (const std::string& candidate : candidates(*link, path)) {
        if (ElfFile debug = tried(files.open(candidate), link->crc)) return debug;
        if (!candidate.starts_with("/usr/lib/debug/")) continue; // elsewhere the host has other files under this path
        if (ElfFile debug = tried(openHostFile(candidate), link->crc)) return debug;
    }
    return {};
}

} // namespace opscope::sampling
