#include "core/io/JsonTexts.h"
#include "core/io/RedactorRules.h"
#include "core/trace/Trace.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace opscope {
namespace {

constexpr std::array kNumbered{PrivateKind::Host, PrivateKind::User, PrivateKind::Job, PrivateKind::Path, PrivateKind::Environment};
constexpr std::size_t kMostNames = 100'000;  // of each kind; what comes beyond is named by its hash

const char* title(PrivateKind kind)
{
    switch (kind) {
    case PrivateKind::Host: return "host";
    case PrivateKind::User: return "user";
    case PrivateKind::Path: return "path";
    case PrivateKind::Job: return "job";
    case PrivateKind::Environment: case PrivateKind::Secret: break;
    }
    return "environment";
}

bool hasDigit(std::string_view text) { return text.find_first_of("0123456789") != std::string_view::npos; }
bool hasLetter(std::string_view text) { return std::ranges::any_of(text, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }); }
bool isOneWord(std::string_view text) { return text.find_first_of(" \t\n/\\,;:") == std::string_view::npos; }

} // namespace

/// Finds out what there is to be replaced, then numbers it.
class RedactorBuilder
{
public:
    explicit RedactorBuilder(const Trace& trace) : m_trace(trace) {}

    std::shared_ptr<const Redactor> build()
    {
        for (const TopLevelEntry& entry : m_trace.topLevel()) readEntry(entry);
        for (std::size_t i = 0; i < m_trace.strings().size(); ++i) {
            const std::string_view text = m_trace.strings().view(StringId(i));
            m_rules->salt += StringPool::hash(text); // in any order the same
            readText(text, {});
        }
        number();
        m_rules->names.words.set(words());
        std::shared_ptr<Redactor> redactor(new Redactor(std::move(m_rules)));
        redactor->m_replacements = std::move(m_list);
        return redactor;
    }

private:
    std::set<std::string, std::less<>>& found(PrivateKind kind) { return m_found[static_cast<std::size_t>(kind)]; }

    void learn(PrivateKind kind, std::string_view name)
    {
        const bool nobody = (kind == PrivateKind::Host || kind == PrivateKind::User) && isNobody(name);
        if (name.empty() || nobody || isPlaceholder(name) || found(kind).size() >= kMostNames) return;
        found(kind).emplace(name);
    }

    void readEntry(const TopLevelEntry& entry)
    {
        m_rules->salt += StringPool::hash(entry.json);
        JsonTexts texts(entry.json, true, classOfEntry(entry.key, entry.json));
        JsonText text;
        std::string_view between, key = entry.key;
        UnescapedText plain;
        while (texts.next(text, between)) {
            if (text.isKey) key = text.raw;
            noteNumbers(text.raw);
            PrivateKind kind = PrivateKind::Path;
            if (!text.isKey && isWhole(text.key, kind)) {
                if (kind != PrivateKind::Secret) learn(kind, text.raw);
                else if (!text.raw.empty() && !isPlaceholder(text.raw)) m_secrets.emplace(key);
                continue;
            }
            plain.assign(text.raw);
            readText(plain.text, {true, text.isKey ? KeyClass::None : text.key});
            if (entry.key == "traceName") learn(PrivateKind::Host, hostOfFileName(std::string_view(plain.text).substr(plain.text.find_last_of("/\\") + 1)));
        }
    }

    void readText(std::string_view text, PrivatePlace place)
    {
        m_pieces.clear();
        m_users.clear();
        findPrivate(text, place, m_rules->names, m_pieces, &m_users);
        if (text.find('/') != std::string_view::npos) noteNumbers(text);
        for (const PrivatePiece& piece : m_pieces) {
            if (piece.kind == PrivateKind::Secret) continue;
            learn(piece.kind, piece.name);
            if (piece.kind != PrivateKind::Path || !piece.name.starts_with('/') || m_rules->names.roots.size() >= 1000) continue;
            m_rules->names.roots.emplace(piece.name.substr(1, piece.name.find('/', 1) - 1));
        }
        for (const std::string& user : m_users) learn(PrivateKind::User, user);
    }

