#pragma once

#include "core/query/FilterNode.h"

#include <random>
#include <string>
#include <vector>

namespace opscope::test {

/// Random expressions of every kind of node, field and operator, made from the same lists that the parser reads: each can be
/// printed and parsed again.
class RandomFilters
{
public:
    /// `texts`: what fields are compared with, beside a few hostile ones.
    explicit RandomFilters(unsigned seed, std::vector<std::string> texts = {});
    FilterNode node(int depth = 4);
    /// Without what reads the file or tensors.
    void plainFieldsOnly() { m_plainOnly = true; }

private:
    int pick(int n) { return static_cast<int>(m_random() % static_cast<unsigned>(n)); }
    std::size_t at(std::size_t n) { return m_random() % n; }
    FilterNode comparison();
    FilterFieldRef field(const FieldInfo*& info);
    FilterItem item(const FieldInfo& field, FilterOp op);
    FilterValue number(const FieldInfo& field, int low, int high);
    FilterValue text(const FieldInfo& field, FilterOp op);

    std::mt19937 m_random;
    std::vector<std::string> m_texts;
    bool m_plainOnly = false;
};

} // namespace opscope::test
