#pragma once

#include "core/record/RecorderBackend.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::torch {

/// The private folder through which we and recorded processes exchange files: /tmp/opscope-UID/RANDOM, mode 0700, of the target's user (only root
/// records others'). libkineto writes below /tmp/ only, and processes in containers have a /tmp of their own: it is made there, through
/// /proc/PID/root. Every name in it may have been made by the target, which is a stranger: files are opened without following links, must be
/// regular and are bounded in size where we read them whole. Removed with everything in it by the destructor.
class Exchange
{
public:
    /// `pid` 0: for a command that is still to be started. Error: a sentence.
    static Result<Exchange> make(pid_t pid);
    Exchange(Exchange&& other) noexcept;
    Exchange& operator=(Exchange&&) = delete;
    ~Exchange();

    const std::string& folder() const { return m_folder; }        ///< as we see it
    const std::string& forTarget() const { return m_forTarget; }  ///< as the target sees it
    std::string at(std::string_view name) const { return m_folder + "/" + std::string(name); }

    /// Beside it and renamed; readable for the target's user only.
    Status write(std::string_view name, std::string_view content);
    /// At most `maxBytes`, a regular file, no link. Nothing: not there (yet), or not such a file.
    std::optional<std::string> read(std::string_view name, std::size_t maxBytes = 1u << 20) const;
    /// Names of what is in it, sorted.
    std::vector<std::string> names() const;

    /// Moves finished files (and folders of captured tensors) into the folder `into`, which is made beside its name and renamed (or gets a free
    /// name when that is taken and `replace` is not set): across disks they are copied, which takes as long as it takes, so on a worker. The name
    /// that it got. Nothing of the target's is followed: links are left out and told.
    struct Taken
    {
        std::string path;                 ///< the folder that was made
        std::vector<std::string> leftOut; ///< sentences
    };
    Result<Taken> take(const std::vector<std::string>& names, const std::string& into, bool replace,
                       const std::function<bool(std::uint64_t done, std::uint64_t of)>& goOn = {});

private:
    Exchange() = default;
    std::string m_folder, m_forTarget;
};

} // namespace opscope::torch
