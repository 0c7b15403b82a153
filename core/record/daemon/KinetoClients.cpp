#include "core/record/daemon/KinetoClients.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <utility>
#include <sstream>

#include <dirent.h>
#include <memory>
#include <unistd.h>

namespace opscope::daemon {
namespace {

constexpr std::string_view kClient = "dynoconfigclient", kDaemon = "dynolog";
constexpr std::size_t kUuid = 36;
constexpr std::size_t kMostSockets = 1u << 20; // of a file that the kernel makes: never reached
constexpr std::size_t kMostFiles = 1u << 16;   // open in one process

struct Socket
{
    std::uint64_t inode = 0;
    std::string_view name = {}; // abstract ones without '@' and the NUL at their end, which is shown as '@'
    bool abstract = false;
};

/// "00000000c4bdfc49: 00000002 00000000 00000000 0002 01 2798661 @dynolog@"
std::optional<Socket> parseLine(std::string_view line)
{
    std::size_t at = 0;
    const auto word = [&] {
        at = std::min(line.find_first_not_of(' ', at), line.size());
        const std::size_t end = std::min(line.find(' ', at), line.size());
        return line.substr(std::exchange(at, end), end - at);
    };
    for (int column = 0; column < 6; ++column) word();
    const std::string_view digits = word();
    Socket socket;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), socket.inode);
    if (problem != std::errc() || end != digits.data() + digits.size() || at + 1 >= line.size()) return std::nullopt;
    socket.name = line.substr(at + 1);
    if (socket.name.starts_with('@')) {
        if (!socket.name.ends_with('@') || socket.name.size() < 2) return std::nullopt; // without the NUL it is nobody's of Kineto's
        socket.name = socket.name.substr(1, socket.name.size() - 2);
        socket.abstract = true;
    }
    return socket;
}

std::string_view lastPart(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

bool isClient(std::string_view name)
{
    if (!name.starts_with(kClient) || name.size() != kClient.size() + kUuid) return false;
    return std::all_of(name.begin() + kClient.size(), name.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-'; });
}

/// Calls `of` with the inode of each socket that the process has open, until it returns false.
template <class Of>
void eachSocket(const std::string& folder, Of of)
{
    const std::unique_ptr<DIR, int (*)(DIR*)> files(::opendir(folder.c_str()), ::closedir);
    if (!files) return;
    std::size_t seen = 0;
    while (const dirent* file = ::readdir(files.get())) {
        if (++seen > kMostFiles) return;
        char target[64];
        const ssize_t length = ::readlinkat(::dirfd(files.get()), file->d_name, target, sizeof target);
        const std::string_view link(target, length > 0 ? static_cast<std::size_t>(length) : 0);
        constexpr std::string_view kSocket = "socket:[";
        if (!link.starts_with(kSocket)) continue;
        std::uint64_t inode = 0;
        std::from_chars(link.data() + kSocket.size(), link.data() + link.size(), inode);
        if (inode && !of(inode)) return;
    }
}

pid_t parentOf(const std::string& root, pid_t pid)
{
    std::ifstream stat(root + "/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text, '\0');
    const std::size_t close = text.rfind(')'); // names of programs hold anything
    if (close == text.npos) return 0;
    std::istringstream rest(text.substr(close + 1));
    char state = 0;
    pid_t parent = 0;
    rest >> state >> parent;
    return rest ? parent : 0;
}

} // namespace

std::string_view socketFolderOf(std::string_view endpoint)
{
    const std::size_t slash = endpoint.find_last_of('/');
    return slash == endpoint.npos ? std::string_view{} : endpoint.substr(0, slash);
}

KinetoClients KinetoClients::read(const std::string& root)
{
    KinetoClients clients;
    clients.m_root = root;
    std::ifstream list(root + "/net/unix");
    std::size_t lines = 0;
    for (std::string line; lines < kMostSockets && std::getline(list, line); ++lines) {
        const auto socket = parseLine(line);
        if (!socket) continue;
        const std::string_view last = lastPart(socket->name);
        if (socket->abstract != (last.size() == socket->name.size())) continue; // files are seen by their path
        if (last == kDaemon) clients.m_daemons.emplace_back(socketFolderOf(socket->name));
        else if (isClient(last)) clients.m_endpoints.emplace(socket->inode, socket->name);
    }
    return clients;
}

bool KinetoClients::hasDaemon(std::string_view socketFolder) const
{
    return std::find(m_daemons.begin(), m_daemons.end(), socketFolder) != m_daemons.end();
}

bool KinetoClients::holds(pid_t pid, std::uint64_t inode) const
{
    bool found = false;
    eachSocket(m_root + "/" + std::to_string(pid) + "/fd", [&](std::uint64_t open) { return !(found = open == inode); });
    return found;
}

std::string KinetoClients::endpointOf(pid_t pid) const
{
    if (m_endpoints.empty()) return {};
    std::string endpoint;
    eachSocket(m_root + "/" + std::to_string(pid) + "/fd", [&](std::uint64_t inode) {
        const auto known = m_endpoints.find(inode);
        if (known == m_endpoints.end()) return true;
        if (const pid_t parent = parentOf(m_root, pid); parent > 1 && holds(parent, inode)) return true;
        endpoint = known->second;
        return false;
    });
    return endpoint;
}

} // namespace opscope::daemon
