#pragma once

#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A file of a resources folder, open for reading. Read with pread and never mapped: a mapped file that another program cuts
/// kills the reader (SIGBUS), a read just comes back short; and a page of 16 KiB costs microseconds either way.
/// read() may be called from several threads.
class ResourceFile
{
public:
    ResourceFile() = default;
    ResourceFile(ResourceFile&& other) noexcept;
    ResourceFile& operator=(ResourceFile&& other) noexcept;
    ~ResourceFile();
    /// When it was opened.
    std::uint64_t size() const { return m_size; }
    /// Fills `into` from `offset` on. Fewer bytes than asked for: the file ends there, or was cut meanwhile.
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) const;
    Result<std::string> read(std::uint64_t offset, std::size_t length) const;

private:
    friend class Resources;
    int m_fd = -1;
    std::uint64_t m_size = 0;
};

struct ResourceName
{
    enum class Kind : std::uint8_t { Capture, Code, Other, Unsafe };
    std::string name;               ///< as the folder has it: any byte but '/'; withoutControls() before it is shown
    std::uint64_t size = 0;
    Kind kind = Kind::Other;        ///< Unsafe: a link, a folder, a pipe, a device; never opened
    std::int64_t node = -1;         ///< of nid_N_tid_K.dat, unsafe or not: id of the file, not a NodeId
    std::int64_t tensor = -1;       ///< K: flattened index among the inputs
};

/// The folder of an execution trace (execution-trace.md 8.1, 11). Several spellings beside the file are tried, and all that exist
/// count as one: extras and tensor data of a .gz trace go to differently named folders. Only plain files that lie directly inside
/// are ever opened. A folder beside a trace that is itself a link is not followed; one chosen by hand is.
class Resources
{
public:
    static constexpr std::size_t kMaxNames = 100'000;
    enum class Listing : std::uint8_t { Names, None };

    /// Of the execution trace `source`: the folder that was chosen by hand, else what lies beside it; folder() is "" when there is none.
    static Resources of(const Trace& trace, SourceId source, Listing listing = Listing::Names);
    /// Of the file that a node comes from, for opening files by name: nothing is listed.
    static Resources of(const Trace& trace, NodeId node);
    /// Beside the trace at `tracePath`.
    static Resources beside(const std::string& tracePath, Listing listing = Listing::Names);
    /// Chosen by hand.
    static Resources inFolder(const std::string& folder, Listing listing = Listing::Names);
    /// `a.et.json.gz` -> `a.et.json_resources`, `a.et_resources`; whether they exist or not.
    static std::vector<std::string> likelyFolders(const std::string& tracePath);

    /// "" when there is none; the first of several.
    std::string_view folder() const { return m_folders.empty() ? std::string_view() : m_folders.front().path; }
    bool exists() const { return !m_folders.empty(); }
    /// Folders that would have been taken, were they no links.
    std::span<const std::string> refusedFolders() const { return m_refused; }
    /// Sorted by name; of one name in two folders the first one's.
    std::span<const ResourceName> names() const { return m_names; }
    /// There were more than kMaxNames.
    bool cut() const { return m_cut; }
    const ResourceName* find(std::string_view name) const;
    const ResourceName* capture(std::int64_t nodeId, std::int64_t inputIndex) const;
    static std::string captureName(std::int64_t nodeId, std::int64_t inputIndex);
    /// Whether a name can only mean a file directly inside the folder: no slash of either kind, no "..", no NUL.
    static bool isSafeName(std::string_view name);
    /// Any such name fit for a sentence: cut short, valid UTF-8, no control characters.
    static std::string shownName(std::string_view name);
    /// `name` as a trace gives it. Errors are sentences about the file: unsafe, missing, a link, not a plain file.
    Result<ResourceFile> open(std::string_view name) const;

private:
    struct Folder
    {
        std::string path;
        bool byHand = false;
    };
    static std::optional<int> openFolder(const Folder& folder);
    void list(const Folder& folder);
    void sortNames();

    std::vector<Folder> m_folders;
    std::vector<std::string> m_refused;
    std::vector<ResourceName> m_names;
    bool m_cut = false;
};

} // namespace opscope
