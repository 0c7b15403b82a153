#pragma once

#include <string>
#include <string_view>

namespace opscope::sampling {

/// A symbol as people write it: C++ demangled, Rust's hash taken off, fit to be shown. What would unfold to megabytes stays as it is.
std::string functionName(std::string_view symbol);
/// "py::FUNCTION:FILE" of CPython's perf map. False: something else.
bool splitPythonName(std::string_view name, std::string_view& function, std::string_view& file);
/// "FUNCTION (train.py)"; of files whose name says nothing ("__init__.py") with their folder.
std::string pythonName(std::string_view function, std::string_view file);
/// Any bytes: valid UTF-8 without control characters, at most some 4,000 bytes, never empty.
std::string shownText(std::string_view bytes);

} // namespace opscope::sampling
