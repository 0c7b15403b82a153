#include "core/link/PairFinder.h"

#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/base/Time.h"
#include "core/format/Format.h"
#include "core/io/ByteSource.h"
#include "core/link/Ranks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <tuple>

namespace opscope {

namespace {

namespace fs = std::filesystem;
using namespace partner_limits;

constexpr Nanos kTogether = 600'000'000'000; // ranks begin to record within ten minutes
constexpr std::size_t kNearEvent = 600;      // bytes of an event in which its pid stands

/// What the beginning of a file and its name tell.
struct FileFacts
{
    std::string path;
    bool isEt = false, isTimed = false;
    std::vector<std::int64_t> pids;          ///< of the process; several when a timed trace holds several
    std::optional<std::int64_t> rank, worldSize;
    bool rankIsGuess = false;
    std::optional<Nanos> begin;              ///< absolute
    std::uint64_t bytes = 0;
    std::vector<std::string> words;          ///< of the name, without those that every trace has
};

/// "training_step_et.json.gz" and "training_step.pt.trace.json.gz" are both {training, step}.
std::vector<std::string> wordsOf(std::string_view path)
{
    static constexpr std::array<std::string_view, 14> kEverywhere{"json", "gz", "pt", "trace", "et", "eg", "kineto", "execution", "graph",
                                                                  "profile", "host", "chakra", "torch", "tmp"};
    std::vector<std::string> words;
    std::string word;
    const auto take = [&] {
        if (!word.empty() && std::ranges::find(kEverywhere, word) == kEverywhere.end()) words.push_back(word);
        word.clear();
    };
    for (const char c : fileName(path)) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || byte >= 0x80) word += static_cast<char>(std::tolower(byte));
        else take();
    }
    take();
    return words;
}

/// All words of the one with fewer of them are in the other.
bool alike(const FileFacts& a, const FileFacts& b)
{
    const auto& few = a.words.size() <= b.words.size() ? a.words : b.words;
    const auto& many = &few == &a.words ? b.words : a.words;
    return !few.empty() && std::ranges::all_of(few, [&](const std::string& w) { return std::ranges::find(many, w) != many.end(); });
}

/// The same name but for its digits: ranks of one run.
bool alikeButForDigits(std::string_view a, std::string_view b)
{
    const auto bare = [](std::string_view path) {
        std::string text;
        for (const char c : fileName(path)) {
            if (!std::isdigit(static_cast<unsigned char>(c))) text += c;
            else if (text.empty() || text.back() != '#') text += '#';
        }
        return text;
    };
    return bare(a) == bare(b);
}

/// The whole number behind `"key":` from `at` on, within `reach` bytes.
std::optional<std::int64_t> numberBehind(std::string_view text, std::size_t at, std::string_view key, std::size_t reach)
{
    const std::string quoted = "\"" + std::string(key) + "\"";
    const std::string_view near = text.substr(std::min(at, text.size()), reach);
    std::size_t i = near.find(quoted);
    if (i == std::string_view::npos) return std::nullopt;
    for (i += quoted.size(); i < near.size() && (near[i] == ' ' || near[i] == ':' || near[i] == '"'); ++i) {}
    std::int64_t value = 0;
    const auto end = std::from_chars(near.data() + i, near.data() + near.size(), value);
    return end.ec == std::errc() && end.ptr != near.data() + near.size() ? std::optional(value) : std::nullopt;
}

/// Process numbers and first time of operators. Heads end anywhere; what is not found is not known.
void readEvents(std::string_view head, FileFacts& facts)
{
    for (const std::string_view category : {"\"cpu_op\"", "\"Operator\"", "\"user_annotation\""}) {
        for (std::size_t at = head.find(category); at != std::string_view::npos && facts.pids.size() < 8; at = head.find(category, at + 1)) {
            const std::size_t brace = head.rfind('{', at);
            if (brace == std::string_view::npos || at - brace > kNearEvent) continue;
            if (const auto pid = numberBehind(head, brace, "pid", kNearEvent); pid && std::ranges::find(facts.pids, *pid) == facts.pids.end())
                facts.pids.push_back(*pid);
            if (facts.begin) continue;
            const auto micros = numberBehind(head, brace, "ts", kNearEvent);
            const auto base = numberBehind(head, 0, "baseTimeNanoseconds", head.size()).value_or(0);
            Nanos ns = 0;
            if (micros && !__builtin_mul_overflow(*micros, std::int64_t{1000}, &ns) && !__builtin_add_overflow(ns, base, &ns)) facts.begin = ns;
        }
    }
}

