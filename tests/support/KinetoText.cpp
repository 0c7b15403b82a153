#include "tests/support/KinetoText.h"

#include "core/io/Loader.h"
#include "tests/support/Json.h"

#include <QtGlobal>

namespace opscope::test {

std::string makeEvent(int i, const std::string& more)
{
    return json("{'ph':'X','cat':'cpu_op','name':'op" + std::to_string(i) + "','pid':1,'tid':2,'ts':" + std::to_string(10 * i) +
                ",'dur':5" + more + "}");
}

std::string kinetoDocument(const std::string& events) { return json("{'traceEvents':[") + events + "]}"; }

Result<TracePtr> loadKineto(const std::string& text, std::size_t window, unsigned threads)
{
    ImportOptions options;
    options.windowBytes = window;
    options.threads = threads;
    return loadTraceFromMemory(text, "test.json", {}, options);
}

TracePtr mustLoad(const std::string& text, std::size_t window)
{
    auto trace = loadKineto(text, window);
    if (!trace)
        qFatal("%s", trace.error().text().c_str());
    return *trace;
}

OneSlice::OneSlice(const std::string& members) : trace(mustLoad(kinetoDocument(json("{" + members + "}")))) {}

} // namespace opscope::test
