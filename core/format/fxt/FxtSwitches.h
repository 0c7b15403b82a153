#pragma once

#include "core/query/Subset.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::fxt {

/// A context switch is the end of what two threads and a CPU did and the beginning of what they do next. Where only some of these slices are
/// kept, the record is written with the others taken out of it: what is not kept must not begin (it would never end).
///
/// What is kept of one record.
struct KeptSwitch
{
    enum Part : std::uint8_t {
        LeaverBegins = 1,    ///< what the outgoing thread does next: waits
        ComerBegins = 2,     ///< that the incoming one runs, and the CPU runs it
        WokenBegins = 4,     ///< of a wakeup: that it waits for a CPU
        CpuEnds = 8          ///< whom the CPU ran
    };
    std::uint64_t offset = 0;
    std::uint8_t parts = 0;
    std::array<std::uint64_t, 2> ended = {}; ///< threads of which what they did until then is kept; 0: none
};

/// Records of kept slices on tracks of states and CPUs, by offset.
std::vector<KeptSwitch> keptSwitches(const Trace& trace, SourceId source, const Subset& subset);

/// The scheduling record as it is to be written; appends one record, two, or none. `leaver` and `comer`: koids of its threads, of a wakeup
/// the comer alone.
void writeSwitch(std::string_view record, const KeptSwitch& kept, std::uint64_t leaver, std::uint64_t comer, std::string& out);

} // namespace opscope::fxt
