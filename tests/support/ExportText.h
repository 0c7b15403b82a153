#pragma once

#include "core/format/Exporter.h"
#include "core/io/SubsetWriter.h"
#include "core/query/Subset.h"
#include "core/trace/Trace.h"

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace opscope::test {

/// A part of a trace that was read from `bytes`, saved in its own format, in memory. Reads in pieces of `pieceBytes` (Kineto).
Result<std::string> exportedText(const Trace& trace, std::string_view bytes, const Subset& subset, ExportReport::File* report = nullptr,
                                 std::size_t pieceBytes = std::size_t{4} << 20, const ExportOptions& options = {});
/// The same, or "error: ..." where it cannot be written: no text is.
std::string mustExport(const Trace& trace, std::string_view bytes, const Subset& subset, ExportReport::File* report = nullptr,
                       std::size_t pieceBytes = std::size_t{4} << 20, const ExportOptions& options = {});
/// Of the trace that these bytes are: the slices of these names.
std::string partOf(const std::string& bytes, std::initializer_list<std::string_view> names);
/// Rows of every kind that `keep` says yes to, by a number that counts them all, closed.
Subset someRows(const Trace& trace, const std::function<bool(std::size_t)>& keep, const SubsetOptions& options = {});
/// Slices of these names and nothing else, closed without links.
Subset slicesNamed(const Trace& trace, std::initializer_list<std::string_view> names);
/// writeEventDump() of a part; of everything.
std::string eventDump(const Trace& trace, const Subset& subset);
std::string eventDump(const Trace& trace);

} // namespace opscope::test
