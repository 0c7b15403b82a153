#pragma once

#include "core/trace/Trace.h"
#include "widgets/document/Job.h"

#include <QObject>
#include <QString>

#include <vector>

namespace opscope {

class TraceDocument;

/// One found thing: a slice or an instant; a node only where no slice is it.
struct Match
{
    Nanos time = 0;
    SliceId slice;
    InstantId instant;
    NodeId node = {};

    friend auto operator<=>(const Match&, const Match&) = default;
};

/// Everything whose name contains `text`, upper and lower case alike, by time. With "#12" the nodes of that id.
/// Work is one look at each different name, then one array read a row. Empty when stopped.
std::vector<Match> findByName(const Trace& trace, const QString& text, std::stop_token stop = {});
/// What `--select` means: an exact name (the longest such slice), else the id of a node, else the first that contains it.
Match findOne(const Trace& trace, const QString& text);

/// The search of one window: runs on a worker, steps through what was found. With a filter in force it finds what the filter
/// matches and nothing else, dimmed or hidden alike; a change of the filter asks anew. UI thread only.
class NameSearch : public QObject
{
    Q_OBJECT

public:
    explicit NameSearch(TraceDocument& document, QObject* parent = nullptr);

    const QString& text() const { return m_text; }
    /// Starts over; changed() follows when the answer is there, at once for "".
    void setText(const QString& text);
    bool busy() const { return m_job.running(); }
    const std::vector<Match>& matches() const { return m_matches; }
    /// Position of the selection among the matches, -1 when it is none of them.
    std::ptrdiff_t current() const;
    /// Goes to the match behind (before) the selection, else behind the start of the view; wraps around.
    /// While the search still runs the wish is kept and carried out when it is done.
    void next();
    void previous();

Q_SIGNALS:
    void changed();     ///< matches, their count or the running state

private:
    enum class Step : std::int8_t { None = 0, Back = -1, On = 1 };
    void received(std::vector<Match> matches);
    void step(Step direction);
    std::size_t target(Step direction) const;

    TraceDocument& m_document;
    QString m_text;
    std::vector<Match> m_matches;
    Step m_pending = Step::None;
    Job m_job;
};

} // namespace opscope
