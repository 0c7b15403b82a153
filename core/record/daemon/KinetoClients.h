#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace opscope::daemon {

/// The sockets of Kineto in this network namespace, from one reading of /proc/net/unix: some 5 ms for 5,000 sockets, nothing is opened or bound.
/// Names are made by strangers; only those of Kineto's form are kept.
class KinetoClients
{
public:
    /// Another root is for tests.
    static KinetoClients read(const std::string& root = "/proc");

    /// The endpoint whose socket this process has open: "dynoconfigclient<uuid>", or the path of its socket as the process wrote it
    /// (KINETO_IPC_SOCKET_DIR). Empty: none, it is not ours to look into, or it was inherited from its parent, which has it open too (data-loader
    /// workers have no thread that asks). 2 ms for a process with 1,000 files open.
    std::string endpointOf(pid_t pid) const;
    /// Whether some daemon has the name that clients of `socketFolder` (empty: abstract names) send to.
    bool hasDaemon(std::string_view socketFolder = {}) const;
    bool empty() const { return m_endpoints.empty(); }

private:
    bool holds(pid_t pid, std::uint64_t inode) const;

    std::string m_root;
    std::unordered_map<std::uint64_t, std::string> m_endpoints; ///< of clients, by the inode of the socket
    std::vector<std::string> m_daemons;                         ///< their socket folders, empty for the abstract name
};

/// The folder of an endpoint that is a socket file, as the process wrote it: what the daemon's name must begin with, to the letter. Empty: abstract.
std::string_view socketFolderOf(std::string_view endpoint);

} // namespace opscope::daemon
