#include "core/format/Format.h"

#include "core/format/Exporter.h"
#include "core/format/Recognise.h"
#include "core/format/et/EtExporter.h"
#include "core/format/et/EtImporter.h"
#include "core/format/fxt/FxtEventText.h"
#include "core/format/fxt/FxtExporter.h"
#include "core/format/fxt/FxtImporter.h"
#include "core/format/kineto/KinetoExporter.h"
#include "core/format/kineto/KinetoImporter.h"

#include <algorithm>
#include <array>

namespace opscope {

/// THE LIST. To add a format: its folder, and a line here. Where two are as sure, the first is taken.
static constexpr std::array kFormats{
    Format{"kineto", "Kineto and Chrome trace JSON", "*.json *.json.gz", sniffKineto, makeKinetoImporter, makeKinetoExporter},
    Format{"et", "PyTorch execution trace", "*.json *.json.gz", sniffEt, makeEtImporter, makeEtExporter},
    Format{"fxt", "Fuchsia trace", "*.fxt *.fxt.gz", sniffFxt, makeFxtImporter, makeFxtExporter, fxtEventText},
};

std::span<const Format> formats()
{
    return kFormats;
}

const Format* formatById(std::string_view id)
{
    const auto* found = std::ranges::find(kFormats, id, &Format::id);
    return found == kFormats.end() ? nullptr : found;
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
    // An object whose telling key may stand behind the head: the format with free top-level keys looks further.
    if (!isWholeFile && mayStillBeATrace(head)) return &kFormats.front();
    return whatElse(head, isWholeFile);
}

} // namespace opscope
