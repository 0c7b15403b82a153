#pragma once

#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
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

/// One run of text.
struct DetailRun
{
    QString text;
    Tone tone = Tone::Value;
    QString plain = {};                     ///< what a copy gives; "" = text
    std::string link = {};                  ///< "slice:12", "node:3": where a click leads; "" = nowhere
    std::optional<double> bar = {};         ///< 0 to 1: a bar instead of text
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
};

/// A line of a table; `below` spans all columns under it, dim.
struct DetailLine
{
    std::vector<DetailRun> cells;
    std::vector<DetailRun> below = {};
};

struct DetailTable
{
    std::vector<DetailColumn> columns;
    std::vector<DetailLine> lines;
    std::uint64_t left = 0;                 ///< lines not shown because there are too many
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

/// What a section may look at. `event` comes a moment after the rest and may be null until then.
struct DetailContext
{
    const Trace& trace;
    Selection selection;
    const EventJson* event = nullptr;
    std::set<std::string, std::less<>>& used;   ///< args that an earlier section has shown

    JsonDocument::Ref args() const { return event ? event->root().member("args") : JsonDocument::Ref(); }
    const EtNode* node() const
    {
        return selection.node && trace.executionTrace() ? &trace.executionTrace()->node(selection.node) : nullptr;
    }
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
std::vector<DetailBlock> detailBlocks(const Trace& trace, const Selection& selection, const EventJson* event);
/// Nothing when nothing is selected. Without colours: the pane knows those.
std::optional<DetailHeading> detailHeading(const Trace& trace, const Selection& selection);
/// Heading and blocks as text, exact values, for a copy.
QString detailText(const DetailHeading& heading, const std::vector<DetailBlock>& blocks);

} // namespace opscope
