#pragma once

#include "core/format/Format.h"
#include "core/format/fxt/FxtNotes.h"

#include <string>

namespace opscope {

/// The notes of a source; null when it is no .fxt.
const FxtNotes* fxtNotes(const Trace& trace, SourceId source);

/// Format::eventText of .fxt: any record, read again and told as JSON with the texts and threads that were valid where it stands. Times are
/// those of the model in microseconds. Pointers are hexadecimal texts, koids come with their names, blobs as their size. A slice has the
/// arguments of its end as well (the end's win), one of scheduling has under "ended_by" what ended it.
Result<std::string> fxtEventText(const Trace& trace, const EventPlace& place);

} // namespace opscope
