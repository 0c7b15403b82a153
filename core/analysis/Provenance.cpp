#include "core/analysis/Provenance.h"

#include "core/base/Time.h"
#include "core/format/JsonReader.h"
#include "core/format/fxt/FxtEventText.h"

#include <algorithm>
#include <array>
#include <set>

namespace opscope {
namespace {

/// A top-level member with its parsed value. The text must outlive the document, so the two stay together.
class TopValue
{
public:
    TopValue(const Trace& trace, std::string_view key)
    {
        for (const TopLevelEntry& entry : trace.topLevel())
            if (entry.key == key) m_parsed = JsonDocument::parse(entry.json);
    }
    bool exists() const { return m_parsed.ok(); }
    JsonDocument::Ref root() const { return m_parsed.ok() ? m_parsed->root() : JsonDocument::Ref(); }
    std::int64_t integer() const
    {
        std::int64_t value = 0;
        return exists() && root().integer(value) ? value : 0;
    }

private:
    Result<JsonDocument> m_parsed = Error{};
};

std::string textOf(JsonDocument::Ref value)
{
    return value.valid() ? std::string(value.isString() ? value.string() : value.raw()) : std::string();
}

std::int64_t integerOf(JsonDocument::Ref value)
{
    std::int64_t out = 0;
    return value.valid() && value.integer(out) ? out : 0;
}

std::optional<std::int64_t> memberInteger(JsonDocument::Ref object, std::string_view key)
{
    std::int64_t out = 0;
    const JsonDocument::Ref value = object.isObject() ? object.member(key) : JsonDocument::Ref();
    return value.valid() && value.integer(out) ? std::optional(out) : std::nullopt;
}

/// True when some category is `name`, or a comma-separated list that holds it.
bool hasCategory(const Trace& trace, std::string_view name)
{
    return std::any_of(trace.categories().begin(), trace.categories().end(), [&](const Category& c) {
        const std::string list = "," + c.name + ",";
        return c.events && list.find("," + std::string(name) + ",") != std::string::npos;
    });
}

bool hasClass(const Trace& trace, std::initializer_list<CategoryClass> wanted)
{
    return std::any_of(trace.categories().begin(), trace.categories().end(), [&](const Category& c) {
        return c.events && std::find(wanted.begin(), wanted.end(), c.kind) != wanted.end();
    });
}

bool hasName(const Trace& trace, std::string_view name)
{
    return trace.strings().find(name).valid();
}

/// CUDA writes 12040 for 12.4.
std::string cudaVersion(std::int64_t number)
{
    return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

/// HIP writes 60443483 for 6.4.43483; the first two are those of the ROCm release.
std::string rocmVersion(std::int64_t number)
{
    return std::to_string(number / 10'000'000) + "." + std::to_string(number / 100'000 % 100);
}

std::string acceleratorOf(const Trace& trace)
{
    if (const TopValue cuda(trace, "cuda_runtime_version"); cuda.integer() > 0) return ", CUDA " + cudaVersion(cuda.integer());
    if (const TopValue hip(trace, "hip_runtime_version"); hip.integer() > 0) return ", ROCm " + rocmVersion(hip.integer());
    if (hasName(trace, "cudaLaunchKernel")) return ", CUDA";
    if (hasName(trace, "hipLaunchKernel") || hasName(trace, "hipExtModuleLaunchKernel")) return ", ROCm";
    if (hasCategory(trace, "mtia_ccp_events") || hasCategory(trace, "mtia_runtime")) return ", MTIA";
    if (hasCategory(trace, "xpu_runtime") || hasCategory(trace, "xpu_driver")) return ", XPU";
    if (!hasClass(trace, {CategoryClass::Kernel, CategoryClass::Memcpy, CategoryClass::Memset})) return ", CPU only";
    return "";
}

bool isKineto(const Trace& trace)
{
    if (TopValue(trace, "schemaVersion").exists() &&
        (TopValue(trace, "deviceProperties").exists() || TopValue(trace, "computeProperties").exists()))
        return true;
    return hasClass(trace, {CategoryClass::CpuOp, CategoryClass::Kernel, CategoryClass::UserAnnotation, CategoryClass::PythonFunction});
}

std::string vizTracerVersion(const TopValue& metadata)
{
    const std::string version = textOf(metadata.root().isObject() ? metadata.root().member("version") : JsonDocument::Ref());
    return version.empty() ? "VizTracer" : "VizTracer " + version;
}

/// "Chrome", with its version where the metadata has one.
std::string browserName(const TopValue& metadata)
{
    const JsonDocument::Ref root = metadata.root();
    const std::string product = textOf(root.isObject() ? root.member("product-version") : JsonDocument::Ref());
    return product.empty() ? "Chrome tracing" : "Chrome tracing, " + product;
}

std::string eventProducer(const Trace& trace)
{
    if (const TopValue viz(trace, "viztracer_metadata"); viz.exists()) return vizTracerVersion(viz);
    if (TopValue(trace, "beginningOfTime").exists() || hasName(trace, "Total ExecuteCompiler")) return "clang -ftime-trace";
    if (TopValue(trace, "systemTraceEvents").exists()) return "Chrome trace JSON with system events";
    if (isKineto(trace)) return "PyTorch profiler (Kineto)" + acceleratorOf(trace);
    if (hasCategory(trace, "node")) return "Node.js trace events";
    if (hasName(trace, "model_loading_uri") || hasName(trace, "session_initialization")) return "ONNX Runtime profile";
    if (hasCategory(trace, "devtools.timeline") || hasCategory(trace, "disabled-by-default-devtools.timeline"))
        return browserName(TopValue(trace, "metadata"));
    if (hasName(trace, "aten::empty")) return "PyTorch autograd profiler";
    if (const TopValue metadata(trace, "metadata"); metadata.root().isObject() && metadata.root().member("clock-domain").valid())
        return browserName(metadata);
    return "Chrome trace JSON";
}

std::vector<std::string> providersOf(const Trace& trace)
{
    std::vector<std::string> names;
    for (std::uint32_t source = 0; source < trace.sources().size(); ++source) {
        const FxtNotes* notes = fxtNotes(trace, SourceId(source));
        if (!notes) continue;
        for (std::size_t life = 1; life < notes->providers().size(); ++life) { // the first stands in front of all providers
            const FxtNotes::Provider& provider = notes->providers()[life];
            const std::string_view given = notes->text(provider.name);
            std::string name = given.empty() ? "provider " + std::to_string(provider.id) : std::string(given);
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
        }
    }
    return names;
}

std::vector<std::string> attachmentsOf(const Trace& trace)
{
    std::vector<std::string> blobs;
    for (std::uint32_t source = 0; source < trace.sources().size(); ++source) {
        const FxtNotes* notes = fxtNotes(trace, SourceId(source));
        if (!notes) continue;
        for (const FxtNotes::Blob& blob : notes->blobs()) {
            const std::string_view kind = blob.type == 1 ? "data" : blob.type == 2 ? "last branches" : blob.type == 3 ? "Perfetto trace"
                                        : blob.type == FxtNotes::kLargeBlob ? "large" : "unknown";
            blobs.push_back(std::string(notes->text(blob.name)) + " (" + std::string(kind) + ", " + formatBytes(static_cast<std::int64_t>(blob.bytes)) + ")");
        }
    }
    return blobs;
}

/// The provider's name says it.
std::string fxtProducer(const Trace& trace)
{
    const std::vector<std::string> providers = providersOf(trace);
    if (std::find(providers.begin(), providers.end(), "jane_tracing") != providers.end()) return "magic-trace";
    std::string text = "Fuchsia trace";
    for (std::size_t i = 0; i < std::min<std::size_t>(providers.size(), 4); ++i) text += (i ? ", " : " by ") + providers[i];
    return providers.size() > 4 ? text + ", \u2026" : text;
}

std::string producerOf(const Trace& trace)
{
    if (fxtNotes(trace, SourceId(0))) return fxtProducer(trace);
    if (trace.timeBase() == TimeBase::NodeOrder || (trace.executionTrace() && trace.sources().size() == 1)) {
        const EtFile& et = trace.executionTrace()->files().front();
        const std::string kind = et.graphNames ? "PyTorch Execution Graph" : "PyTorch Execution Trace";
        return et.schemaVersion.empty() ? kind : kind + ", schema " + et.schemaVersion;
    }
    return eventProducer(trace);
}

std::vector<DeviceInfo> devicesOf(const Trace& trace)
{
    TopValue list(trace, "deviceProperties");
    if (!list.root().isArray()) list = TopValue(trace, "computeProperties"); // the spelling of 2021
    std::vector<DeviceInfo> devices;
    if (!list.root().isArray()) return devices;
    for (auto device = list.root().first(); device.valid(); device = list.root().after(device)) {
        if (!device.isObject()) continue;
        DeviceInfo info;
        info.name = textOf(device.member("name"));
        info.memoryBytes = integerOf(device.member("totalGlobalMem"));
        info.processors = integerOf(device.member("numSms"));
        if (!info.processors) info.processors = integerOf(device.member("maxComputeUnits"));
        devices.push_back(std::move(info));
    }
    return devices;
}

std::vector<std::string> optionsOf(const Trace& trace)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOptions{{
        {"record_shapes", "shapes"}, {"profile_memory", "memory"}, {"with_stack", "stacks"},
        {"with_flops", "flops"}, {"with_modules", "modules"}}};
    std::vector<std::string> options;
    for (const auto& [key, title] : kOptions)
        if (TopValue(trace, key).integer()) options.emplace_back(title);
    std::set<std::uint32_t> rates;
    for (const Track& track : trace.tracks())
        if (track.sampledHz) rates.insert(track.sampledHz);
    for (const std::uint32_t hz : rates) options.push_back("samples at " + std::to_string(hz) + " Hz");
    return options;
}

/// Files without a base time hold absolute times themselves, unless their clock merely counts from the start of the machine.
std::optional<Nanos> recordedAt(const Trace& trace)
{
    static constexpr Nanos kYear2010 = 1'262'304'000'000'000'000;
    static constexpr Nanos kYear2100 = 4'102'444'800'000'000'000;
    if (!trace.stats().minTime) return std::nullopt;
    Nanos at = 0;
    if (__builtin_add_overflow(trace.baseTime(), trace.stats().minTime->ns, &at)) return std::nullopt;
    return at > kYear2010 && at < kYear2100 ? std::optional(at) : std::nullopt;
}

std::vector<std::string> messagesOf(const Trace& trace)
{
    std::vector<std::string> messages;
    for (const std::string_view key : {"ERROR", "WARNING"}) {
        const TopValue list(trace, key);
        if (!list.root().isArray()) continue;
        for (auto line = list.root().first(); line.valid(); line = list.root().after(line)) messages.push_back(textOf(line));
    }
    return messages;
}

} // namespace

Provenance provenance(const Trace& trace)
{
    Provenance p;
    p.producer = producerOf(trace);
    p.devices = devicesOf(trace);
    p.options = optionsOf(trace);
    p.providers = providersOf(trace);
    p.attachments = attachmentsOf(trace);
    p.recordedAt = recordedAt(trace);
    p.producerMessages = messagesOf(trace);
    const TopValue distributed(trace, "distributedInfo");
    p.rank = memberInteger(distributed.root(), "rank");
    p.worldSize = memberInteger(distributed.root(), "world_size");
    if (distributed.root().isObject()) p.backend = textOf(distributed.root().member("backend"));
    return p;
}

bool isPrivateKey(std::string_view topLevelKey)
{
    // What is known to be harmless is listed, because environments hold anything.
    static constexpr std::array<std::string_view, 22> kPublic{
        "schemaVersion", "deviceProperties", "computeProperties", "displayTimeUnit", "baseTimeNanoseconds", "distributedInfo",
        "record_shapes", "profile_memory", "with_stack", "with_flops", "with_modules", "cupti_version", "cuda_runtime_version",
        "cuda_driver_version", "hip_runtime_version", "hip_driver_version", "roctracer_version", "rocprofiler-sdk_version",
        "beginningOfTime", "DISABLE_CUPTI_LAZY_REINIT", "schema", "trace_id"};
    return std::find(kPublic.begin(), kPublic.end(), topLevelKey) == kPublic.end();
}

} // namespace opscope
