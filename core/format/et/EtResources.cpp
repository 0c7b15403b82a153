#include "core/format/et/EtResources.h"

#include "core/base/Descriptor.h"
#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/tensor/KernelSource.h"
#include "core/tensor/Resources.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_set>
#include <utility>

namespace opscope {

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kGraphs = 64; ///< kernels whose graph is looked for: each look reads the folder's code

Error cannotWrite(const std::string& path, int reason)
{
    return {ErrorCode::CannotWrite, displayName(path) + " cannot be written: " + std::strerror(reason), {}};
}

int writeAll(int fd, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    return 0;
}

bool sameFolder(const std::string& a, std::string_view b)
{
    struct stat first{}, second{};
    return stat(a.c_str(), &first) == 0 && stat(std::string(b).c_str(), &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/// Names of the folder that kept nodes tell of, each once.
std::set<std::string> namesOf(const Trace& trace, const EtFile& file, const Subset& subset, const Resources& resources,
                              const ResourcesExport::Options& options, const JobControl& job)
{
    const ExecutionTrace& et = *trace.executionTrace();
    std::set<std::string> names;
    std::unordered_set<std::int64_t> ids; // as the file has them, which is what names of captures count by
    for (std::uint32_t i = 0; i < file.nodeCount; ++i) {
        const NodeId id(file.firstNode.value + i);
        if (!subset.rows.nodes.contains(id)) continue;
        const EtNode& node = et.node(id);
        ids.insert(node.id);
        const std::string_view kernel = trace.text(node.kernelFile);
        if (subset.whole || !options.code || kernel.empty() || job.cancelled()) continue;
        const ResourceName* found = resources.find(kernel);
        if (!found || found->kind != ResourceName::Kind::Code || !names.insert(found->name).second || names.size() > kGraphs) continue;
        if (const Result<FxGraph> graph = fxGraph(trace, id, resources)) names.insert(graph->fileName);
    }
    for (const ResourceName& name : resources.names()) {
        const bool capture = name.kind == ResourceName::Kind::Capture && (subset.whole || ids.contains(name.node));
        const bool code = name.kind == ResourceName::Kind::Code && subset.whole && options.code;
        if (capture || code) names.insert(name.name);
    }
    return names;
}

} // namespace

ResourcesExport::ResourcesExport(ResourcesExport&& other) noexcept
    : m_folder(std::move(other.m_folder)), m_part(std::exchange(other.m_part, {})), m_names(std::exchange(other.m_names, {})),
      m_files(other.m_files), m_bytes(other.m_bytes)
{
}

ResourcesExport::~ResourcesExport()
{
    if (m_part.empty()) return;
    for (const std::string& name : m_names) unlink((m_part + "/" + name).c_str());
    rmdir(m_part.c_str());
}

Result<ResourcesExport> ResourcesExport::prepare(const Trace& trace, SourceId source, const Subset& subset, const std::string& targetPath,
                                                 const Options& options, const JobControl& job)
{
    ResourcesExport made;
    const EtFile* file = trace.executionTrace() ? trace.executionTrace()->fileOf(source) : nullptr;
    if (!file) return made;
    const Resources resources = Resources::of(trace, source);
    if (!resources.exists()) return made;
    const std::set<std::string> names = namesOf(trace, *file, subset, resources, options, job);
    if (names.empty()) return made;
    made.m_folder = Resources::likelyFolders(targetPath).front();
    for (const std::string& own : Resources::likelyFolders(trace.sources()[source.index()].path))
        if (sameFolder(made.m_folder, own)) return ResourcesExport(); // they lie there already
    if (sameFolder(made.m_folder, resources.folder())) return ResourcesExport();
    std::string part = made.m_folder.substr(0, made.m_folder.find_last_of('/') + 1) + "." + fileName(made.m_folder) + ".partXXXXXX";
    if (!mkdtemp(part.data())) return cannotWrite(made.m_folder, errno);
    made.m_part = std::move(part);
    if (chmod(made.m_part.c_str(), 0755) != 0) return cannotWrite(made.m_folder, errno);
    for (const std::string& name : names) {
        if (job.cancelled()) return Error{ErrorCode::Cancelled, "Cancelled", {}};
        if (Status copied = made.copy(resources, name, job); !copied) return copied.error();
    }
    return made;
}

Status ResourcesExport::copy(const Resources& resources, const std::string& name, const JobControl& job)
{
    const Result<ResourceFile> from = resources.open(name);
    if (!from) return Done{}; // listed, and gone or replaced since
    const std::string path = m_part + "/" + name;
    const Descriptor to(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (to.get() < 0) return cannotWrite(path, errno);
    m_names.push_back(name);
    std::vector<std::byte> piece(kPiece);
    for (std::uint64_t at = 0;;) {
        if (job.cancelled()) return Error{ErrorCode::Cancelled, "Cancelled", {}};
        const Result<std::size_t> got = from->read(at, piece);
        if (!got) return got.error();
        if (*got == 0) break;
        if (const int reason = writeAll(to.get(), std::span(piece).first(*got))) return cannotWrite(path, reason);
        at += *got;
        m_bytes += *got;
    }
    if (fsync(to.get()) != 0) return cannotWrite(path, errno);
    ++m_files;
    return Done{};
}

Status ResourcesExport::commit()
{
    if (m_part.empty()) return Done{};
    struct stat there{};
    if (lstat(m_folder.c_str(), &there) == 0) {
        if (!S_ISDIR(there.st_mode)) return cannotWrite(m_folder, ENOTDIR);
        return moveInto();
    }
    if (rename(m_part.c_str(), m_folder.c_str()) != 0) return cannotWrite(m_folder, errno);
    m_part.clear();
    return Done{};
}

Status ResourcesExport::moveInto()
{
    while (!m_names.empty()) {
        const std::string& name = m_names.back();
        if (rename((m_part + "/" + name).c_str(), (m_folder + "/" + name).c_str()) != 0) return cannotWrite(m_folder + "/" + name, errno);
        m_names.pop_back();
    }
    rmdir(m_part.c_str());
    m_part.clear();
    return Done{};
}

} // namespace opscope
