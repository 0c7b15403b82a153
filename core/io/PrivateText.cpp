#include "core/io/PrivateText.h"

#include "core/io/PrivatePath.h"

#include <algorithm>
#include <array>

namespace opscope {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isSlash(char c) { return c == '/' || c == '\\'; }
bool isHexDigit(char c) { return isDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool isHostByte(char c) { return isNameByte(c) || c == '-' || c == '.'; }

/// Walks one text from left to right; runs are what stands between blanks, quotes, brackets and the like.
class Finder
{
public:
    Finder(std::string_view text, PrivatePlace place, const PrivateNames& names, std::vector<PrivatePiece>& pieces, std::vector<std::string>* users)
        : m_text(text), m_place(place), m_names(names), m_pieces(pieces), m_users(users)
    {
    }

    bool worthALook() const;
    void run();

private:
    void words(std::size_t begin, std::size_t end);
    void numericAddresses();
    bool numericAddress(std::size_t colon) const { return !addressAround(colon).empty(); }
    std::string_view addressAround(std::size_t colon) const;
    std::size_t word(std::size_t at, std::size_t end);
    std::size_t address(std::size_t at, std::size_t end) const;
    bool isKnownHostForm(std::string_view name) const;
    void mail(std::size_t& begin, std::size_t end);
    std::size_t assignment(std::size_t equals, std::size_t nameBegin);
    std::string_view variableBefore(std::size_t equals) const;
    std::size_t knownToken(std::size_t at) const;
    bool isComponent(std::size_t begin, std::size_t end) const;
    void add(PrivateKind kind, std::size_t begin, std::size_t end, std::string name, bool more = false)
    {
        m_pieces.push_back({kind, begin, end, std::move(name), more});
    }

    std::string_view m_text;
    PrivatePlace m_place;
    const PrivateNames& m_names;
    std::vector<PrivatePiece>& m_pieces;
    std::vector<std::string>* m_users;
};

/// Nearly all texts are names of operators and hold nothing: this decides it in one pass.
bool Finder::worthALook() const
{
    static constexpr auto kSigns = [] {
        std::array<bool, 256> table{};
        for (const unsigned char c : {'/', '\\', '@', '='}) table[c] = true;
        return table;
    }();
    char before = ' ';
    for (std::size_t i = 0; i < m_text.size(); ++i) {
        const char c = m_text[i];
        if (kSigns[static_cast<unsigned char>(c)]) return true;
        const char next = i + 1 < m_text.size() ? m_text[i + 1] : ' ';
        if (c == '.' && (isDigit(before) || (next >= 'i' && next <= 'l') || next == 'c')) return true; // 10.1.2.3, .internal, .lan, .corp
        if (!isNameByte(before) && isNameByte(c) && (m_names.words.mayBegin(c, next) || (c == 'i' && next == 'p') || knownToken(i))) return true;
        if (c == ':' && isHexDigit(before) && numericAddress(i)) return true;
        before = c;
    }
    return false;
}

void Finder::run()
{
    std::size_t at = 0;
    while (at < m_text.size()) {
        const TextRun run = nextRun(m_text, at);
        if (run.begin == run.end) break;
        if (run.end < m_text.size() && m_text[run.end] == '=' && isSecretVariable(variableBefore(run.end))) {
            at = assignment(run.end, run.begin);
            continue;
        }
        std::size_t begin = run.begin, end = run.end;
        if (run.slashes) {
            const PathFinding path = privatePath(m_text, run, m_place, m_names.roots);
            if (m_users && !path.user.empty()) m_users->push_back(path.user);
            end = path.end;
            if (path.isPrivate) {
                add(PrivateKind::Path, path.begin, path.tail, path.folder, path.tail < path.end);
                words(begin, path.begin);
                begin = path.tail;
            } else if (path.userEnd > path.userBegin) {
                words(begin, path.userBegin);
                add(PrivateKind::User, path.userBegin, path.userEnd, std::string(m_text.substr(path.userBegin, path.userEnd - path.userBegin)));
                begin = path.userEnd;
            }
        }
        mail(begin, end);
        words(begin, end);
        at = end;
    }
    numericAddresses();
    // What stands in front of a path was looked at after it, and a part of an address may have been taken for a word.
    std::ranges::stable_sort(m_pieces, {}, &PrivatePiece::begin);
    std::size_t behind = 0;
    std::erase_if(m_pieces, [&](const PrivatePiece& piece) {
        const bool overlaps = piece.begin < behind;
        if (!overlaps) behind = piece.end;
        return overlaps;
    });
}

/// fe80::1c2d:3e4f and 00:1b:44:11:3a:b7 around their first colon; "" for c10::d2 and 12:30:45.
std::string_view Finder::addressAround(std::size_t colon) const
{
    constexpr std::size_t kLongest = 39;
    std::size_t begin = colon, end = colon;
    while (begin > 0 && colon - begin < 5 && isHexDigit(m_text[begin - 1])) --begin;
    if (begin > 0 && (isNameByte(m_text[begin - 1]) || m_text[begin - 1] == ':')) return {};
    while (end < m_text.size() && end - begin <= kLongest && (isHexDigit(m_text[end]) || m_text[end] == ':')) ++end;
    const std::string_view text = m_text.substr(begin, end - begin);
    if (end - begin > kLongest || (end < m_text.size() && isNameByte(m_text[end])) || !std::ranges::any_of(text, isDigit)) return {};
    int colons = 0, doubles = 0, longest = 0, digits = 0;
    bool pairs = true;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] != ':') {
            ++digits;
            continue;
        }
        longest = std::max(longest, digits);
        pairs &= digits == 2;
        if (i == text.size()) break;
        ++colons;
        if (i + 1 < text.size() && text[i + 1] == ':') ++doubles;
        digits = 0;
    }
    const bool hardware = colons == 5 && pairs;
    const bool local = text.starts_with("fe80::") || text.starts_with("fd") || text.starts_with("2001:");
    const bool ip = longest <= 4 && ((colons == 7 && !doubles) || (doubles == 1 && colons >= (local ? 2 : 3)));
    return hardware || ip ? text : std::string_view();
}

