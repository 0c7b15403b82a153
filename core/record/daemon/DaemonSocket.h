#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

namespace opscope::daemon {

/// What came, and from whom: pid and user are the kernel's word (SO_PASSCRED), the rest is the sender's.
struct Datagram
{
    std::string bytes;
    pid_t pid = 0;            ///< in our namespace of processes; 0: it is not to be seen from there
    uid_t user = 0;
    sockaddr_un from = {};    ///< to be answered exactly as it came
    socklen_t fromBytes = 0;
};

/// The daemon's end: a datagram socket under the name that clients send to. Gives the name back when it goes.
class DaemonSocket
{
public:
    /// `socketFolder`: of KINETO_IPC_SOCKET_DIR, to the letter as the clients have it (one of another name makes them abort); empty: the abstract
    /// name, which has no permissions and is seen by everyone on this machine. Error: a sentence; another daemon has the name.
    static Result<DaemonSocket> open(const std::string& socketFolder);
    DaemonSocket(DaemonSocket&& other) noexcept;
    DaemonSocket& operator=(DaemonSocket&&) = delete;
    ~DaemonSocket();

    int descriptor() const { return m_descriptor; }
    /// Nothing: none is there. What is too long, has no sender that can be answered, or one of the other kind of name, comes with no bytes.
    std::optional<Datagram> receive() const;
    /// Does not wait: a client whose queue is full gets none, and asks again.
    void answer(const Datagram& to, std::string_view bytes) const;

private:
    DaemonSocket() = default;
    Status bind(const std::string& socketFolder);
    Status bindFile();

    int m_descriptor = -1;
    std::string m_file;           ///< empty: abstract
    ino_t m_inode = 0;            ///< of the file, so that nobody else's is removed
};

} // namespace opscope::daemon
