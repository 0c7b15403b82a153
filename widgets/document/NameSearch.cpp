#include "widgets/document/NameSearch.h"

#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"

#include <QStringMatcher>

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kRowsBetweenLooks = 1 << 16; // at the stop token

bool isAscii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Whether a name contains the text. Pure ASCII needs no conversion, and nearly every name is that.
class NameTest
{
public:
    explicit NameTest(const QString& text) : m_matcher(text, Qt::CaseInsensitive), m_ascii(toUtf8(text))
    {
        m_isAscii = isAscii(m_ascii);
        std::transform(m_ascii.begin(), m_ascii.end(), m_ascii.begin(), lower);
    }
    bool operator()(std::string_view name) const
    {
        if (m_isAscii && isAscii(name)) {
            const auto same = [](char a, char b) { return lower(a) == b; };
            return std::search(name.begin(), name.end(), m_ascii.begin(), m_ascii.end(), same) != name.end();
        }
        return m_matcher.indexIn(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()))) >= 0;
    }

private:
    QStringMatcher m_matcher;
    std::string m_ascii;
    bool m_isAscii = false;
};

std::vector<bool> matchingNames(const StringPool& strings, const QString& text, const std::stop_token& stop)
{
    const NameTest test(text);
    std::vector<bool> hits(strings.size());
    for (std::size_t i = 0; i < hits.size(); ++i) {
        if (i % kRowsBetweenLooks == 0 && stop.stop_requested())
            return {};
        hits[i] = test(strings.view(StringId(i)));
    }
    return hits;
}

/// The node "#12" of each execution trace: the slice that it is, else itself.
std::vector<Match> findNode(const Trace& trace, const QString& text)
{
    bool isNumber = false;
    const std::int64_t id = text.startsWith(QLatin1Char('#')) ? text.mid(1).toLongLong(&isNumber) : text.toLongLong(&isNumber);
    if (!isNumber || !trace.executionTrace())
        return {};
    std::vector<Match> found;
    for (const EtFile& file : trace.executionTrace()->files()) {
        const NodeId node = trace.executionTrace()->byId(file, id);
        if (!node)
            continue;
        if (const SliceId slice = trace.sliceOf(node))
            found.push_back({trace.slices().start(slice), slice, {}});
        else
            found.push_back({trace.extent().start, {}, {}, node});
    }
    std::sort(found.begin(), found.end());
    return found;
}

void keepMatching(std::vector<Match>& found, const Matches& only)
{
    std::erase_if(found, [&only](const Match& match) {
        if (match.slice) return !only.slices.contains(match.slice);
        return match.instant ? !only.instants.contains(match.instant) : !only.nodes.contains(match.node);
    });
}

} // namespace

std::vector<Match> findByName(const Trace& trace, const QString& text, std::stop_token stop)
{
    if (text.isEmpty())
        return {};
    if (std::vector<Match> byId = text.startsWith(QLatin1Char('#')) ? findNode(trace, text) : std::vector<Match>(); !byId.empty())
        return byId;
    const std::vector<bool> hits = matchingNames(trace.strings(), text, stop);
    if (hits.empty())
        return {};
    const auto isHit = [&hits](StringId name) { return name.index() < hits.size() && hits[name.index()]; };
    std::vector<Match> found;
    const SliceTable& slices = trace.slices();
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (i % kRowsBetweenLooks == 0 && stop.stop_requested())
            return {};
        if (isHit(slices.names()[i]))
            found.push_back({slices.starts()[i], SliceId(i), {}});
    }
    const InstantTable& instants = trace.instants();
    for (std::size_t i = 0; i < instants.size(); ++i) {
        if (i % kRowsBetweenLooks == 0 && stop.stop_requested())
            return {};
        if (isHit(instants.name(InstantId(i))))
            found.push_back({instants.times()[i], {}, InstantId(i)});
    }
    std::sort(found.begin(), found.end());
    return found;
}

