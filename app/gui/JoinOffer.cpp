#include "app/gui/JoinOffer.h"

#include "app/gui/LoadFiles.h"
#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/format/Format.h"
#include "core/io/ByteSource.h"
#include "widgets/common/Text.h"

#include <QFileInfo>

#include <algorithm>
#include <functional>
#include <numeric>

namespace opscope {

namespace {

constexpr std::size_t kHeadBytes = 1 << 20; // what Format::sniff wants to see

/// "kineto", "et", or "" for what cannot be opened; opening it will say why.
std::string formatOf(const QString& file)
{
    Result<std::unique_ptr<ByteSource>> source = ByteSource::openFile(toPath(file));
    if (!source)
        return {};
    const auto head = (*source)->head(kHeadBytes);
    if (!head)
        return {};
    const Result<const Format*> format = recognise(*head, head->size() < kHeadBytes);
    return format ? std::string((*format)->id) : std::string();
}

QString aKind(const Partner& partner)
{
    return partner.kind == PartnerKind::ExecutionTrace ? QStringLiteral("an execution trace") : QStringLiteral("the profiler's trace");
}

QString withStop(const std::string& why)
{
    const QString text = displayText(why);
    return text.isEmpty() || text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
}

QString sentenceFor(const Partner& partner)
{
    const QString name = fileNameOf(partner.path);
    if (partner.confidence == PartnerConfidence::Likely && partner.samePid) {
        const QString pid = partner.pid ? QStringLiteral(" (pid %1)").arg(*partner.pid) : QString();
        return QStringLiteral("%1 beside it is %2 of the same process%3. Open together?").arg(name, aKind(partner), pid);
    }
    if (partner.confidence == PartnerConfidence::Likely)
        return QStringLiteral("%1 beside it seems to be %2 of this run. %3 Open together?").arg(name, aKind(partner), withStop(partner.why));
    return QStringLiteral("%1 beside it may be %2 of this program. %3 Open together?").arg(name, aKind(partner), withStop(partner.why));
}

QString ranksSentence(const std::vector<const Partner*>& ranks)
{
    if (ranks.size() == 1)
        return QStringLiteral("%1 beside it is of another rank of this run. Open together?").arg(fileNameOf(ranks.front()->path));
    return QStringLiteral("%1 files of other ranks of this run lie beside it. Open together?").arg(ranks.size());
}

/// Files that are joined, one after the other, into groups.
class Groups
{
public:
    explicit Groups(std::size_t count) : m_root(count) { std::iota(m_root.begin(), m_root.end(), std::size_t{0}); }
    std::size_t of(std::size_t i) const { return m_root[i] == i ? i : of(m_root[i]); } // as deep as there are files in a group
    void join(std::size_t a, std::size_t b) { m_root[std::max(of(a), of(b))] = std::min(of(a), of(b)); }

private:
    std::vector<std::size_t> m_root;
};

std::string canonical(const QString& file)
{
    const QString path = QFileInfo(file).canonicalFilePath();
    return toPath(path.isEmpty() ? file : path);
}

/// A partner that its own file names. Names alone bind the halves of one run, never two ranks.
bool binds(const Partner& partner)
{
    return partner.confidence == PartnerConfidence::Likely || partner.kind != PartnerKind::OtherRank;
}

void joinPartners(const std::vector<std::string>& paths, Groups& groups)
{
    for (std::size_t i = 0; i < paths.size(); ++i) {
        bool other = false; // one file of the other kind is enough: the likeliest comes first
        for (const Partner& partner : findPartners(std::span(&paths[i], 1))) {
            const auto at = std::ranges::find(paths, canonical(fromPath(partner.path)));
            if (at == paths.end() || !binds(partner) || (other && partner.kind != PartnerKind::OtherRank))
                continue;
            other = other || partner.kind != PartnerKind::OtherRank;
            groups.join(i, static_cast<std::size_t>(at - paths.begin()));
        }
    }
}

} // namespace

QString fileNameOf(const std::string& path)
{
    return displayText(fileName(path));
}

QString describe(const Partner& partner)
{
    QString text = displayText(title(partner.kind));
    if (partner.rank)
        text += QStringLiteral(", rank %1%2").arg(*partner.rank).arg(partner.rankIsGuess ? QStringLiteral(" by its name") : QString());
    return text;
}

std::optional<JoinOffer> makeOffer(std::span<const Partner> partners)
{
    const Partner* half = nullptr;
    std::vector<const Partner*> ranks;
    for (const Partner& partner : partners) {
        const bool likely = partner.confidence == PartnerConfidence::Likely;
        if (partner.kind == PartnerKind::OtherRank && likely)
            ranks.push_back(&partner);
        if (partner.kind != PartnerKind::OtherRank && (!half || (likely && half->confidence != PartnerConfidence::Likely)))
            half = &partner;
    }
    JoinOffer offer;
    if (half) {
        offer = {sentenceFor(*half), {fromPath(half->path)}, partners.size() > 1};
    } else if (!ranks.empty()) {
        offer = {ranksSentence(ranks), {}, partners.size() > ranks.size()};
        for (const Partner* rank : ranks)
            offer.files << fromPath(rank->path);
    } else {
        return std::nullopt;
    }
    return offer;
}

std::vector<QStringList> groupFiles(const QStringList& files)
{
    std::vector<std::string> paths, formats;
    for (const QString& file : files) {
        paths.push_back(canonical(file));
        formats.push_back(formatOf(file));
    }
    Groups groups(paths.size());
    const bool onePair = files.size() == 2 && std::ranges::count(formats, "kineto") == 1 && std::ranges::count(formats, "et") == 1;
    if (onePair)
        groups.join(0, 1);
    else
        joinPartners(paths, groups);
    std::vector<QStringList> lists(paths.size());
    for (const bool timed : {true, false}) {
        for (std::size_t i = 0; i < paths.size(); ++i) {
            if ((formats[i] != "et") == timed)
                lists[groups.of(i)] << files[static_cast<qsizetype>(i)];
        }
    }
    std::erase_if(lists, [](const QStringList& list) { return list.isEmpty(); });
    return lists;
}

} // namespace opscope
