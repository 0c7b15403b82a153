#include "core/format/Format.h"

#include "core/format/Recognise.h"
#if __has_include("core/format/kineto/KinetoImporter.h")
#include "core/format/kineto/KinetoImporter.h"
#define OPSCOPE_KINETO
#endif
#if __has_include("core/format/et/EtImporter.h")
#include "core/format/et/EtImporter.h"
#define OPSCOPE_ET
#endif

namespace opscope {

/// THE LIST. To add a format: its folder, and a line here. Where two are as sure, the first is taken.
std::span<const Format> formats()
{
    static const Format kFormats[] = {
#ifdef OPSCOPE_KINETO
        {"kineto", "Kineto and Chrome trace JSON", "*.json *.json.gz *.pt.trace.json *.pt.trace.json.gz", sniffKineto,
         makeKinetoImporter},
#endif
#ifdef OPSCOPE_ET
        {"et", "PyTorch execution trace", "*.json *.json.gz", sniffEt, makeEtImporter},
#endif
        {"", "", "", nullptr, nullptr},
    };
    return std::span(kFormats).first(std::size(kFormats) - 1);
}

Result<const Format*> recognise(std::string_view head, bool isWholeFile)
{
    if (Error foreign = knownForeign(head); !foreign.message.empty()) return foreign;
    const Format* best = nullptr;
    Sniff how = Sniff::No;
    for (const Format& format : formats()) {
        const Sniff sniff = format.sniff(head);
        if (sniff <= how) continue;
        best = &format;
        how = sniff;
    }
    if (best) return best;
    return whatElse(head, isWholeFile);
}

} // namespace opscope
