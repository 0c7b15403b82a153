#pragma once

#include "core/query/FilterNode.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace opscope {

/// One comparison of texts, ready to be asked: linear in the text whatever was typed. From any thread.
class TextTest
{
public:
    TextTest() = default;
    /// Comparisons with numbers are false.
    explicit TextTest(const FilterNode& comparison);

    bool operator()(std::string_view text) const;
    /// "" when it is one.
    static std::string whyNoRegex(std::string_view pattern);

private:
    FilterOp m_op = FilterOp::Present;
    std::vector<std::string> m_texts;            ///< sorted
    std::string m_lower;                         ///< Contains, when all of it is ASCII
    std::shared_ptr<const re2::RE2> m_regex;
};

} // namespace opscope
