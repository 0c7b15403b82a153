#pragma once

#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/tensor/Resources.h"
#include "core/tensor/TensorFlow.h"
#include "core/trace/Trace.h"
#include "widgets/document/Selection.h"

#include <QColor>
#include <QString>

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace opscope {

/// What the detail pane says, as plain values: sections make them, DetailText lays them out, a copy writes them down.
/// All text is safe to show (Text.h).

enum class Tone : std::uint8_t {
    Value,   ///< numbers, ids, shapes: fixed font
    Word,    ///< names and sentences
    Dim,     ///< units, remarks
    Warn     ///< what was repaired
};

/// The colour square in front of a name. Sections say whose it is, the pane knows the colours.
struct DetailMark
{
    SliceId slice;
    NodeId node;
    QColor fill = {};
    bool outline = false;
};

enum class Tag : std::uint8_t {
    None,
    Solid,   ///< in a box: "correlation"
    Open     ///< in a dashed box: inferred, or one answer of several
};

/// One run of text.
struct DetailRun
{
    QString text;
    Tone tone = Tone::Value;
    QString plain = {};                     ///< what a copy gives; "" = text
    std::string link = {};                  ///< "slice:12", "node:3", "tensor:7", "panel:code", "more:links": where a click leads
    std::optional<double> bar = {};         ///< 0 to 1: a bar instead of text
    std::optional<DetailMark> mark = {};
    Tag tag = Tag::None;
    QString hint = {};                      ///< tool tip; "" = plain
};

/// "Start   345.242 379 ms"
struct DetailRow
{
    QString label;
    std::vector<DetailRun> runs;
};

struct DetailColumn
{
    QString title;
    bool right = false;                     ///< numbers
    bool stretch = false;                   ///< takes the width that is left
    bool elide = false;                     ///< one line, cut with "…"; else wrapped
};

/// A line of a table; `below` spans all columns under it, dim. When cells are missing the last one spans their columns.
struct DetailLine
{
    std::vector<DetailRun> cells;
    std::vector<DetailRun> below = {};
    bool current = false;                   ///< what is selected
};

struct DetailTable
{
    std::vector<DetailColumn> columns;
    std::vector<DetailLine> lines;
    std::uint64_t left = 0;                 ///< lines not shown because there are too many
    std::string more = {};                  ///< "more:links": the link that unfolds them
    QString leftNote = {};                  ///< where they are, when nothing unfolds them; "" = "all of them are in Raw"
    bool bare = false;                      ///< no head, no stripes: a list of rows with a label in front
    bool loose = false;                     ///< bare; the column that stretches gets in each line what the others of that line leave
    static constexpr std::size_t kMaxLines = 200;
};

/// One section of the pane. Without rows, table and note it is not shown.
struct DetailBlock
{
    QString title;
    QString aside = {};                     ///< right of the title: "3 tensors, 38.75 MiB"
    std::vector<DetailRow> rows = {};
    DetailTable table = {};
    QString note = {};                      ///< a sentence: what is missing and why
    bool inSight = false;                   ///< the pane scrolls as far as needed to show it

    bool empty() const { return rows.empty() && table.lines.empty() && note.isEmpty(); }
};

/// Name and nature of the selected thing.
struct DetailHeading
{
    QString name;                           ///< short
    QString fullName;                       ///< "" when it says no more than the short one
    QString what;                           ///< "Kernel, gemm family, stream 7 of GPU 0"
    QColor fill = {};
    bool outline = false;
};

/// The text of an event as read back from its file, and its structure. Immutable; made on a worker.
struct EventJson
{
    EventText text;
    std::optional<JsonDocument> document;   ///< of text.json, which it borrows; none when it cannot be read
    std::string error;                      ///< why there is no text

    JsonDocument::Ref root() const { return document ? document->root() : JsonDocument::Ref(); }
};

/// The node behind a slice comes from an execution trace of the same run or of another: what follows from that.
QString relationNote(RunRelation relation);  ///< "" for the same run

/// Everything that the pane knows beside the columns of the trace; it comes a moment after them. All of it may be null.
struct DetailFacts
{
    std::shared_ptr<const EventJson> event;      ///< what is selected
    std::shared_ptr<const EventJson> node;       ///< the node behind it; the same as `event` where a node is selected
    std::shared_ptr<const EventJson> op;         ///< the operator that a device op works for, when there is no node
    std::shared_ptr<const TensorFlow> flow;
    std::shared_ptr<const Resources> resources;
    std::set<std::string, std::less<>> unfolded; ///< "links": of the links "more:..." that were clicked
};
/// Reads event, node and op back from their files. For workers: may take milliseconds (.gz).
DetailFacts readDetailFacts(const Trace& trace, const Selection& selection);

/// What a section may look at.
struct DetailContext
{
    const Trace& trace;
    Selection selection;
    const DetailFacts& facts;
    std::set<std::string, std::less<>>& used;   ///< args that an earlier section has shown
    NodeId node = {};                           ///< the selected one, or that of the slice or of its operator
    bool own = false;                           ///< the selected thing itself is that node

    /// A node is shown, not a slice that is also one: beside a timed trace a slice comes first.
    bool isNode() const { return selection.node && (!selection.slice || trace.timeBase() == TimeBase::NodeOrder); }
    const EtNode* row() const { return node ? &trace.executionTrace()->node(node) : nullptr; }
    const EventJson* event() const { return facts.event.get(); }
    JsonDocument::Ref args() const { return event() ? event()->root().member("args") : JsonDocument::Ref(); }
    JsonDocument::Ref nodeJson() const { return facts.node ? facts.node->root() : JsonDocument::Ref(); }
    bool unfolded(std::string_view list) const { return facts.unfolded.contains(list); }
};

/// A section: the blocks it has to say about a selection, none if nothing.
struct DetailSection
{
    const char* id;
    std::vector<DetailBlock> (*blocks)(DetailContext& context);
};

/// THE LIST, in the order of the pane: DetailSections.cpp.
std::span<const DetailSection> detailSections();
/// All of them, empty blocks left out.
std::vector<DetailBlock> detailBlocks(const Trace& trace, const Selection& selection, const DetailFacts& facts);
/// Nothing when nothing is selected. Without colours: the pane knows those.
std::optional<DetailHeading> detailHeading(const Trace& trace, const Selection& selection);
/// Heading and blocks as text, exact values, for a copy.
QString detailText(const DetailHeading& heading, const std::vector<DetailBlock>& blocks);

} // namespace opscope
