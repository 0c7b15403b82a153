#include "core/io/Redactor.h"

#include "core/analysis/Provenance.h"
#include "core/base/StringPool.h"
#include "core/io/JsonTexts.h"
#include "core/io/RedactorRules.h"

#include <algorithm>
#include <array>

namespace opscope {
namespace {

bool isNumber(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789.-+") == std::string_view::npos && std::ranges::count(text, '.') < 2;
}

/// One call of apply(): what it needs again and again is kept.
class Rewriter
{
public:
    Rewriter(const PrivateNames& names, std::string& out) : m_names(names), m_out(out) {}

    /// `replace(kind, name) -> std::string`. What a replacement leaves is looked at again: names glued to each other hide one another.
    template <class Replace>
    bool text(std::string_view raw, PrivatePlace place, const Replace& replace)
    {
        constexpr int kRounds = 4;
        int rounds = 0;
        while (rounds < kRounds && round(raw, place, replace)) {
            m_before.swap(m_after);
            raw = m_before;
            ++rounds;
        }
        m_out.append(raw);
        return rounds > 0;
    }

private:
    /// From `raw` to m_after; false when nothing is to be replaced.
    template <class Replace>
    bool round(std::string_view raw, PrivatePlace place, const Replace& replace)
    {
        const bool escaped = raw.find('\\') != std::string_view::npos;
        std::string_view text = raw;
        if (escaped) {
            m_plain.assign(raw);
            text = m_plain.text;
        }
        m_pieces.clear();
        if (text.size() >= 2 && !isNumber(text)) findPrivate(text, place, m_names, m_pieces);
        if (m_pieces.empty()) return false;
        const auto rawAt = [&](std::size_t at) { return escaped ? m_plain.from[at] : at; };
        m_after.clear();
        std::size_t copied = 0;
        for (const PrivatePiece& piece : m_pieces) {
            const std::string to = replace(piece.kind, piece.name);
            if (to == piece.name) continue;
            m_after.append(raw.substr(copied, rawAt(piece.begin) - copied)).append(to);
            if (piece.more) m_after += '/';
            copied = rawAt(piece.end);
        }
        m_after.append(raw.substr(copied));
        return copied > 0;
    }

    const PrivateNames& m_names;
    std::string& m_out;
    std::vector<PrivatePiece> m_pieces;
    UnescapedText m_plain;
    std::string m_before, m_after;
};

/// VizTracer keeps the source code of the program; that is neither a name nor a path, and more private than both.
bool isSourceCode(std::string_view key, std::string_view raw)
{
    return key == "file_info" && raw.find("\\n") != std::string_view::npos;
}

} // namespace

Redactor::Redactor(std::unique_ptr<const Rules> rules) : m_rules(std::move(rules)) {}
Redactor::~Redactor() = default;

std::uint64_t Redactor::apply(std::string_view json, std::string_view key, std::string& out) const
{
    const bool topLevel = !key.empty();
    JsonTexts texts(json, topLevel, topLevel ? classOfEntry(key, json) : KeyClass::None);
    Rewriter rewriter(m_rules->names, out);
    const auto replace = [this](PrivateKind kind, std::string_view name) { return m_rules->replacement(kind, name); };
    std::uint64_t replaced = 0;
    JsonText text;
    std::string_view between;
    while (texts.next(text, between)) {
        out.append(between);
        PrivateKind kind = PrivateKind::Path;
        if (text.raw.empty() || (!text.isKey && text.key == KeyClass::Fixed)) {
            out.append(text.raw);
        } else if (!text.isKey && isSourceCode(key, text.raw)) {
            out.append("source left out");
            ++replaced;
        } else if (!text.isKey && isWhole(text.key, kind)) {
            const std::string to = replace(kind, text.raw);
            out.append(to);
            replaced += to != text.raw;
        } else {
            const PrivatePlace place{topLevel, text.isKey ? KeyClass::None : text.key};
            replaced += rewriter.text(text.raw, place, replace);
        }
    }
    out.append(between);
    return replaced;
}

bool Redactor::applyToText(std::string_view text, std::string_view key, std::string& out) const
{
    const KeyClass known = key.empty() ? KeyClass::None : eventKeyClass(key);
    PrivateKind kind = PrivateKind::Path;
    if (text.empty() || known == KeyClass::Fixed) {
        out.append(text);
        return false;
    }
    const auto replace = [this](PrivateKind k, std::string_view name) { return m_rules->replacement(k, name); };
    if (isWhole(known, kind)) {
        const std::string to = replace(kind, text);
        out.append(to);
        return to != text;
    }
    const PrivatePlace place{false, known};
    if (text.find('\\') == std::string_view::npos) return Rewriter(m_rules->names, out).text(text, place, replace);
    // Backslashes would be taken for escapes.
    std::string escaped, replaced;
    for (const char c : text) escaped.append(c == '\\' ? 2 : 1, c);
    const bool any = Rewriter(m_rules->names, replaced).text(escaped, place, replace);
    for (std::size_t i = 0; i < replaced.size(); ++i) {
        out += replaced[i];
        if (replaced[i] == '\\' && i + 1 < replaced.size() && replaced[i + 1] == '\\') ++i;
    }
    return any;
}

std::string Redactor::Rules::replacement(PrivateKind kind, std::string_view name) const
{
    if (kind == PrivateKind::Secret) return std::string(placeholderWord(kind));
    if (isPlaceholder(name) || ((kind == PrivateKind::Host || kind == PrivateKind::User) && isNobody(name))) return std::string(name);
    const auto& table = known[static_cast<std::size_t>(kind)];
    if (const auto found = table.find(std::string(name)); found != table.end()) return found->second;
    std::uint64_t hash = StringPool::hash(name) ^ salt;
    std::string out(placeholderWord(kind));
    out += '-';
    for (int i = 0; i < 6; ++i) {
        hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9ull + 0x9E3779B97F4A7C15ull; // splitmix64: all bits count in each letter
        out += "0123456789abcdefghijklmnopqrstuvwxyz"[(hash >> 32) % 36];
    }
    return out;
}

bool isWhole(KeyClass key, PrivateKind& kind)
{
    switch (key) {
    case KeyClass::Host: kind = PrivateKind::Host; return true;
    case KeyClass::User: kind = PrivateKind::User; return true;
    case KeyClass::Job: kind = PrivateKind::Job; return true;
    case KeyClass::Environment: kind = PrivateKind::Environment; return true;
    case KeyClass::Secret: kind = PrivateKind::Secret; return true;
    case KeyClass::None: case KeyClass::Path: case KeyClass::Version: case KeyClass::Fixed: break;
    }
    return false;
}

KeyClass classOfEntry(std::string_view key, std::string_view json)
{
    static constexpr std::array<std::string_view, 5> kKept{"time", "group_trace_id", "systemTraceEvents", "powerTraceAsString", "controllerTraceDataKey"};
    if (!isPrivateKey(key)) return KeyClass::None;
    const KeyClass known = topLevelKeyClass(key);
    if (known != KeyClass::None && known != KeyClass::Version) return known;
    // A text of its own is an environment variable that somebody had written into the trace (kineto-trace.md section 2).
    const std::size_t first = json.find_first_not_of(" \t\r\n");
    const bool isText = first != std::string_view::npos && json[first] == '"';
    return isText && known == KeyClass::None && std::ranges::find(kKept, key) == kKept.end() ? KeyClass::Environment : known;
}

} // namespace opscope