    /// A file that was redacted before and is open beside one that was not: its numbers are taken.
    void noteNumbers(std::string_view text)
    {
        for (const PrivateKind kind : kNumbered) {
            const std::string_view word = placeholderWord(kind);
            for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
                std::size_t end = at + word.size();
                while (end < text.size() && end - at < word.size() + 8 && text[end] >= '0' && text[end] <= '9') ++end;
                unsigned& highest = m_highest[static_cast<std::size_t>(kind)];
                highest = std::max(highest, placeholderNumber(kind, text.substr(at, end - at)));
            }
        }
    }

    void number()
    {
        joinShortHosts();
        for (const PrivateKind kind : kNumbered) {
            unsigned next = m_highest[static_cast<std::size_t>(kind)];
            auto& table = m_rules->known[static_cast<std::size_t>(kind)];
            for (const std::string& name : found(kind)) {
                const std::string to = std::string(placeholderWord(kind)) + std::to_string(++next);
                table.emplace(name, to);
                m_list.push_back({title(kind), name, to});
            }
        }
        for (const std::string& key : m_secrets) m_list.push_back({"environment", key + ", a secret", std::string(placeholderWord(PrivateKind::Secret))});
        auto& hosts = m_rules->known[static_cast<std::size_t>(PrivateKind::Host)];
        for (const auto& [label, host] : m_shortHosts) hosts.emplace(label, hosts.at(host));
    }

    /// "gpu7" is the host "gpu7.example.com".
    void joinShortHosts()
    {
        for (const std::string& host : found(PrivateKind::Host)) {
            const std::string label = host.substr(0, host.find('.'));
            if (label.size() < host.size() && label.size() >= 4 && hasDigit(label) && hasLetter(label)) m_shortHosts.emplace(label, host);
        }
        for (const auto& [label, host] : m_shortHosts) found(PrivateKind::Host).erase(label);
    }

    std::vector<WordList::Word> words()
    {
        std::vector<WordList::Word> words;
        for (const std::string& host : found(PrivateKind::Host))
            if (isOneWord(host)) words.push_back({host, PrivateKind::Host, host.size() >= 4 && (hasDigit(host) || host.find_first_of("-.") != std::string::npos)});
        for (const auto& [label, host] : m_shortHosts) words.push_back({label, PrivateKind::Host, true});
        for (const std::string& job : found(PrivateKind::Job))
            if (isOneWord(job)) words.push_back({job, PrivateKind::Job, job.size() >= 6 && hasDigit(job)});
        for (const std::string& user : found(PrivateKind::User))
            if (isOneWord(user)) words.push_back({user, PrivateKind::User, user.size() >= 4});
        const std::set<std::string> taken = wordsOfOperators(words);
        for (WordList::Word& word : words) word.anywhere &= !taken.contains(word.text);
        return words;
    }

    /// Somebody may be called "linear": of those only what stands where a name stands is replaced.
    std::set<std::string> wordsOfOperators(const std::vector<WordList::Word>& words) const
    {
        std::set<std::string> taken;
        WordList list;
        list.set(words);
        if (list.empty()) return taken;
        std::vector<bool> isOperator(m_trace.strings().size());
        const SliceTable& slices = m_trace.slices();
        for (std::size_t i = 0; i < slices.size(); ++i) {
            const CategoryClass kind = m_trace.kindOf(SliceId(i));
            if (kind == CategoryClass::CpuOp || kind == CategoryClass::Kernel || kind == CategoryClass::Runtime || kind == CategoryClass::Driver)
                isOperator[slices.name(SliceId(i)).index()] = true;
        }
        for (std::size_t i = 0; i < isOperator.size(); ++i) {
            if (!isOperator[i]) continue;
            const std::string_view text = m_trace.strings().view(StringId(i));
            for (std::size_t at = 0; at + 1 < text.size(); ++at) {
                if ((at && isNameByte(text[at - 1])) || !list.mayBegin(text[at], text[at + 1])) continue;
                if (const WordList::Word* word = list.at(text, at)) taken.insert(word->text);
            }
        }
        return taken;
    }

    const Trace& m_trace;
    std::unique_ptr<Redactor::Rules> m_rules = std::make_unique<Redactor::Rules>();
    std::array<std::set<std::string, std::less<>>, 6> m_found;
    std::array<unsigned, 6> m_highest{};
    std::set<std::string, std::less<>> m_secrets;
    std::map<std::string, std::string> m_shortHosts;  ///< first label -> whole name
    std::vector<Redactor::Replacement> m_list;
    std::vector<PrivatePiece> m_pieces;
    std::vector<std::string> m_users;
};

std::shared_ptr<const Redactor> Redactor::of(const Trace& trace)
{
    return RedactorBuilder(trace).build();
}

} // namespace opscope
