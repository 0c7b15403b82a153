#pragma once

#include <string>
#include <string_view>

namespace opscope::torch {

/// The text of resources/python/opscope.py, compiled in.
std::string_view recorderScript();
/// The same of sitecustomize.py, the shim that brings the recorder into a command that we start.
std::string_view shimScript();
/// The statement that runs the recorder of the exchange folder `folder` (as the target sees it) in a Python program: never raises, never prints,
/// does nothing when the folder is gone. One line without a NUL; the folder's name is written as an ASCII literal.
std::string bootstrapText(std::string_view folder);
/// The helper as a file that people may copy or import, in this user's data folder; made or renewed when it is missing or older than ours.
/// Empty: it could not be written.
std::string helperPath();

} // namespace opscope::torch
