#pragma once

#include "core/format/Importer.h"
#include "core/trace/Trace.h"

#include <memory>
#include <span>
#include <string_view>

namespace opscope {

/// How sure a format is of the first bytes of a (unpacked) file.
enum class Sniff : std::uint8_t { No, Maybe, Yes };

class Exporter;

/// An event of a format whose events do not stand as JSON in the file.
struct EventPlace
{
    SourceId source;
    std::uint64_t offset = 0;
    SliceId slice = {};             ///< whose event it is: what its end brings is told as well; none for any other row or place
    std::string_view bytes = {};    ///< what was read from there already; too little or nothing: it is read (again)
};

/// A trace format: description, recognition, factory. THE LIST of them is in Formats.cpp.
struct Format
{
    std::string_view id;         ///< "kineto"
    std::string_view title;      ///< "Kineto and Chrome trace JSON"
    std::string_view extensions; ///< "*.json *.json.gz", for file dialogs only; content decides
    Sniff (*sniff)(std::string_view head);   ///< up to 1 MiB of unpacked bytes, possibly the whole file
    std::unique_ptr<Importer> (*importer)();
    std::unique_ptr<Exporter> (*exporter)() = nullptr; ///< null: a part cannot be saved in this format
    /// What stands at a place of the unpacked file, as JSON in the shape of a Chrome trace event. Null: it stands there as JSON.
    Result<std::string> (*eventText)(const Trace& trace, const EventPlace& place) = nullptr;
};

std::span<const Format> formats();
/// That of a source (SourceFile::format); null when there is none of this id.
const Format* formatById(std::string_view id);

/// The format that fits best, or a sentence that says what the bytes are instead ("a PNG picture", "an HTML page",
/// "JSON, but not a trace: it has no traceEvents and no nodes of an execution trace").
Result<const Format*> recognise(std::string_view head, bool isWholeFile);

} // namespace opscope
