#include "core/record/daemon/DaemonSocket.h"

#include "core/record/Presentable.h"
#include "core/record/daemon/DaemonProtocol.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace opscope::daemon {
namespace {

constexpr std::string_view kName = "dynolog";
constexpr std::size_t kLongestName = 106;

/// Abstract names have a NUL at both ends, and the second one belongs to the name: without it nothing arrives.
socklen_t address(const std::string& file, sockaddr_un& to)
{
    to = {};
    to.sun_family = AF_UNIX;
    char* name = to.sun_path + (file.empty() ? 1 : 0);
    const std::string_view text = file.empty() ? kName : std::string_view(file);
    std::memcpy(name, text.data(), text.size());
    return static_cast<socklen_t>(name + text.size() + 1 - reinterpret_cast<char*>(&to));
}

Error occupied(const std::string& file)
{
    return {.code = ErrorCode::CannotOpen,
            .message = file.empty() ? "Another Kineto daemon (dynolog, or a second Opscope) is running on this machine"
                                    : "Another Kineto daemon has the socket " + presentable(file),
            .byteOffset = {}};
}

Error cannot(const std::string& what)
{
    return {.code = ErrorCode::CannotOpen, .message = what + ": " + std::strerror(errno), .byteOffset = {}};
}

/// Whether anyone receives there. A file that is left over of a dead daemon refuses.
bool answered(const sockaddr_un& to, socklen_t bytes)
{
    const int probe = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&to), bytes) == 0 || errno != ECONNREFUSED;
    ::close(probe);
    return connected;
}

} // namespace

DaemonSocket::DaemonSocket(DaemonSocket&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1)), m_file(std::exchange(other.m_file, {})), m_inode(other.m_inode)
{
}

DaemonSocket::~DaemonSocket()
{
    if (m_descriptor < 0) return;
    ::close(m_descriptor);
    struct stat about = {};
    if (!m_file.empty() && m_inode && ::lstat(m_file.c_str(), &about) == 0 && S_ISSOCK(about.st_mode) && about.st_ino == m_inode) ::unlink(m_file.c_str());
}

Result<DaemonSocket> DaemonSocket::open(const std::string& socketFolder)
{
    DaemonSocket socket;
    if (const Status bound = socket.bind(socketFolder); !bound) return bound.error();
    return socket;
}

Status DaemonSocket::bind(const std::string& socketFolder)
{
    if (!socketFolder.empty()) m_file = socketFolder + "/" + std::string(kName);
    if (m_file.size() > kLongestName)
        return Error{ErrorCode::Usage, "The folder of the process's Kineto sockets has too long a name: " + presentable(socketFolder), {}};
    m_descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (m_descriptor < 0) return cannot("No socket can be made");
    const int on = 1; // before there is a name, so that no datagram comes without credentials
    if (::setsockopt(m_descriptor, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return cannot("The system does not tell who sends");
    if (!m_file.empty()) return bindFile();
    sockaddr_un name;
    const socklen_t bytes = address(m_file, name);
    if (::bind(m_descriptor, reinterpret_cast<const sockaddr*>(&name), bytes) == 0) return Done{};
    return errno == EADDRINUSE ? occupied(m_file) : cannot("The name of the Kineto daemon cannot be taken");
}

Status DaemonSocket::bindFile()
{
    sockaddr_un name;
    const socklen_t bytes = address(m_file, name);
    const auto bound = [&] { return ::bind(m_descriptor, reinterpret_cast<const sockaddr*>(&name), bytes) == 0; };
    struct stat about = {};
    if (!bound()) {
        if (errno != EADDRINUSE) return cannot("The socket " + presentable(m_file) + " cannot be made");
        if (::lstat(m_file.c_str(), &about) != 0 || !S_ISSOCK(about.st_mode) || answered(name, bytes)) return occupied(m_file);
        if (::unlink(m_file.c_str()) != 0 || !bound()) return cannot("The socket " + presentable(m_file) + " cannot be made");
    }
    if (::lstat(m_file.c_str(), &about) == 0) m_inode = about.st_ino;
    ::chmod(m_file.c_str(), ::geteuid() == 0 ? 0666 : 0600); // root records others', and who may come in is the folder's matter
    return Done{};
}

std::optional<Datagram> DaemonSocket::receive() const
{
    Datagram got{.bytes = std::string(kMostDatagram, '\0')};
    iovec piece{got.bytes.data(), got.bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    msghdr message = {};
    message.msg_name = &got.from;
    message.msg_namelen = sizeof got.from;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(m_descriptor, &message, MSG_CMSG_CLOEXEC); // descriptors that somebody sends do not fit and are closed
    if (size < 0) return errno == EINTR ? std::optional(Datagram{}) : std::nullopt;
    got.fromBytes = message.msg_namelen;
    for (cmsghdr* about = CMSG_FIRSTHDR(&message); about; about = CMSG_NXTHDR(&message, about)) {
        if (about->cmsg_level != SOL_SOCKET || about->cmsg_type != SCM_CREDENTIALS) continue;
        ucred who;
        std::memcpy(&who, CMSG_DATA(about), sizeof who);
        got.pid = who.pid;
        got.user = who.uid;
    }
    const bool named = got.fromBytes > offsetof(sockaddr_un, sun_path) + 1;
    const bool sameKind = named && (got.from.sun_path[0] == '\0') == m_file.empty();
    got.bytes.resize(sameKind && !(message.msg_flags & MSG_TRUNC) ? static_cast<std::size_t>(size) : 0);
    return got;
}

void DaemonSocket::answer(const Datagram& to, std::string_view bytes) const
{
    static_cast<void>(::sendto(m_descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to.from), to.fromBytes));
}

} // namespace opscope::daemon
