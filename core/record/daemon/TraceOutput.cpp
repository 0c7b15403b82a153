#include "core/record/daemon/TraceOutput.h"

#include "core/record/torch/FolderFiles.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::daemon {
namespace {

constexpr std::size_t kHead = 1u << 20;          // the id comes behind the properties of the GPUs
constexpr std::size_t kEventsWithin = 16u << 20;
constexpr std::string_view kExtension = ".pt.trace.json";

/// Nothing that libkineto's parser or its naming stumbles over: no dot above all.
std::string hostName()
{
    char name[65] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || !name[0]) std::strcpy(name, "host");
    std::string plain(name);
    for (char& c : plain)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) c = '-';
    return plain;
}

std::string firstBytes(int file, std::size_t most)
{
    std::string bytes(most, '\0');
    std::size_t have = 0;
    while (have < most) {
        const ssize_t got = ::pread(file, bytes.data() + have, most - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

} // namespace

std::string fallbackName(pid_t ownPid) { return "libkineto_activities_" + std::to_string(ownPid) + ".json"; }

bool hasTraceId(int file, const std::string& traceId, bool unnamed)
{
    const std::string head = firstBytes(file, kHead);
    constexpr std::string_view kKey = "\"trace_id\"";
    const std::size_t key = head.find(kKey), events = head.find("\"traceEvents\"");
    if (key == head.npos || key > events) return unnamed; // what events say is the program's
    const std::size_t value = head.find_first_not_of(" \t\n:", key + kKey.size());
    return value != head.npos && std::string_view(head).substr(value).starts_with("\"" + traceId + "\"");
}

Result<TraceOutput> TraceOutput::make(const RecordTarget& target, const std::string& traceId)
{
    auto exchange = torch::Exchange::make(target.pid);
    if (!exchange) return exchange.error();
    TraceOutput output;
    output.m_exchange = std::make_shared<torch::Exchange>(std::move(*exchange));
    output.m_folder = Descriptor(::open(output.folder().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!output.m_folder) return Error{ErrorCode::CannotOpen, "The folder for the recording cannot be used: " + std::string(std::strerror(errno)), {}};
    const std::string& theirs = output.m_exchange->forTarget();
    output.m_prefix = output.folder().substr(0, output.folder().size() - theirs.size());
    output.m_logFile = theirs + "/" + hostName() + std::string(kExtension);
    output.m_traceId = traceId;
    output.expect(target.pid);
    return output;
}

void TraceOutput::expect(pid_t ownPid)
{
    m_name = hostName() + "_" + std::to_string(ownPid) + std::string(kExtension);
    m_fallback = fallbackName(ownPid);
}

TraceOutput::Seen TraceOutput::look()
{
    auto whole = torch::aboutName(m_folder.get(), m_name);
    if (!whole && takeFallback()) whole = torch::aboutName(m_folder.get(), m_name);
    if (whole && m_whole == State::Nothing) {
        const Descriptor file = torch::openRegular(m_folder.get(), m_name);
        m_whole = file && hasTraceId(file.get(), m_traceId, true) ? State::Whole : State::Foreign;
    }
    if (whole) return {m_whole, static_cast<std::uint64_t>(whole->st_size)};
    const auto part = torch::aboutName(m_folder.get(), m_name + ".tmp");
    return part ? Seen{State::Begun, static_cast<std::uint64_t>(part->st_size)} : Seen{};
}

/// A process with KINETO_ONDEMAND_TRACE_DIR refuses our folder. The file goes there, where it waits like any other; in /tmp lie other people's too.
bool TraceOutput::takeFallback()
{
    const std::string path = fallbackPath();
    struct stat about = {}, opened = {}, ours = {};
    if (::lstat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return false;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file || ::fstat(file.get(), &opened) != 0 || !S_ISREG(opened.st_mode) || opened.st_ino != about.st_ino) return false;
    if (::fstat(m_folder.get(), &ours) != 0 || opened.st_uid != ours.st_uid || !hasTraceId(file.get(), m_traceId, false)) return false;
    m_refused = ::renameat(AT_FDCWD, path.c_str(), m_folder.get(), m_name.c_str()) == 0;
    return m_refused;
}

bool TraceOutput::keepRest()
{
    const std::string part = m_name + ".tmp";
    const Descriptor file = torch::openRegular(m_folder.get(), part);
    if (!file || firstBytes(file.get(), kEventsWithin).find("\"ph\": \"X\"") == std::string::npos) return false;
    return ::renameat(m_folder.get(), part.c_str(), m_folder.get(), m_name.c_str()) == 0;
}

bool TraceOutput::hasEvents() const
{
    const Descriptor file = torch::openRegular(m_folder.get(), m_name);
    if (!file) return false;
    const std::string head = firstBytes(file.get(), kEventsWithin);
    return head.size() == kEventsWithin || head.find("\"ph\": \"X\"") != head.npos;
}

} // namespace opscope::daemon
