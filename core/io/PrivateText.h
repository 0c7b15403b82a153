#pragma once

#include "core/io/PrivateKeys.h"
#include "core/io/WordList.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A stretch of a text that tells who or where.
struct PrivatePiece
{
    PrivateKind kind = PrivateKind::Path;
    std::size_t begin = 0, end = 0;   ///< in the text that was given
    std::string name;                 ///< what is private, in one spelling: "/home/alice/src" whatever the slashes
    bool more = false;                ///< of a path: a part of it follows that is kept
};

/// Where a text stands.
struct PrivatePlace
{
    bool topLevel = false;            ///< inside a top-level entry, where more looks like a path than among names of operators
    KeyClass key = KeyClass::None;    ///< of its key
};

/// What is known about a trace when its texts are read.
struct PrivateNames
{
    WordList words;                                   ///< hosts, users and jobs
    std::set<std::string, std::less<>> roots;         ///< first components of its own paths: "sgl-workspace"
};

/// Appends the private pieces of `text`, in order and apart from each other:
///
///     /home/alice/src/train.py(12): step          path "/home/alice/src", then train.py is kept
///     /home/alice/env/lib/python3.12/site-packages/torch/nn/modules/linear.py   path up to site-packages
///     /tmp/torchinductor_alice/mw/cmw.py          user "alice"
///     tcp://10.1.2.3:29500                        host "10.1.2.3"
///     HF_TOKEN=hf_abc                             secret
///
/// Paths of the system (/usr/lib/python3.12/threading.py), relative paths and names of operators are not touched. `users` receives
/// whose homes the paths are. O(length) but for a constant look-ahead.
void findPrivate(std::string_view text, PrivatePlace place, const PrivateNames& names, std::vector<PrivatePiece>& pieces,
                 std::vector<std::string>* users = nullptr);

/// "host3", "user-k3x9af", "/path12", "withheld": what a redactor wrote, and leaves alone when it comes again.
bool isPlaceholder(std::string_view text);
/// The number of "host3", 0 for anything else.
unsigned placeholderNumber(PrivateKind kind, std::string_view text);
std::string_view placeholderWord(PrivateKind kind);

/// The host in the name of a file that profilers make up: "gpu7_4025.1732704788383329918.pt.trace.json" -> "gpu7"; "" when there is none.
std::string_view hostOfFileName(std::string_view fileName);

} // namespace opscope
