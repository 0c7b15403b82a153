#pragma once

#include <QTest>

#include <string>

namespace opscope::test {

/// Empty when both are the same, byte for byte; else the first line in which they differ, of both.
std::string firstDifference(const std::string& a, const std::string& b);

} // namespace opscope::test

/// For long texts: a failure shows the line.
#define SAME(actual, expected) \
    do { \
        const std::string difference = ::opscope::test::firstDifference(actual, expected); \
        QVERIFY2(difference.empty(), difference.c_str()); \
    } while (false)
