#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace opscope {

/// A file that gets its name when it is whole. Where the file system can, it has none before (O_TMPFILE), so that not even a kill
/// leaves anything; else it is written beside its place and taken away by the destructor.
class NewFile
{
public:
    enum class Way : std::uint8_t { Best, Beside }; ///< Beside: as on file systems that have no nameless files
    /// Refuses with a sentence, without having made anything.
    static Result<NewFile> create(const std::string& path, Way way = Way::Best);
    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    /// At the end. 0, or the errno of the first failure, from then on for good.
    int append(std::string_view bytes);
    Status sync();
    /// Behind sync().
    Status takeName();
    std::uint64_t size() const { return m_size; }

private:
    explicit NewFile(std::string path) : m_path(std::move(path)) {}
    bool openNameless();
    bool openPart();
    std::string partName(int number) const;
    bool link(const std::string& name) const;
    Error cannot(int reason) const;

    std::string m_path;     // the place itself, links followed
    std::string m_part;     // empty: nameless
    int m_descriptor = -1;
    int m_reason = 0;
    std::uint64_t m_size = 0;
    std::uint64_t m_flushed = 0; // handed to the disk already
};

} // namespace opscope
