#include "tests/support/MutantPairs.h"

#include "core/io/Loader.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Mutants.h"

#include <filesystem>

namespace opscope::test {

namespace fs = std::filesystem;

MutantPairs::MutantPairs(const std::string& kineto, const std::string& et, unsigned seed)
    : m_kineto(readUnpacked(dataPath(kineto))), m_et(readUnpacked(dataPath(et))), m_random(seed)
{
    fs::path resources = dataPath(et);
    for (const char* ending : {".gz", ".json"}) {
        if (resources.extension() == ending) resources.replace_extension();
    }
    resources += "_resources";
    std::error_code error;
    if (fs::exists(resources, error)) fs::copy(resources, path("et_resources"), fs::copy_options::recursive, error);
}

TracePtr MutantPairs::next()
{
    const bool both = m_random() % 3 == 0, first = m_random() % 2 == 0;
    writeFile(path("kineto.json"), both || first ? bent(m_kineto) : m_kineto);
    writeFile(path("et.json"), both || !first ? bent(m_et) : m_et);
    const std::string paths[] = {path("kineto.json"), path("et.json")};
    auto loaded = loadTrace(paths);
    m_complaint = loaded ? std::string() : loaded.error().message;
    return loaded ? *loaded : nullptr;
}

std::string MutantPairs::bent(const std::string& text)
{
    return m_random() % 4 == 0 ? mutate(text, m_random) : mutateNumbers(text, m_random);
}

const std::vector<MutantPairFiles>& pairsToBend()
{
    static const std::vector<MutantPairFiles> all{
        {"a device", "links/device.pt.trace.json", "links/device.et.json"},
        {"compiled, backward", "behaviours/compiled.pt.trace.json.gz", "behaviours/compiled.et.json.gz"},
        {"Triton", "behaviours/triton.pt.trace.json.gz", "behaviours/triton.et.json.gz"},
    };
    return all;
}

} // namespace opscope::test
