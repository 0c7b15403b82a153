#pragma once

#include "core/base/StringPool.h"
#include "core/format/et/EtFields.h"
#include "core/trace/TensorDesc.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace opscope::et {

/// Finds the tensors among the values of a node. Types decide, never the look of a value: a list of six numbers is a
/// tensor only where the type string says so. Lists and tuples are flattened in order.
class TensorReader
{
public:
    explicit TensorReader(StringPool& strings) : m_strings(strings) {}

    /// Appends the tensors of one side. Returns how many there are by the file's types, which is what was appended.
    std::size_t read(const RawSide& side, std::vector<TensorDesc>& out);
    /// A list of the last read() had at least as many elements as a writer stops after.
    bool truncated() const { return m_truncated; }
    void setListLimit(std::size_t elements) { m_listLimit = elements; }

    /// Ids that are missing or no numbers (in no real file): rows of `out` that have none, and the texts instead.
    struct OddIds
    {
        std::vector<std::uint32_t> rows;
        std::unordered_set<std::string> texts;
    };
    const OddIds& oddTensorIds() const { return m_oddTensorIds; }
    const OddIds& oddStorageIds() const { return m_oddStorageIds; }

private:
    struct Argument
    {
        std::string_view value, type, shape, strides;
        std::uint16_t number = 0;
    };
    void readArgument(const Argument& argument, std::vector<TensorDesc>& out);
    bool readTensor(const Argument& argument, std::vector<TensorDesc>& out);
    StringId intern(std::string_view raw);
    StringId shapeText(std::string_view array);
    void watchLength(std::string_view list);

    StringPool& m_strings;
    std::size_t m_listLimit = 4097;
    bool m_truncated = false;
    std::string m_scratch;
    OddIds m_oddTensorIds, m_oddStorageIds;
};

/// The types inside "GenericList[...]" or "Tuple[...]", one after the other: cut at the commas outside of brackets.
class ElementTypes
{
public:
    /// `type` without its quotes. Not a list: has none.
    explicit ElementTypes(std::string_view type);
    bool isList() const { return m_list; }
    bool next(std::string_view& type);

private:
    std::string_view m_text;
    std::size_t m_at = 0;
    bool m_list = false;
};

} // namespace opscope::et
