#pragma once

#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <string>

namespace opscope::test {

/// Kineto documents of a few events by hand; ' for ".

/// The i-th of operators one after the other, 10 us apart and 5 us long; `more` members with a comma in front.
std::string makeEvent(int i, const std::string& more = {});
std::string kinetoDocument(const std::string& events);
Result<TracePtr> loadKineto(const std::string& text, std::size_t window = 2 << 20, unsigned threads = 2);
/// Ends the test program when it cannot be loaded.
TracePtr mustLoad(const std::string& text, std::size_t window = 2 << 20);

/// OneSlice slice made of these event members.
struct OneSlice
{
    TracePtr trace;
    explicit OneSlice(const std::string& members);
    std::uint64_t count(Defect defect) const { return trace->diagnostics().count(defect); }
    std::string name() const { return std::string(trace->name(SliceId(0))); }
};
inline const std::string kPlace = "'pid':1,'tid':2,";

} // namespace opscope::test
