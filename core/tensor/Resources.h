#pragma once

#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A file of a resources folder, open for reading and, as far as wanted, mapped. Never outside of the folder: names with a
/// slash, "..", links and anything that is no plain file are refused (UnsafePath), whatever they point to.
class ResourceFile
{
public:
    ResourceFile() = default;
    ResourceFile(ResourceFile&& other) noexcept;
    ResourceFile& operator=(ResourceFile&& other) noexcept;
    ~ResourceFile();
    std::uint64_t size() const { return m_size; }
    /// The whole file, mapped read-only. A file that shrinks meanwhile does not crash: see read().
    Result<std::span<const std::byte>> map();
    Result<std::string> read(std::uint64_t offset, std::size_t length) const;

private:
    friend class Resources;
    int m_fd = -1;
    std::uint64_t m_size = 0;
    void* m_map = nullptr;
};

struct ResourceName
{
    enum class Kind : std::uint8_t { Capture, Code, Other, Unsafe };
    std::string name;
    std::uint64_t size = 0;
    Kind kind = Kind::Other;
    std::int64_t node = -1;         ///< of nid_N_tid_K.dat: id of the file, not a NodeId
    std::int64_t tensor = -1;       ///< K: flattened index among the inputs
};

/// The folder of an execution trace (execution-trace.md 8.1, 11): both spellings beside the file are tried.
class Resources
{
public:
    /// Of the execution trace `source`; folder() is "" when there is none. Lists at most 100 000 names.
    static Resources of(const Trace& trace, SourceId source);
    /// Chosen by hand, or by an importer before there is a trace.
    static Resources inFolder(const std::string& folder);
    static std::vector<std::string> likelyFolders(const std::string& tracePath);

    const std::string& folder() const { return m_folder; }
    bool exists() const { return !m_folder.empty(); }
    std::span<const ResourceName> names() const { return m_names; }
    const ResourceName* capture(std::int64_t nodeId, std::int64_t inputIndex) const;
    /// `name` as a trace gives it: only the base name of a plain file in the folder is opened, no link is followed.
    Result<ResourceFile> open(std::string_view name) const;

private:
    std::string m_folder;
    std::vector<ResourceName> m_names;  ///< sorted by name
};

} // namespace opscope
