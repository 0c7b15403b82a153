#include "core/format/Recognise.h"

#include "core/base/StringPool.h"
#include "core/format/JsonOutline.h"
#include "core/format/fxt/FxtImporter.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

using Kind = JsonOutline::Kind;
using Member = JsonOutline::Member;

Error notATrace(std::string_view what)
{
    return {ErrorCode::NotATrace, "this is " + std::string(what) + ", not a trace", {}};
}

Error unsupported(std::string message)
{
    return {ErrorCode::Unsupported, std::move(message), {}};
}

struct Magic
{
    std::string_view bytes;
    std::string_view what;
};

using namespace std::string_view_literals;

constexpr std::array kMagics{
    Magic{"\x89PNG\r\n\x1a\n"sv, "a PNG picture"},
    Magic{"\xFF\xD8\xFF"sv, "a JPEG picture"},
    Magic{"GIF8"sv, "a GIF picture"},
    Magic{"%PDF-"sv, "a PDF document"},
    Magic{"\x7F" "ELF"sv, "a program (ELF)"},
    Magic{"PK\x03\x04"sv, "a zip archive"},
    Magic{"PK\x05\x06"sv, "a zip archive"},
    Magic{"7z\xBC\xAF\x27\x1C"sv, "a 7z archive"},
    Magic{"\xFD" "7zXZ\0"sv, "an xz archive (unpack it first)"},
    Magic{"\x28\xB5\x2F\xFD"sv, "a zstd archive (unpack it first)"},
    Magic{"BZh"sv, "a bzip2 archive (unpack it first)"},
    Magic{"\x1F\x8B"sv, "gzip data (inside gzip: unpack it once)"},
    Magic{"SQLite format 3\0"sv, "an SQLite database"},
    Magic{"\x80\x02"sv, "a Python pickle"},
    Magic{"\x80\x04"sv, "a Python pickle"},
    Magic{"\x80\x05"sv, "a Python pickle"},
    Magic{"PERFILE2"sv, "a perf recording"},
};
constexpr std::string_view kFxtBigEndian = "\0\x16\x54\x78\x46\x04\0\x10"sv;

bool isText(std::string_view head)
{
    return std::none_of(head.begin(), head.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1b';
    });
}

/// Chakra's files: length-prefixed messages, the first of which is GlobalMetadata{version = 1: "0.0.4"}.
bool isChakraProtobuf(std::string_view head)
{
    if (head.size() < 8 || head[1] != '\x0A') return false;
    const auto message = static_cast<unsigned char>(head[0]), version = static_cast<unsigned char>(head[2]);
    if (version < 3 || version > 40 || message < version + 2u || head.size() < version + 3u) return false;
    const std::string_view text = head.substr(3, version);
    return text.find_first_not_of("0123456789.-chakr") == std::string_view::npos && text.find('.') != std::string_view::npos;
}

/// UTF-16 shows by its mark, or by every second byte of "{ or [ and what follows" being 0.
std::string_view utf16(std::string_view head)
{
    if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
    if (head.starts_with("\xFF\xFE"sv) || head.starts_with("\xFE\xFF"sv)) return "UTF-16";
    if (head.size() < 4) return {};
    const bool little = (head[0] == '{' || head[0] == '[') && head[1] == 0 && head[2] != 0 && head[3] == 0;
    const bool big = head[0] == 0 && (head[1] == '{' || head[1] == '[') && head[2] == 0 && head[3] != 0;
    return little || big ? "UTF-16"sv : std::string_view();
}

std::string lineOf(std::string_view head, std::size_t place)
{
    return "line " + std::to_string(1 + std::count(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(place), '\n'));
}

bool hasSingleQuotes(std::string_view head, const JsonOutline& outline)
{
    if (outline.top != Kind::Object && outline.top != Kind::Array) return false;
    const std::size_t first = head.find_first_not_of("{[ \t\r\n", outline.begin);
    return first != std::string_view::npos && head[first] == '\'';
}

std::string shortKeys(const JsonOutline& outline)
{
    std::string keys;
    for (std::size_t i = 0; i < std::min<std::size_t>(outline.members.size(), 3); ++i) {
        std::string key;
        sanitizeUtf8(outline.members[i].key.substr(0, 40), key);
        keys += (i == 0 ? "" : ", ") + withoutControls(key);
    }
    return keys;
}

Error describeJson(const JsonOutline& outline, bool isWholeFile)
{
    switch (outline.top) {
    case Kind::Scalar:
    case Kind::String: return {ErrorCode::NotATrace, "JSON, but not a trace: a single value", {}};
    case Kind::Array:
        return {ErrorCode::NotATrace, "JSON, but not a trace: an array whose elements are no events", {}};
    default: break;
    }
    if (!isWholeFile && outline.cut) {
        return {ErrorCode::NotATrace, "JSON, but no traceEvents and no nodes of an execution trace were found in it", {}};
    }
    std::string message = "JSON, but not a trace: it has no traceEvents and no nodes of an execution trace";
    if (!outline.members.empty()) message += " (its keys: " + shortKeys(outline) + (outline.members.size() > 3 ? ", …)" : ")");
    return {ErrorCode::NotATrace, std::move(message), {}};
}

