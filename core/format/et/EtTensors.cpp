#include "core/format/et/EtTensors.h"

#include "core/format/JsonReader.h"
#include "core/format/et/EtScan.h"

#include <algorithm>
#include <array>
#include <limits>

namespace opscope::et {

namespace {

constexpr std::size_t kMaxNesting = 64; // lists in lists; real ones go three deep

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
    while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view nextElement(Elements& elements)
{
    std::string_view element;
    return elements.next(element) ? element : std::string_view();
}

} // namespace

ElementTypes::ElementTypes(std::string_view type)
{
    for (const std::string_view word : {"GenericList", "Tuple", "List", "Dict"}) {
        if (!type.starts_with(word)) continue;
        const std::size_t open = skipBlank(type, word.size());
        if (open < type.size() && type[open] == '[' && type.back() == ']') {
            m_text = type.substr(open + 1, type.size() - open - 2);
            m_list = true;
        }
        return;
    }
}

bool ElementTypes::next(std::string_view& type)
{
    if (m_at >= m_text.size()) return false;
    std::size_t open = 0, end = m_at;
    for (; end < m_text.size(); ++end) {
        const char c = m_text[end];
        if (c == '[' || c == '(')
            ++open;
        else if ((c == ']' || c == ')') && open > 0)
            --open;
        else if (c == ',' && open == 0)
            break;
    }
    const std::string_view found = trimmed(m_text.substr(m_at, end - m_at));
    m_at = end + 1;
    if (found.empty() && m_at > m_text.size()) return false;
    type = found;
    return true;
}

std::size_t TensorReader::read(const RawSide& side, std::vector<TensorDesc>& out)
{
    m_truncated = false;
    watchLength(side.values);
    const std::size_t before = out.size();
    Elements values(side.values), types(side.types), shapes(side.shapes), strides(side.strides);
    Argument argument;
    for (std::uint32_t number = 0; values.next(argument.value); ++number) {
        const std::string_view type = nextElement(types);
        if (type.empty()) break; // arrays of different lengths: what has no type is not known to be a tensor
        argument.shape = nextElement(shapes);
        argument.strides = nextElement(strides);
        argument.number =
            static_cast<std::uint16_t>(std::min<std::uint32_t>(number, std::numeric_limits<std::uint16_t>::max()));
        watchLength(argument.value);
        argument.type = unquoted(type);
        if (argument.type.find("Tensor") == std::string_view::npos) continue;
        if (argument.type.find('\\') == std::string_view::npos) {
            readArgument(argument, out);
        } else if (const Result<JsonDocument> plain = JsonDocument::parse(type); plain.ok()) {
            argument.type = plain->root().string();
            readArgument(argument, out);
        }
    }
    return out.size() - before;
}

/// Depth first, without recursion: the elements of a list go onto the stack in reverse.
void TensorReader::readArgument(const Argument& argument, std::vector<TensorDesc>& out)
{
    if (readTensor(argument, out)) return;
    struct Open
    {
        Elements values, shapes, strides;
        ElementTypes types;
        std::string_view lastType;
        bool typed = false;
    };
    std::vector<Open> open;
    const auto enter = [&open](const Argument& list) {
        ElementTypes types(list.type);
        if (types.isList() && open.size() < kMaxNesting)
            open.push_back({Elements(list.value), Elements(list.shape), Elements(list.strides), types, {}, false});
    };
    enter(argument);
    while (!open.empty()) {
        Open& list = open.back();
        Argument element;
        element.number = argument.number;
        if (!list.values.next(element.value)) {
            open.pop_back();
            continue;
        }
        if (list.types.next(list.lastType)) // fewer types than values: the last one goes on
            list.typed = true;
        element.type = list.lastType;
        element.shape = nextElement(list.shapes);
        element.strides = nextElement(list.strides);
        if (!list.typed) {
            open.pop_back();
        } else if (!readTensor(element, out)) {
            enter(element);
        }
    }
}

/// [tensor id, storage id, offset, elements, item size, device]; false when the type is not that of a tensor.
bool TensorReader::readTensor(const Argument& argument, std::vector<TensorDesc>& out)
{
    if (!argument.type.starts_with("Tensor")) return false;
    const char first = argument.value.empty() ? '\0' : argument.value.front();
    TensorDesc tensor;
    std::array<std::int64_t, 5> numbers{};
    std::array<bool, 5> known{};
    if (first == '[') {
        Elements items(argument.value);
        std::string_view item;
        for (std::size_t i = 0; i < 6 && items.next(item); ++i) {
            if (i == 5)
                tensor.device = intern(unquoted(item));
            else if (known[i] = integer(item, numbers[i]); !known[i] && i < 2)
                (i == 0 ? m_oddTensorIds : m_oddStorageIds).texts.emplace(item);
        }
    } else if (known[0] = integer(argument.value, numbers[0]); !known[0]) {
        return true;
    }
    if (!known[0]) m_oddTensorIds.rows.push_back(static_cast<std::uint32_t>(out.size()));
    if (!known[1]) m_oddStorageIds.rows.push_back(static_cast<std::uint32_t>(out.size()));
    tensor.tensorId = numbers[0];
    tensor.storageId = numbers[1];
    tensor.offset = numbers[2];
    tensor.elements = numbers[3];
    tensor.itemSize =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(numbers[4], 0, std::numeric_limits<std::int32_t>::max()));
    const std::size_t open = argument.type.find('(');
    const bool whole = open != std::string_view::npos && argument.type.back() == ')';
    tensor.dtype = intern(whole ? argument.type.substr(open + 1, argument.type.size() - open - 2) : argument.type);
    tensor.shape = shapeText(argument.shape);
    tensor.strides = shapeText(argument.strides);
    // A scalar has one element; any other "[]" means that the writer did not know the sizes.
    if (tensor.elements != 1 && m_strings.view(tensor.shape) == "[]") tensor.shape = tensor.strides = {};
    tensor.argument = argument.number;
    out.push_back(tensor);
    return true;
}

StringId TensorReader::intern(std::string_view raw)
{
    const bool ascii = std::all_of(raw.begin(), raw.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
    if (ascii) return m_strings.intern(raw);
    sanitizeUtf8(raw, m_scratch);
    return m_strings.intern(m_scratch);
}

StringId TensorReader::shapeText(std::string_view array)
{
    if (array.empty() || array.front() != '[') return {};
    if (array.find_first_of(" \n\r\t") == std::string_view::npos) return intern(array);
    std::string dense;
    for (const char c : array) {
        if (!isBlank(c)) dense += c;
    }
    return intern(dense);
}

void TensorReader::watchLength(std::string_view list)
{
    if (list.size() <= 2 * m_listLimit || list.front() != '[') // n elements take at least 2n + 1 bytes
        return;
    Elements elements(list);
    std::size_t count = 0;
    for (std::string_view element; elements.next(element);) ++count;
    m_truncated = m_truncated || count >= m_listLimit;
}

} // namespace opscope::et