void Finder::numericAddresses()
{
    for (std::size_t colon = m_text.find(':'); colon != std::string_view::npos; colon = m_text.find(':', colon + 1)) {
        if (colon == 0 || !isHexDigit(m_text[colon - 1])) continue;
        const std::string_view address = addressAround(colon);
        if (address.empty()) continue;
        const auto begin = static_cast<std::size_t>(address.data() - m_text.data());
        add(PrivateKind::Host, begin, begin + address.size(), std::string(address));
        colon = begin + address.size() - 1;
    }
}

/// A word that stands between slashes, or between one and an end of the run.
bool Finder::isComponent(std::size_t begin, std::size_t end) const
{
    const bool before = begin > 0 && isSlash(m_text[begin - 1]);
    const bool after = end < m_text.size() && isSlash(m_text[end]);
    return before || after;
}

/// Returns where to go on.
std::size_t Finder::word(std::size_t at, std::size_t end)
{
    if (const WordList::Word* known = m_names.words.mayBegin(m_text[at], at + 1 < end ? m_text[at + 1] : ' ') ? m_names.words.at(m_text.substr(0, end), at) : nullptr) {
        const std::size_t behind = at + known->text.size();
        if (known->anywhere || isComponent(at, behind)) {
            add(known->kind, at, behind, known->text);
            return behind;
        }
    }
    if (isDigit(m_text[at]))
        if (const std::size_t behind = address(at, end); behind > at) {
            add(PrivateKind::Host, at, behind, std::string(m_text.substr(at, behind - at)));
            return behind;
        }
    if (const std::size_t behind = knownToken(at); behind > at) {
        add(PrivateKind::Secret, at, behind, {});
        return behind;
    }
    if (at == 0 || !isHostByte(m_text[at - 1])) { // once for each name, not for each of its parts
        constexpr std::size_t kLongest = 253;
        std::size_t behind = at;
        while (behind < end && behind - at <= kLongest && isHostByte(m_text[behind])) ++behind;
        while (behind > at && !isNameByte(m_text[behind - 1])) --behind; // a full stop behind a name is none of it
        if (isKnownHostForm(m_text.substr(at, behind - at))) {
            add(PrivateKind::Host, at, behind, std::string(m_text.substr(at, behind - at)));
            return behind;
        }
    }
    while (at < end && isNameByte(m_text[at])) ++at;
    return at;
}