void readHead(std::string_view head, FileFacts& facts)
{
    if (facts.isEt) {
        const std::size_t nodes = head.find("\"nodes\"");
        if (const auto pid = numberBehind(head, 0, "pid", std::min(nodes, head.size()))) facts.pids.push_back(*pid);
        return;
    }
    if (const std::size_t info = head.find("\"distributedInfo\""); info != std::string_view::npos) {
        if (const auto rank = numberBehind(head, info, "rank", 400); rank && *rank >= 0) {
            facts.rank = rank;
            facts.rankIsGuess = false;
        }
        facts.worldSize = numberBehind(head, info, "world_size", 400);
    }
    readEvents(head, facts);
}

FileFacts factsOfName(std::string path)
{
    FileFacts facts;
    facts.words = wordsOf(path);
    facts.rank = rankOfName(path);
    facts.rankIsGuess = facts.rank.has_value();
    facts.path = std::move(path);
    return facts;
}

/// Neither an execution trace nor a timed one when it cannot be read.
FileFacts factsOfFile(const std::string& path)
{
    FileFacts facts = factsOfName(path);
    auto bytes = ByteSource::openFile(path);
    if (!bytes) return facts;
    facts.bytes = (*bytes)->packedSize();
    const auto head = (*bytes)->head(kHeadBytes);
    if (!head || head->empty()) return facts;
    const auto format = recognise(*head, head->size() < kHeadBytes);
    if (!format) return facts;
    facts.isEt = (*format)->id == "et";
    facts.isTimed = !facts.isEt;
    readHead(*head, facts);
    return facts;
}

std::vector<FileFacts> factsOfTrace(const Trace& trace)
{
    std::vector<FileFacts> all;
    for (std::uint32_t s = 0; s < trace.sources().size(); ++s) {
        const SourceFile& source = trace.sources()[s];
        FileFacts facts = factsOfName(source.path);
        facts.bytes = source.packedBytes;
        facts.rank = source.rank;
        facts.rankIsGuess = source.rankFrom == RankOrigin::FileName;
        facts.worldSize = source.worldSize;
        const ExecutionTrace* et = trace.executionTrace();
        if (const EtFile* file = et ? et->fileOf(SourceId(s)) : nullptr) {
            facts.isEt = true;
            if (file->pid) facts.pids.push_back(*file->pid);
        } else {
            facts.isTimed = true;
        }
        all.push_back(std::move(facts));
    }
    for (const Track& track : trace.tracks()) {
        const Process& process = trace.process(track.process);
        FileFacts& facts = all[process.source.index()];
        if (!facts.isTimed || process.side == Side::Device || !track.sliceCount || process.pid.kind != TrackKey::Kind::Number) continue;
        if (std::ranges::find(facts.pids, process.pid.number) == facts.pids.end()) facts.pids.push_back(process.pid.number);
        Nanos begin = 0;
        if (!__builtin_add_overflow(trace.baseTime(), track.extent.start, &begin) && (!facts.begin || begin < *facts.begin)) facts.begin = begin;
    }
    return all;
}

bool mayBeTrace(const std::string& name)
{
    return name.ends_with(".json") || name.ends_with(".gz") || name.ends_with(".tmp") || name.ends_with(".et") || name.ends_with(".trace");
}

/// Files of the folder of an open one that could be traces, those with names alike first.
std::vector<std::string> neighbours(const std::vector<FileFacts>& open, const JobControl& job)
{
    std::vector<fs::path> folders;
    for (const FileFacts& file : open) {
        fs::path folder = fs::path(file.path).parent_path();
        if (folder.empty()) folder = ".";
        if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(std::move(folder));
    }
    struct Found
    {
        std::string path;
        bool like = false;
    };
    std::vector<Found> found;
    for (const fs::path& folder : folders) {
        std::error_code failed;
        std::size_t entries = 0;
        for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, failed), end;
             !failed && it != end && ++entries <= kMostEntries && !job.cancelled(); it.increment(failed)) {
            std::error_code unknown;
            const std::string path = it->path().string();
            if (!mayBeTrace(it->path().filename().string()) || !it->is_regular_file(unknown)) continue;
            const bool isOpen = std::ranges::any_of(open, [&](const FileFacts& f) {
                std::error_code missing;
                return f.path == path || fs::equivalent(f.path, path, missing);
            });
            if (isOpen) continue;
            const FileFacts named = factsOfName(path);
            found.push_back({path, std::ranges::any_of(open, [&](const FileFacts& f) { return alike(f, named) || alikeButForDigits(f.path, path); })});
        }
    }
    std::ranges::sort(found, [](const Found& a, const Found& b) { return std::pair(!a.like, a.path) < std::pair(!b.like, b.path); });
    std::vector<std::string> paths;
    for (Found& file : found) paths.push_back(std::move(file.path));
    return paths;
}

std::string pidText(const std::vector<std::int64_t>& pids) { return std::to_string(pids.front()); }

