#pragma once

#include "core/query/Subset.h"

/// Internal to core/query: the steps of closeSubset() that have files of their own.
namespace opscope {

/// Samples and instants of one event, all of them when one is kept.
void keepWholeElements(const Trace& trace, Matches& rows);
/// Tracks and processes of which a slice, an instant or a sample is kept.
void findKeptTracks(const Trace& trace, Subset& subset);
/// Flow points by what subset.rows.slices and subset.tracks have. False when cancelled.
bool keepFlows(const Trace& trace, Subset& subset, const JobControl& job);
/// Elements and bytes by source.
void measureSubset(const Trace& trace, Subset& subset);

} // namespace opscope