void Finder::words(std::size_t begin, std::size_t end)
{
    while (begin < end) {
        if (isNameByte(m_text[begin])) begin = word(begin, end);
        else ++begin;
    }
}

/// An IPv4 address, which is no version: returns its end, or `at`.
std::size_t Finder::address(std::size_t at, std::size_t end) const
{
    if (m_place.key == KeyClass::Version) return at;
    const char before = at ? m_text[at - 1] : ' ';
    if (before == '.' || before == '-' || before == '_' || before == '+') return at;
    if (at >= 2 && m_text.substr(at - 2, 2) == "==") return at;                        // nvidia-cublas==12.8.4.1
    if (before == '/' && (at < 2 || m_text[at - 2] != '/')) return at;                 // Chrome/156.0.0.0
    unsigned first = 0;
    std::size_t i = at;
    for (int part = 0; part < 4; ++part) {
        unsigned value = 0;
        const std::size_t begin = i;
        while (i < end && isDigit(m_text[i]) && i - begin < 4) value = value * 10 + static_cast<unsigned>(m_text[i++] - '0');
        if (i == begin || value > 255) return at;
        if (part == 0) first = value;
        if (part < 3 && (i == end || m_text[i++] != '.')) return at;
    }
    if (i < m_text.size() && (isNameByte(m_text[i]) || (m_text[i] == '.' && i + 1 < m_text.size() && isDigit(m_text[i + 1])))) return at;
    return first == 0 || first == 127 || first == 255 ? at : i;
}

bool Finder::isKnownHostForm(std::string_view name) const
{
    if (name.size() < 6 || name.size() > 253 || isPlaceholder(name)) return false;
    if (name.starts_with("ip-") && std::ranges::count(name.substr(0, 20), '-') >= 4 && isDigit(name[3])) return true; // of clouds: ip-10-0-1-7
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return false;
    // threading.local is a class: a host of such a domain has a digit or a hyphen in it.
    if (!std::ranges::any_of(name.substr(0, dot), [](char c) { return isDigit(c) || c == '-'; }) || isDigit(name[0])) return false;
    for (const std::string_view domain : {".internal", ".local", ".lan", ".corp", ".intra", ".localdomain"})
        if (name.ends_with(domain)) return true;
    return false;
}

/// Tokens whose first letters say what they are: returns the end, or 0.
std::size_t Finder::knownToken(std::size_t at) const
{
    struct Form { std::string_view begin; std::size_t atLeast; };
    static constexpr std::array<Form, 9> kForms{{{"hf_", 20}, {"ghp_", 20}, {"gho_", 20}, {"github_pat_", 20}, {"glpat-", 16}, {"sk-", 24},
                                                 {"AKIA", 16}, {"xoxb-", 20}, {"eyJ", 40}}};
    const char c = m_text[at];
    if (c != 'h' && c != 'g' && c != 's' && c != 'A' && c != 'x' && c != 'e') return 0;
    const std::string_view rest = m_text.substr(at, 512);
    for (const Form& form : kForms) {
        if (!rest.starts_with(form.begin)) continue;
        std::size_t n = form.begin.size();
        bool digit = false;
        while (n < rest.size() && (isNameByte(rest[n]) || rest[n] == '-' || rest[n] == '_' || (c == 'e' && rest[n] == '.'))) digit |= isDigit(rest[n++]);
        if (n - form.begin.size() >= form.atLeast - (c == 'A' ? 4 : 0) && digit) return at + n;
    }
    return 0;
}

/// alice@gpu7.example.com: moves `begin` behind what it took.
void Finder::mail(std::size_t& begin, std::size_t end)
{
    for (std::size_t sign = m_text.find('@', begin); sign < end; sign = m_text.find('@', sign + 1)) {
        std::size_t from = sign, to = sign + 1;
        while (from > begin && (isHostByte(m_text[from - 1]) || m_text[from - 1] == '_' || m_text[from - 1] == '+' || m_text[from - 1] == ':')) --from;
        while (to < end && isHostByte(m_text[to])) ++to;
        while (to > sign + 1 && !isNameByte(m_text[to - 1])) --to;
        const std::string_view user = m_text.substr(from, sign - from), host = m_text.substr(sign + 1, to - sign - 1);
        if (user.empty() || host.empty() || isDigit(host[0]) || host.find('.') == std::string_view::npos) continue;
        words(begin, from);
        if (!isPlaceholder(user) && user != "git") add(PrivateKind::User, from, sign, std::string(user));
        if (!isPlaceholder(host)) add(PrivateKind::Host, sign + 1, to, std::string(host));
        begin = to;
        sign = to - 1;
    }
}

