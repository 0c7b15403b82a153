#pragma once

#include "core/base/Descriptor.h"
#include "core/record/RecorderBackend.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::torch {

/// The private folder through which we and recorded processes exchange files: /tmp/opscope-UID/RANDOM, mode 0700, of the target's user (only root
/// records others'). libkineto writes below /tmp/ only, and processes in containers have a /tmp of their own: it is made there, through
/// /proc/PID/root. Every name in it may have been made by the target, which is a stranger: files are opened without following links, must be
/// regular and are bounded in size where we read them whole. We hold the folder open, so that it is read even when the process, and with it its
/// root, has gone. Removed with everything in it by the destructor, which takes as long as that takes: many captured tensors, not on the UI thread.
class Exchange
{
public:
    /// `pid` 0: for a command that is still to be started. Left-overs of Opscopes that died a day ago are tidied up meanwhile. Error: a sentence.
    static Result<Exchange> make(pid_t pid);
    Exchange(Exchange&& other) noexcept = default;
    Exchange& operator=(Exchange&&) = delete;
    ~Exchange();

    const std::string& folder() const { return m_folder; }        ///< as we see it
    const std::string& forTarget() const { return m_forTarget; }  ///< as the target sees it
    std::string at(std::string_view name) const { return m_folder + "/" + std::string(name); }

    /// Beside it and renamed; readable for the target's user only.
    Status write(std::string_view name, std::string_view content) const;
    /// Its time of change becomes now; made empty where it is not there.
    void touch(std::string_view name);
    /// At most `maxBytes`, a regular file, no link. Nothing: not there (yet), or not such a file.
    std::optional<std::string> read(std::string_view name, std::size_t maxBytes = 1u << 20) const;
    /// Names of what is in it, sorted; 100,000 at most.
    std::vector<std::string> names() const;
    /// Of a regular file, or of those in a folder; nothing: it is neither.
    std::optional<std::uint64_t> bytesOf(const std::string& name) const;
    /// From now on the destructor leaves it, without what we and the script told each other: for files that could not be taken.
    void keep();

    /// Moves finished files (and folders of captured tensors) into the folder `into`, which is made beside its name and renamed (or gets a free
    /// name when that is taken and `replace` is not set, or when it holds more than recordings): across disks they are copied, which takes as long
    /// as it takes, so on a worker; files of another user are always copied, and are ours then. The name that it got. Nothing of the target's is
    /// followed: links are left out and told. After an error everything is where it was.
    struct Taken
    {
        std::string path;                      ///< the folder that was made
        std::vector<std::string> leftOut = {}; ///< sentences
    };
    using GoOn = std::function<bool(std::uint64_t done, std::uint64_t of)>; ///< bytes; false: cancel
    Result<Taken> take(const std::vector<std::string>& names, const std::string& into, bool replace, const GoOn& goOn = {});
    /// The same for several at once, into one folder.
    struct Part
    {
        const Exchange* exchange;
        std::vector<std::string> names;
    };
    static Result<Taken> takeAll(const std::vector<Part>& parts, const std::string& into, bool replace, const GoOn& goOn = {});

private:
    Exchange() = default;
    Status open(pid_t pid);

    std::string m_folder, m_forTarget, m_name;
    Descriptor m_parent, m_here; ///< /tmp/opscope-UID, and the folder in it
    uid_t m_user = 0;            ///< of the target
    bool m_foreign = false;      ///< which is not ours
    bool m_kept = false;
};

} // namespace opscope::torch
