#include "core/record/daemon/DaemonProtocol.h"

#include <bit>
#include <cstring>

namespace opscope::daemon {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kHeader = 40, kTypeAt = 8, kTypeBytes = 32;
constexpr std::int32_t kActivities = 2; // of the type bits; 1 is obsolete
constexpr std::size_t kRegisterBytes = 16, kAskBytes = 16;

template <class T>
T take(std::string_view bytes, std::size_t at)
{
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

std::optional<ClientMessage> parseRegister(std::string_view rest)
{
    if (rest.size() != kRegisterBytes) return std::nullopt;
    const auto pid = take<std::int32_t>(rest, 4);
    if (pid <= 0) return std::nullopt;
    return ClientMessage{.kind = ClientMessage::Kind::Register, .job = take<std::int64_t>(rest, 8), .pids = {pid}};
}

std::optional<ClientMessage> parseAsk(std::string_view rest)
{
    if (rest.size() < kAskBytes) return std::nullopt;
    const auto count = take<std::int32_t>(rest, 4);
    if (count < 1 || static_cast<std::size_t>(count) != (rest.size() - kAskBytes) / sizeof(std::int32_t)) return std::nullopt;
    if ((rest.size() - kAskBytes) % sizeof(std::int32_t)) return std::nullopt;
    ClientMessage message{.job = take<std::int64_t>(rest, 8), .ready = (take<std::int32_t>(rest, 0) & kActivities) != 0};
    for (std::size_t at = kAskBytes; at < rest.size(); at += sizeof(std::int32_t)) message.pids.push_back(take<std::int32_t>(rest, at));
    if (message.pids.front() <= 0) return std::nullopt;
    return message;
}

std::string datagram(std::string_view type, std::string_view rest)
{
    std::string bytes(kHeader, '\0');
    const std::uint64_t size = rest.size();
    std::memcpy(bytes.data(), &size, sizeof size);
    std::memcpy(bytes.data() + kTypeAt, type.data(), type.size());
    return bytes.append(rest);
}

} // namespace

std::optional<ClientMessage> parseDatagram(std::string_view bytes)
{
    if (bytes.size() < kHeader || bytes.size() > kMostDatagram) return std::nullopt;
    const std::string_view type = bytes.substr(kTypeAt, kTypeBytes), rest = bytes.substr(kHeader);
    if (take<std::uint64_t>(bytes, 0) != rest.size()) return std::nullopt;
    if (type.starts_with("req")) return parseAsk(rest);
    if (type.starts_with("ctxt")) return parseRegister(rest);
    return std::nullopt;
}

std::string answerTo(std::string_view configuration) { return datagram("req", configuration); }

std::string answerToRegister()
{
    constexpr std::int32_t kInstances = 1; // any positive number will do
    char bytes[sizeof kInstances];
    std::memcpy(bytes, &kInstances, sizeof bytes);
    return datagram("ctxt", {bytes, sizeof bytes});
}

} // namespace opscope::daemon