Match findOne(const Trace& trace, const QString& text)
{
    const SliceTable& slices = trace.slices();
    if (const StringId exact = trace.strings().find(toUtf8(text)); exact) {
        SliceId longest;
        for (std::size_t i = 0; i < slices.size(); ++i) {
            if (slices.names()[i] == exact && (!longest || slices.duration(SliceId(i)) > slices.duration(longest)))
                longest = SliceId(i);
        }
        if (longest)
            return {slices.start(longest), longest, {}};
    }
    if (const std::vector<Match> byId = findNode(trace, text); !byId.empty())
        return byId.front();
    const std::vector<Match> found = findByName(trace, text);
    return found.empty() ? Match{} : found.front();
}

NameSearch::NameSearch(TraceDocument& document, QObject* parent) : QObject(parent), m_document(document), m_job(this)
{
    connect(&document, &TraceDocument::traceChanged, this, [this] {
        const QString again = std::exchange(m_text, QString());
        setText(again);
    });
    connect(&document, &TraceDocument::matchesChanged, this, [this] {
        if (m_text.isEmpty()) return;
        const QString again = std::exchange(m_text, QString());
        setText(again);
    });
}

void NameSearch::setText(const QString& text)
{
    if (text == m_text && !text.isEmpty())
        return;
    m_text = text;
    m_matches.clear();
    m_pending = Step::None;
    const TracePtr trace = m_document.trace();
    if (text.isEmpty() || !trace) {
        m_job.cancel();
    } else {
        m_job.run([trace, text, only = m_document.matches()](const JobControl& job) {
                      std::vector<Match> found = findByName(*trace, text, job.stop);
                      if (only) keepMatching(found, *only);
                      return found;
                  },
                  [this](std::vector<Match> found) { received(std::move(found)); });
    }
    Q_EMIT changed();
}

void NameSearch::received(std::vector<Match> matches)
{
    m_matches = std::move(matches);
    Q_EMIT changed();
    if (const Step wish = std::exchange(m_pending, Step::None); wish != Step::None)
        step(wish);
}

std::ptrdiff_t NameSearch::current() const
{
    const Selection& selection = m_document.selection();
    const TracePtr& trace = m_document.trace();
    if (!trace || (!selection.slice && !selection.instant && !selection.node))
        return -1;
    Match selected{trace->extent().start, selection.slice, selection.instant, {}};
    if (selection.slice)
        selected.time = trace->slices().start(selection.slice);
    else if (selection.instant)
        selected.time = trace->instants().time(selection.instant);
    else
        selected.node = selection.node;
    const auto at = std::lower_bound(m_matches.begin(), m_matches.end(), selected);
    return at != m_matches.end() && *at == selected ? at - m_matches.begin() : -1;
}

std::size_t NameSearch::target(Step direction) const
{
    const std::size_t count = m_matches.size();
    if (const std::ptrdiff_t at = current(); at >= 0) {
        const std::size_t here = static_cast<std::size_t>(at);
        return direction == Step::On ? (here + 1) % count : (here + count - 1) % count;
    }
    const Selection& selection = m_document.selection();
    const Nanos from = selection.slice ? m_document.trace()->slices().start(selection.slice) : m_document.visibleRange().start;
    const auto behind = std::lower_bound(m_matches.begin(), m_matches.end(), Match{from, SliceId(0), InstantId(0)});
    const std::size_t next = static_cast<std::size_t>(behind - m_matches.begin());
    return direction == Step::On ? next % count : (next + count - 1) % count;
}

void NameSearch::step(Step direction)
{
    if (m_job.running()) {
        m_pending = direction;
        return;
    }
    if (m_matches.empty())
        return;
    const Match match = m_matches[target(direction)];
    if (match.slice)
        m_document.reveal(match.slice);
    else if (match.instant)
        m_document.reveal(match.instant);
    else
        m_document.reveal(match.node);
    Q_EMIT changed();
}

void NameSearch::next() { step(Step::On); }
void NameSearch::previous() { step(Step::Back); }

} // namespace opscope