/// Perfetto's files are packets, each a field 1 with its length.
bool isPerfetto(std::string_view head)
{
    int packets = 0;
    for (; packets < 4 && head.size() > 2 && head[0] == '\x0A'; ++packets) {
        std::size_t length = 0, at = 1;
        for (unsigned shift = 0; at < head.size() && shift < 28; shift += 7, ++at) {
            length |= static_cast<std::size_t>(static_cast<unsigned char>(head[at]) & 0x7Fu) << shift;
            if (!(static_cast<unsigned char>(head[at]) & 0x80u)) break;
        }
        if (length == 0 || ++at > head.size()) return false;
        if (length >= head.size() - at) return packets > 0 || length == head.size() - at;
        head.remove_prefix(at + length);
    }
    return packets == 4;
}

Error describeBinary(std::string_view head, bool isWholeFile)
{
    if (isFxtWithoutMagic(head)) {
        return {ErrorCode::Malformed, "this looks like a Fuchsia trace, but its beginning is missing: it does not start with the magic number", {}};
    }
    if (isPerfetto(head)) return unsupported("this is a Perfetto trace in protobuf form, which is not supported");
    if (isWholeFile && head.size() < 8) return {ErrorCode::NotATrace, "the file is too short to be a trace", {}};
    if (head[0] == 0) return {ErrorCode::NotATrace, "neither JSON nor a Fuchsia trace: the first byte is 0", {}};
    return {ErrorCode::NotATrace, "neither JSON nor a Fuchsia trace: binary data", {}};
}

} // namespace

Error knownForeign(std::string_view head)
{
    const Error none{ErrorCode::NotATrace, {}, {}};
    if (head.starts_with(kFxtBigEndian)) return unsupported("this is a big-endian Fuchsia trace, which is not supported");
    if (const std::string_view encoding = utf16(head); !encoding.empty()) {
        return unsupported("the text is " + std::string(encoding) + "; traces are read as UTF-8");
    }
    const auto magic = std::find_if(kMagics.begin(), kMagics.end(), [&](Magic m) { return head.starts_with(m.bytes); });
    if (magic != kMagics.end()) return notATrace(magic->what);
    if (isChakraProtobuf(head)) {
        return unsupported("this is a Chakra trace in protobuf form; the execution trace that PyTorch wrote can be opened instead");
    }
    const JsonOutline outline = JsonOutline::of(head);
    if (hasSingleQuotes(head, outline)) {
        const std::size_t place = head.find('\'', outline.begin);
        return {ErrorCode::Malformed, lineOf(head, place) + ": text stands in single quotes, which is not JSON", place};
    }
    if (outline.top == Kind::Array && outline.members[0].element == Kind::Array) {
        return notATrace("JSON with rows in rows, such as a PyTorch memory timeline");
    }
    if (outline.top != Kind::Object || outline.find("traceEvents")) return none;
    const Member* nodes = outline.find("nodes");
    if (nodes && JsonOutline::hasKey(*nodes, "callFrame")) return notATrace("a V8 CPU profile");
    if (outline.find("workload_graph")) return notATrace("a Chakra workload (JSON of its converter)");
    if (const Member* shared = outline.find("shared"); shared && outline.find("profiles")) return notATrace("a speedscope profile");
    if (outline.find("snapshot") && outline.find("strings") && nodes) return notATrace("a V8 heap snapshot");
    return none;
}

bool mayStillBeATrace(std::string_view head)
{
    const JsonOutline outline = JsonOutline::of(head);
    return outline.top == Kind::Object && outline.cut && !outline.find("nodes");
}

Error whatElse(std::string_view head, bool isWholeFile)
{
    const JsonOutline outline = JsonOutline::of(head);
    if (outline.top == Kind::None) return {ErrorCode::Empty, "the file is empty but for white space", {}};
    const bool isStructure = outline.top == Kind::Object || outline.top == Kind::Array;
    if (head[0] == 0 || (!isStructure && !isText(head.substr(0, 4096)))) return describeBinary(head, isWholeFile);
    if (outline.top != Kind::Bad) return describeJson(outline, isWholeFile);
    const std::string_view text = head.substr(std::min(head.size(), head.find_first_not_of(" \t\r\n")));
    if (text.starts_with("<!DOCTYPE html") || text.starts_with("<!doctype html") || text.starts_with("<html")) {
        return notATrace("an HTML page");
    }
    if (text.starts_with("<")) return notATrace("an XML document");
    if (text.starts_with("(V") && text.find('(', 1) != std::string_view::npos) {
        return unsupported("this is a magic-trace recording as s-expressions; recorded with -o NAME.fxt it can be opened");
    }
    return {ErrorCode::NotATrace, "this is text, but not JSON, so not a trace", {}};
}

} // namespace opscope
