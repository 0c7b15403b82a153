#include "core/record/RecorderBackends.h"

#include "core/record/daemon/DaemonBackend.h"
#include "core/record/helper/Helper.h"
#include "core/record/inject/InjectBackend.h"
#include "core/record/launch/Launch.h"
#include "core/record/magictrace/MagicTrace.h"
#include "core/record/sampling/SamplingBackend.h"

#include <vector>

namespace opscope {

/// THE LIST. To add a way to record: its folder, and a line here.
std::span<const RecorderBackend> recorderBackends()
{
    static const std::vector<RecorderBackend> kBackends{daemonBackend(), helperBackend(), injectBackend(), launchBackend(), samplingBackend(), magicTraceBackend()};
    return kBackends;
}

const RecorderBackend* findBackend(std::string_view id)
{
    for (const RecorderBackend& backend : recorderBackends())
        if (backend.id == id) return &backend;
    return nullptr;
}

} // namespace opscope
