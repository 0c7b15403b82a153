#include "core/format/et/EtFields.h"

#include "core/format/JsonReader.h"
#include "core/format/et/EtScan.h"

#include <array>

namespace opscope::et {

namespace {

using Field = std::string_view RawNode::*;

struct Named
{
    std::string_view key;
    Field field;
};

constexpr std::array kOwn{
    Named{"id", &RawNode::id},
    Named{"name", &RawNode::name},
    Named{"ctrl_deps", &RawNode::ctrlDeps},
    Named{"parent", &RawNode::parent},
    Named{"pg_name", &RawNode::linkedProcessGroup},
};
// In the attrs of the later layout, in the node itself of the earlier one.
constexpr std::array kEither{
    Named{"rf_id", &RawNode::rfId},
    Named{"fw_parent", &RawNode::fwParent},
    Named{"seq_id", &RawNode::seqId},
    Named{"scope", &RawNode::scope},
    Named{"tid", &RawNode::tid},
    Named{"fw_tid", &RawNode::fwTid},
    Named{"op_schema", &RawNode::opSchema},
    Named{"kernel_backend", &RawNode::kernelBackend},
    Named{"kernel_file", &RawNode::kernelFile},
    Named{"tensor_range", &RawNode::tensorRange},
};
constexpr std::array kAttrs{Named{"pg_name", &RawNode::processGroup}, Named{"collective_name", &RawNode::collective}};

template <std::size_t N>
bool assign(const std::array<Named, N>& names, std::string_view key, std::string_view value, RawNode& out)
{
    for (const Named& named : names) {
        if (named.key == key) {
            out.*named.field = value;
            return true;
        }
    }
    return false;
}

void readSide(Cursor& cursor, RawSide& out)
{
    for (Cursor::Level level = cursor.open('{'); cursor.more(level, '}');) {
        const std::string_view key = cursor.key();
        const std::string_view value = cursor.skip();
        if (key == "values")
            out.values = value;
        else if (key == "shapes")
            out.shapes = value;
        else if (key == "types")
            out.types = value;
        else if (key == "strides")
            out.strides = value;
    }
}

/// {name, type, value}
void readAttr(Cursor& cursor, RawNode& out)
{
    std::string_view name, value = "null";
    for (Cursor::Level level = cursor.open('{'); cursor.more(level, '}');) {
        const std::string_view key = cursor.key();
        const std::string_view token = cursor.skip();
        if (key == "name")
            name = unquoted(token);
        else if (key == "value")
            value = token;
    }
    if (cursor.ok() && !assign(kEither, name, value, out)) assign(kAttrs, name, value, out);
}

/// A list of {name, type, value}; some tools write an object instead.
void readAttrs(Cursor& cursor, RawNode& out)
{
    if (cursor.here() == '{') {
        for (Cursor::Level level = cursor.open('{'); cursor.more(level, '}');) {
            const std::string_view key = cursor.key();
            const std::string_view value = cursor.skip();
            if (!assign(kEither, key, value, out)) assign(kAttrs, key, value, out);
        }
    } else if (cursor.here() == '[') {
        for (Cursor::Level level = cursor.open('['); cursor.more(level, ']');) {
            if (cursor.here() == '{')
                readAttr(cursor, out);
            else
                cursor.skip();
        }
    } else {
        cursor.skip();
    }
}

/// "inputs" is an object in the later layout, in the earlier one the array of values beside input_shapes and
/// input_types.
bool readSideMember(std::string_view key, std::string_view one, Cursor& cursor, RawSide& side)
{
    if (!key.starts_with(one)) return false;
    const std::string_view rest = key.substr(one.size());
    if (rest == "s" && cursor.here() == '{')
        readSide(cursor, side);
    else if (rest == "s")
        side.values = cursor.skip();
    else if (rest == "_shapes")
        side.shapes = cursor.skip();
    else if (rest == "_types")
        side.types = cursor.skip();
    else if (rest == "_strides")
        side.strides = cursor.skip();
    else
        return false;
    return true;
}

/// Members of the node itself must not win over its attrs, which may stand in front of them.
void fillIn(const RawNode& own, RawNode& out)
{
    for (const Named& named : kEither) {
        if ((out.*named.field).empty()) out.*named.field = own.*named.field;
    }
}

void appendQuoted(std::string_view text, std::string& out)
{
    static constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

/// The document as plain JSON. Recursion ends at JsonDocument::kMaxDepth.
void appendPlain(JsonDocument::Ref value, std::string& out)
{
    switch (value.kind()) {
    case JsonDocument::Kind::String:
        appendQuoted(value.string(), out);
        break;
    case JsonDocument::Kind::Array:
    case JsonDocument::Kind::Object: {
        const bool object = value.isObject();
        out += object ? '{' : '[';
        bool first = true;
        for (JsonDocument::Ref child = value.first(); child.valid(); child = value.after(child), first = false) {
            out += first ? "" : ",";
            if (object) {
                appendQuoted(value.keyOf(child), out);
                out += ':';
            }
            appendPlain(child, out);
        }
        out += object ? '}' : ']';
        break;
    }
    case JsonDocument::Kind::Raw:
        out += "null";
        break;
    case JsonDocument::Kind::Null: // also what stands for a missing value
        out += "null";
        break;
    default:
        out += value.raw();
    }
}

struct Range
{
    std::size_t begin = 0, end = 0;
    bool found() const { return end > begin; }
};

/// The inside of the name by the writer's habit: from `"name": "` to a quote that is followed by the next key it
/// writes.
Range nameByHabit(std::string_view text, Reach reach)
{
    std::size_t at = text.find("\"name\"");
    if (at == std::string_view::npos) return {};
    at = skipBlank(text, at + 6);
    if (at >= text.size() || text[at] != ':') return {};
    at = skipBlank(text, at + 1);
    if (at >= text.size() || text[at] != '"') return {};
    const bool flat = text.find("\"id\"") > at; // name first, then the id
    for (const std::string_view next :
         {flat ? std::string_view("\", \"id\":") : std::string_view("\", \"ctrl_deps\":"),
          flat ? std::string_view("\",\"id\":") : std::string_view("\",\"ctrl_deps\":")}) {
        if (const std::size_t end = reach == Reach::OneNode ? text.rfind(next) : text.find(next, at + 1);
            end != std::string_view::npos && end > at)
            return {at + 1, end};
    }
    return {};
}

/// Whether the inside of a string is what a JSON writer would have put there.
bool isEscaped(std::string_view inside)
{
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (inside[i] == '"' || static_cast<unsigned char>(inside[i]) < 0x20) return false;
        if (inside[i] == '\\' &&
            (++i == inside.size() || std::string_view("\"\\/bfnrtu").find(inside[i]) == std::string_view::npos))
            return false;
    }
    return true;
}

} // namespace

bool readFields(std::string_view object, RawNode& out)
{
    Cursor cursor(object);
    RawNode own;
    bool flat = false;
    for (Cursor::Level level = cursor.open('{'); cursor.more(level, '}');) {
        const std::string_view key = cursor.key();
        if (key == "attrs") {
            readAttrs(cursor, out);
        } else if (!readSideMember(key, "input", cursor, out.inputs) &&
                   !readSideMember(key, "output", cursor, out.outputs)) {
            const std::string_view value = cursor.skip();
            flat = (!assign(kOwn, key, value, out) && assign(kEither, key, value, own)) || flat;
        }
    }
    if (flat) fillIn(own, out);
    return cursor.ok() && cursor.atEnd();
}

std::string idAsJson(std::string_view token)
{
    std::string out;
    const Result<JsonDocument> document = JsonDocument::parse(token);
    if (document && (document->root().isString() || document->root().isNumber()) &&
        (document->forgiven() & JsonDocument::kOther) == 0)
        appendPlain(document->root(), out);
    return out.empty() ? "null" : out;
}

Repair repair(std::string_view text, Reach reach)
{
    Repair result;
    std::string fixed;
    const Range name = nameByHabit(text, reach);
    result.nameQuoted = name.found() && !isEscaped(text.substr(name.begin, name.end - name.begin));
    if (result.nameQuoted) {
        fixed = text.substr(0, name.begin - 1);
        appendQuoted(text.substr(name.begin, name.end - name.begin), fixed);
        fixed += text.substr(name.end + 1);
    }
    const std::string_view source = result.nameQuoted ? std::string_view(fixed) : text;
    const Result<JsonDocument> document = JsonDocument::parse(source);
    if (!document || !document->root().isObject()) return result;
    const std::size_t behind = source.size() - document->consumed();
    result.consumed = behind < text.size() ? text.size() - behind : text.size();
    result.forgiven = document->forgiven();
    appendPlain(document->root(), result.json);
    return result;
}

} // namespace opscope::et
