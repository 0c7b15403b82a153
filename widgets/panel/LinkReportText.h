#pragma once

#include "core/trace/Trace.h"

#include <QString>

namespace opscope {

/// "3,774 of 3,774"
QString matchedText(const LinkCount& row);
/// "3,753 exact, 21 with two answers, 3 without a partner"; "" for a row of nothing.
QString sharesText(const LinkCount& row);
/// The heading of the report: what the files are to each other.
QString relationText(const Trace& trace);
/// "resnet_et.json.gz with resnet_kineto.json.gz", "resnet_et.json.gz alone"
QString pairTitle(const Trace& trace, const EtPairing& pairing);
/// The whole report as plain text, to copy.
QString linkReportText(const Trace& trace);

} // namespace opscope
