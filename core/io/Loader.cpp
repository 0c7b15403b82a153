#include "core/io/Loader.h"

#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/format/Format.h"
#include "core/io/ByteSource.h"
#include "core/tensor/ResourceChecks.h"
#include "core/trace/TraceBuilder.h"

#include <algorithm>
#include <filesystem>
#include <functional>

namespace opscope {

namespace {

constexpr std::size_t kHeadBytes = std::size_t{1} << 20;

/// Garbage that was unpacked breaks JSON within a few symbols, each of up to 258 bytes: so far in front of the first broken place
/// the bytes are those of the file, and further back than kGarbageBytes broken JSON was in the file already.
constexpr std::uint64_t kGarbageMargin = 4096;
constexpr std::uint64_t kGarbageBytes = std::uint64_t{4} << 20;

using OpenBytes = std::function<Result<std::unique_ptr<ByteSource>>()>;

struct Input
{
    std::string path;
    std::string name;                       ///< for messages
    OpenBytes open;                         ///< from the start again
    std::unique_ptr<ByteSource> bytes;
    const Format* format = nullptr;
    bool onDisk = false;                    ///< other files may lie beside it
};

Error cancelled()
{
    return {ErrorCode::Cancelled, "cancelled", {}};
}

Result<Input> recogniseInput(const std::string& path, OpenBytes open)
{
    Input input;
    input.path = path;
    input.name = displayName(path);
    input.open = std::move(open);
    auto bytes = input.open();
    if (!bytes) return bytes.error().in(input.name);
    input.bytes = std::move(*bytes);
    auto head = input.bytes->head(kHeadBytes);
    if (!head) return head.error().in(input.name);
    if (head->empty()) return Error{ErrorCode::Empty, "the file is empty", {}}.in(input.name);
    auto format = recognise(*head, head->size() < kHeadBytes);
    if (!format) return format.error().in(input.name);
    input.format = *format;
    return input;
}

/// Ranks and parts of a run may be many, but each file once: it would double every event.
Status checkCombination(std::span<const Input> inputs)
{
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            std::error_code failed; // files of a test need not be on disk
            if (inputs[i].path == inputs[k].path || std::filesystem::equivalent(inputs[i].path, inputs[k].path, failed))
                return Error{ErrorCode::Usage, inputs[i].name + " was given twice", {}};
        }
    }
    return Done{};
}

/// An importer may stop at the last bracket. What stands behind it in a .gz decides whether its end is whole.
Status drain(ByteSource& bytes, const JobControl& job)
{
    if (!bytes.gzip()) return Done{};
    std::string buffer(std::size_t{64} << 10, '\0');
    while (!job.cancelled()) {
        auto got = bytes.read(buffer);
        if (!got) return got.error();
        if (*got == 0) return Done{};
    }
    return cancelled();
}

Status import(Input& input, TraceBuilder& builder, const JobControl& job, const ImportOptions& options)
{
    SourceFile file;
    file.path = input.path;
    file.format = input.format->id;
    file.packedBytes = input.bytes->packedSize();
    file.modifiedNs = input.bytes->modifiedNs();
    if (const auto chosen = options.resourceFolders.find(input.path); chosen != options.resourceFolders.end())
        file.resourcesFolder = chosen->second;
    file.gzip = input.bytes->gzip();
    const SourceId id = builder.addSource(std::move(file));
    if (job.progress) {
        job.progress->done = 0;
        job.progress->total = input.bytes->packedSize();
        job.progress->step = "Reading";
    }
    const auto importer = input.format->importer();
    Status status = importer->import(*input.bytes, id, builder, options, job);
    if (!status) return status.error().code == ErrorCode::Cancelled ? status.error() : status.error().in(input.name);
    if (Status drained = drain(*input.bytes, job); !drained) return drained.error();
    SourceFile& done = builder.source(id);
    done.unpackedBytes = input.bytes->gzip() ? input.bytes->position() : input.bytes->packedSize();
    done.gzipMembers = input.bytes->gzipMembers();
    done.restarts = input.bytes->takeRestartPoints();
    builder.diagnostics(id).merge(input.bytes->diagnostics(), id.value);
    if (input.onDisk && input.format->id == "et") builder.addCheck(id, checkResources);
    return Done{};
}