std::string_view Finder::variableBefore(std::size_t equals) const
{
    constexpr std::size_t kLongest = 64;
    std::size_t begin = equals;
    while (begin > 0 && equals - begin <= kLongest && (isHostByte(m_text[begin - 1]) || m_text[begin - 1] == '_')) --begin;
    return m_text.substr(begin, equals - begin);
}

/// NAME=value where the name is that of a secret: returns the end of the value.
std::size_t Finder::assignment(std::size_t equals, std::size_t nameBegin)
{
    words(nameBegin, equals);
    std::size_t begin = equals + 1;
    const char quote = begin < m_text.size() && (m_text[begin] == '"' || m_text[begin] == '\'') ? m_text[begin++] : '\0';
    const std::size_t end = std::min(m_text.size(), m_text.find_first_of(quote ? std::string_view(&quote, 1) : std::string_view(" \t\r\n\"';,&)", 9), begin));
    if (end > begin && m_text.substr(begin, end - begin) != placeholderWord(PrivateKind::Secret)) add(PrivateKind::Secret, begin, end, {});
    return std::max(end, equals + 1);
}

} // namespace

void findPrivate(std::string_view text, PrivatePlace place, const PrivateNames& names, std::vector<PrivatePiece>& pieces, std::vector<std::string>* users)
{
    Finder finder(text, place, names, pieces, users);
    if (finder.worthALook()) finder.run();
}

std::string_view placeholderWord(PrivateKind kind)
{
    switch (kind) {
    case PrivateKind::Host: return "host";
    case PrivateKind::User: return "user";
    case PrivateKind::Path: return "/path";
    case PrivateKind::Job: return "job";
    case PrivateKind::Environment: return "environment";
    case PrivateKind::Secret: break;
    }
    return "withheld"; // no name of a variable itself
}

unsigned placeholderNumber(PrivateKind kind, std::string_view text)
{
    const std::string_view word = placeholderWord(kind);
    if (!text.starts_with(word) || text.size() == word.size() || text.size() > word.size() + 7) return 0;
    unsigned number = 0;
    for (const char c : text.substr(word.size())) {
        if (!isDigit(c)) return 0;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return text[word.size()] == '0' ? 0 : number;
}

bool isPlaceholder(std::string_view text)
{
    if (text == placeholderWord(PrivateKind::Secret)) return true;
    for (const PrivateKind kind : {PrivateKind::Host, PrivateKind::User, PrivateKind::Path, PrivateKind::Job, PrivateKind::Environment}) {
        const std::string_view word = placeholderWord(kind);
        if (!text.starts_with(word)) continue;
        if (placeholderNumber(kind, text)) return true;
        const std::string_view rest = text.substr(word.size());
        if (rest.size() == 7 && rest[0] == '-' && std::ranges::all_of(rest.substr(1), [](char c) { return isDigit(c) || (c >= 'a' && c <= 'z'); }))
            return true;
    }
    return false;
}

std::string_view hostOfFileName(std::string_view fileName)
{
    const auto dropEnd = [&](std::string_view end) {
        const bool found = fileName.ends_with(end);
        if (found) fileName.remove_suffix(end.size());
        return found;
    };
    dropEnd(".gz");
    if (!dropEnd(".json") || !(dropEnd(".pt.trace") || dropEnd(".et"))) return {};
    const auto dropDigits = [&](char before, std::size_t atLeast) {
        const std::size_t digits = fileName.size() - std::min(fileName.size(), fileName.find_last_not_of("0123456789") + 1);
        if (digits < atLeast || digits >= fileName.size() || fileName[fileName.size() - digits - 1] != before) return false;
        fileName.remove_suffix(digits + 1);
        return true;
    };
    dropDigits('.', 10);
    if (!dropDigits('_', 3)) return {};
    return isPlaceholder(fileName) || isNobody(fileName) ? std::string_view() : fileName;
}

} // namespace opscope
