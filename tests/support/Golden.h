#pragma once

#include <string>
#include <string_view>

namespace opscope::test {

/// tests/data/<name>
std::string dataPath(std::string_view name);
/// OPSCOPE_SHARED/<name>; "" when it is not there (then the test says "skipped").
std::string sharedPath(std::string_view name);
std::string readFile(const std::string& path);
bool writeFile(const std::string& path, std::string_view bytes);

/// "" when `text` is what tests/data/<name> holds; else the first line that differs, for QVERIFY2. With OPSCOPE_ACCEPT=1 in the
/// environment the file is rewritten instead.
std::string compareGolden(std::string_view text, std::string_view name);

} // namespace opscope::test