Result<TracePtr> importAll(std::vector<Input>& inputs, const JobControl& job, const ImportOptions& options)
{
    TraceBuilder builder;
    builder.setAlignClocks(options.alignClocks);
    for (Input& input : inputs) {
        if (job.cancelled()) return cancelled();
        if (Status status = import(input, builder, job, options); !status) return status.error();
    }
    return std::move(builder).finish(job);
}

bool breaksJson(Defect defect)
{
    switch (defect) {
    case Defect::FileCutOff: case Defect::InvalidUtf8: case Defect::ControlCharacter: case Defect::JsonSyntax:
    case Defect::CommentsInJson: case Defect::ArrayNotClosed: case Defect::TrailingCommas: case Defect::SecondDocument:
    case Defect::NotAnObject: case Defect::DamagedEvent: case Defect::MissingPhase: case Defect::MissingName:
    case Defect::MissingTime: case Defect::BadTime: case Defect::TimeOutOfRange: case Defect::BadDuration:
    case Defect::NonFiniteNumber: case Defect::DuplicateKey: case Defect::UnknownPhase: case Defect::DamagedNode:
    case Defect::MissingNodeId: case Defect::WrongNodeType: case Defect::DeepArguments: return true;
    default: return false;
    }
}

/// How much of a stream that ended in damage can be believed; 0 when nothing.
std::uint64_t trustedBytes(const Input& input, const Trace* trace, std::uint32_t source)
{
    const std::uint64_t end = input.bytes->position();
    const std::uint64_t suspicious = end - std::min(end, kGarbageBytes);
    std::uint64_t broken = end;
    for (const Defect defect : trace ? trace->diagnostics().seen() : std::vector<Defect>()) {
        if (!breaksJson(defect)) continue;
        for (const DefectPlace& place : trace->diagnostics().places(defect)) {
            if (place.source == source && place.offset >= suspicious) broken = std::min(broken, place.offset);
        }
    }
    return broken - std::min(broken, kGarbageMargin);
}

/// Opens the inputs again, those that ended in damage only as far as they can be believed.
Status withoutDamage(std::vector<Input>& inputs, const Trace* trace)
{
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        Input& input = inputs[i];
        const std::uint64_t trusted = input.bytes->endedInDamage() ? trustedBytes(input, trace, static_cast<std::uint32_t>(i)) : UINT64_MAX;
        if (trusted == 0) return Error{ErrorCode::Malformed, "the compressed data is damaged near its beginning", {}}.in(input.name);
        auto bytes = input.open();
        if (!bytes) return bytes.error().in(input.name);
        input.bytes = trusted == UINT64_MAX ? std::move(*bytes) : ByteSource::limited(std::move(*bytes), trusted);
    }
    return Done{};
}

Result<TracePtr> load(std::vector<Input> inputs, const JobControl& job, const ImportOptions& options)
{
    if (Status status = checkCombination(inputs); !status) return status.error();
    auto trace = importAll(inputs, job, options);
    const bool damage = std::any_of(inputs.begin(), inputs.end(), [](const Input& i) { return i.bytes->endedInDamage(); });
    if (!damage || job.cancelled()) return trace;
    if (Status status = withoutDamage(inputs, trace ? trace->get() : nullptr); !status) return status.error();
    return importAll(inputs, job, options);
}

} // namespace

Result<TracePtr> loadTrace(std::span<const std::string> paths, const JobControl& job, const ImportOptions& options)
{
    if (paths.empty()) return Error{ErrorCode::Usage, "no file was given", {}};
    std::vector<Input> inputs;
    for (const std::string& path : paths) {
        if (job.cancelled()) return cancelled();
        auto input = recogniseInput(path, [path] { return ByteSource::openFile(path); });
        if (!input) return input.error();
        input->onDisk = true;
        inputs.push_back(std::move(*input));
    }
    return load(std::move(inputs), job, options);
}

Result<TracePtr> loadTraceFromMemory(std::string_view bytes, const std::string& name, const JobControl& job,
                                     const ImportOptions& options)
{
    if (job.cancelled()) return cancelled();
    auto input = recogniseInput(name, [bytes] { return ByteSource::openMemory(bytes); });
    if (!input) return input.error();
    std::vector<Input> inputs;
    inputs.push_back(std::move(*input));
    return load(std::move(inputs), job, options);
}

} // namespace opscope
