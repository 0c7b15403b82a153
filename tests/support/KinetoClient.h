#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <poll.h>
#include <random>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace opscope::test {

/// The process's side of Kineto's daemon protocol, written from its description (recording-pytorch.md 2.2 and 2.3) and by hand, so that ours is not
/// tested with itself.
class KinetoClient
{
public:
    /// `folder`: KINETO_IPC_SOCKET_DIR; empty: abstract names.
    explicit KinetoClient(std::string folder = {}) : m_folder(std::move(folder)), m_endpoint(endpoint())
    {
        m_socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const auto [name, bytes] = addressOf(m_endpoint);
        if (::bind(m_socket, reinterpret_cast<const sockaddr*>(&name), bytes) != 0) m_endpoint.clear();
    }
    KinetoClient(const KinetoClient&) = delete;
    KinetoClient& operator=(const KinetoClient&) = delete;
    ~KinetoClient()
    {
        ::close(m_socket);
        if (!m_folder.empty()) ::unlink(m_endpoint.c_str());
    }

    /// As /proc/net/unix and TorchProcess have it; empty: it could not be bound.
    const std::string& name() const { return m_endpoint; }
    int descriptor() const { return m_socket; }

    bool send(std::string_view datagram) const
    {
        const auto [to, bytes] = addressOf(m_folder.empty() ? "dynolog" : m_folder + "/dynolog");
        return ::sendto(m_socket, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to), bytes) == static_cast<ssize_t>(datagram.size());
    }
    bool ask(bool ready, const std::vector<std::int32_t>& pids = {::getpid()}) const { return send(request(ready ? 2 : 0, pids)); }

    /// The next datagram whole; nothing within the time.
    std::optional<std::string> receive(std::chrono::milliseconds atMost = std::chrono::seconds(20)) const
    {
        pollfd watched{m_socket, POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(atMost.count())) <= 0) return std::nullopt;
        std::string bytes(65536, '\0');
        const ssize_t size = ::recv(m_socket, bytes.data(), bytes.size(), 0);
        if (size < 0) return std::nullopt;
        bytes.resize(static_cast<std::size_t>(size));
        return bytes;
    }
    /// Asks, and the configuration of the answer. Nothing: no answer, or a bad one.
    std::optional<std::string> request(bool ready) const
    {
        if (!ask(ready)) return std::nullopt;
        const auto bytes = receive();
        if (!bytes || bytes->size() < 40 || std::strcmp(bytes->data() + 8, "req") != 0) return std::nullopt;
        std::uint64_t size = 0;
        std::memcpy(&size, bytes->data(), sizeof size);
        return size == bytes->size() - 40 ? std::optional(bytes->substr(40)) : std::nullopt;
    }

    static std::string datagram(std::string_view type, const std::string& rest)
    {
        std::string bytes = number<std::uint64_t>(rest.size());
        bytes.append(type).append(32 - type.size(), '\0');
        return bytes + rest;
    }
    static std::string request(std::int32_t types, const std::vector<std::int32_t>& pids, std::int64_t job = 0)
    {
        std::string rest = number(types) + number(static_cast<std::int32_t>(pids.size())) + number(job);
        for (const std::int32_t pid : pids) rest += number(pid);
        return datagram("req", rest);
    }
    static std::string registration(std::int32_t pid, std::int64_t job = 0) { return datagram("ctxt", number(std::int32_t{0}) + number(pid) + number(job)); }
    template <class T>
    static std::string number(T value)
    {
        std::string bytes(sizeof value, '\0');
        std::memcpy(bytes.data(), &value, sizeof value);
        return bytes;
    }

private:
    std::string endpoint() const
    {
        std::random_device random;
        std::string name = "dynoconfigclient";
        for (int i = 0; i < 36; ++i) name += i == 8 || i == 13 || i == 18 || i == 23 ? '-' : "0123456789abcdef"[random() % 16];
        return m_folder.empty() ? name : m_folder + "/" + name;
    }
    static std::pair<sockaddr_un, socklen_t> addressOf(const std::string& name)
    {
        sockaddr_un to = {};
        to.sun_family = AF_UNIX;
        const std::size_t at = name.starts_with('/') ? 0 : 1; // abstract: a NUL before the name and one behind it
        std::memcpy(to.sun_path + at, name.data(), name.size());
        return {to, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + at + name.size() + 1)};
    }

    std::string m_folder, m_endpoint;
    int m_socket = -1;
};

} // namespace opscope::test