/// An execution trace and a timed one: by process number, else by name.
std::optional<Partner> asPair(const FileFacts& open, const FileFacts& other)
{
    if (open.isEt == other.isEt) return std::nullopt;
    Partner partner;
    partner.kind = other.isEt ? PartnerKind::ExecutionTrace : PartnerKind::TimedTrace;
    const auto shared = std::ranges::find_first_of(open.pids, other.pids);
    partner.samePid = shared != open.pids.end();
    const bool likeName = alike(open, other);
    if (partner.samePid) {
        partner.confidence = PartnerConfidence::Likely;
        partner.why = "The same process number " + std::to_string(*shared) + (likeName ? ", and a name alike" : "");
        return partner;
    }
    const bool otherRank = open.rank && other.rank && open.rank != other.rank;
    if (!likeName || otherRank) return std::nullopt;
    partner.why = "A name alike";
    if (!open.pids.empty() && !other.pids.empty())
        partner.why += ", but process numbers differ (" + pidText(open.pids) + " and " + pidText(other.pids) + ")";
    return partner;
}

/// The same kind of file, of another rank.
std::optional<Partner> asRank(const FileFacts& open, const FileFacts& other)
{
    if (open.isEt != other.isEt || !open.rank || !other.rank || open.rank == other.rank) return std::nullopt;
    const bool likeName = alikeButForDigits(open.path, other.path);
    const bool sameWorld = open.worldSize && open.worldSize == other.worldSize;
    if (open.worldSize && other.worldSize && !sameWorld) return std::nullopt;
    const bool together = open.begin && other.begin && std::max(*open.begin, *other.begin) - std::min(*open.begin, *other.begin) < kTogether;
    const bool apart = open.begin && other.begin && !together;
    if (apart || (!likeName && !(sameWorld && together))) return std::nullopt;
    Partner partner;
    partner.kind = PartnerKind::OtherRank;
    partner.confidence = together && (sameWorld || likeName) ? PartnerConfidence::Likely : PartnerConfidence::Possible;
    partner.why = "Rank " + std::to_string(*other.rank) + (sameWorld ? " of the same " + formatCount(*open.worldSize) : "") +
                  (other.rankIsGuess ? " by its name" : "") + (together ? ", recorded at the same time" : likeName ? ", a name alike" : "");
    return partner;
}

/// What is surest, first.
auto orderOf(const Partner& p)
{
    return std::tuple(p.confidence, p.kind, !p.samePid, p.rank.value_or(INT64_MAX), p.path);
}

std::vector<Partner> partnersOf(const std::vector<FileFacts>& open, const JobControl& job)
{
    std::vector<Partner> partners;
    std::size_t heads = 0;
    for (const std::string& path : neighbours(open, job)) {
        if (job.cancelled() || ++heads > kMostHeads) break;
        const FileFacts other = factsOfFile(path);
        if (!other.isEt && !other.isTimed) continue;
        std::optional<Partner> best;
        for (const FileFacts& file : open) {
            for (auto partner : {asPair(file, other), asRank(file, other)}) {
                if (!partner) continue;
                partner->path = path;
                partner->partnerOf = file.path;
                partner->rank = other.rank;
                partner->rankIsGuess = other.rankIsGuess;
                partner->bytes = other.bytes;
                if (!other.pids.empty()) partner->pid = other.pids.front();
                if (!best || orderOf(*partner) < orderOf(*best)) best = std::move(partner);
            }
        }
        if (best) partners.push_back(std::move(*best));
    }
    // A file that has its partner by process number needs no guess beside it.
    const auto settled = [&](const Partner& p) {
        const auto ofSame = [&](const Partner& q) { return q.samePid && q.kind == p.kind && q.partnerOf == p.partnerOf; };
        if (p.kind == PartnerKind::OtherRank || p.samePid) return false;
        return std::ranges::any_of(partners, ofSame);
    };
    std::vector<Partner> kept;
    std::ranges::remove_copy_if(partners, std::back_inserter(kept), settled);
    std::ranges::sort(kept, {}, orderOf);
    if (kept.size() > kMostPartners) kept.resize(kMostPartners);
    return kept;
}

} // namespace

std::string_view title(PartnerKind kind)
{
    switch (kind) {
    case PartnerKind::ExecutionTrace: return "execution trace";
    case PartnerKind::TimedTrace: return "timeline";
    case PartnerKind::OtherRank: return "another rank";
    }
    return {};
}

std::vector<Partner> findPartners(const Trace& trace, const JobControl& job) { return partnersOf(factsOfTrace(trace), job); }

std::vector<Partner> findPartners(std::span<const std::string> paths, const JobControl& job)
{
    std::vector<FileFacts> open;
    for (const std::string& path : paths) {
        FileFacts facts = factsOfFile(path);
        if (facts.isEt || facts.isTimed) open.push_back(std::move(facts));
    }
    return partnersOf(open, job);
}

} // namespace opscope
