#include "core/io/Loader.h"

#include "core/base/StringPool.h"
#include "core/format/Format.h"
#include "core/io/ByteSource.h"
#include "core/trace/TraceBuilder.h"

#include <algorithm>
#include <set>

namespace opscope {

namespace {

constexpr std::size_t kHeadBytes = std::size_t{1} << 20;

struct Input
{
    std::string path;
    std::string name;                       ///< for messages
    std::unique_ptr<ByteSource> bytes;
    const Format* format = nullptr;
};

/// The last part of a path, fit for a sentence.
std::string displayName(const std::string& path)
{
    const std::size_t slash = path.find_last_of('/', path.size() < 2 ? std::string::npos : path.size() - 2);
    std::string name;
    sanitizeUtf8(slash == std::string::npos ? path : path.substr(slash + 1), name);
    return withoutControls(name);
}

Error cancelled()
{
    return {ErrorCode::Cancelled, "cancelled", {}};
}

Result<Input> recogniseInput(const std::string& path, Result<std::unique_ptr<ByteSource>> bytes)
{
    Input input;
    input.path = path;
    input.name = displayName(path);
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

/// One trace is made of one timed file and its execution trace. Anything else would mix clocks or ids.
Status checkCombination(std::span<const Input> inputs)
{
    for (const std::string_view id : {"et", "kineto"}) {
        const auto isOne = [&](const Input& input) { return input.format->id == id; };
        const auto first = std::find_if(inputs.begin(), inputs.end(), isOne);
        if (first == inputs.end()) continue;
        const auto second = std::find_if(first + 1, inputs.end(), isOne);
        if (second == inputs.end()) continue;
        const std::string what = id == "et" ? "execution traces" : "Kineto or Chrome traces";
        return Error{ErrorCode::Usage,
                     first->name + " and " + second->name + " are both " + what +
                         "; one trace of each kind can be opened together",
                     {}};
    }
    return Done{};
}

Status import(Input& input, TraceBuilder& builder, const JobControl& job, const ImportOptions& options)
{
    SourceFile file;
    file.path = input.path;
    file.format = input.format->id;
    file.packedBytes = input.bytes->packedSize();
    file.modifiedNs = input.bytes->modifiedNs();
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
    if (job.cancelled()) return cancelled();
    SourceFile& done = builder.source(id);
    done.unpackedBytes = input.bytes->gzip() ? input.bytes->position() : input.bytes->packedSize();
    done.gzipMembers = input.bytes->gzipMembers();
    done.restarts = input.bytes->takeRestartPoints();
    builder.diagnostics(id).merge(input.bytes->diagnostics(), id.value);
    return Done{};
}

Result<TracePtr> load(std::vector<Input> inputs, const JobControl& job, const ImportOptions& options)
{
    if (Status status = checkCombination(inputs); !status) return status.error();
    TraceBuilder builder;
    for (Input& input : inputs) {
        if (job.cancelled()) return cancelled();
        if (Status status = import(input, builder, job, options); !status) return status.error();
    }
    return std::move(builder).finish(job);
}

} // namespace

Result<TracePtr> loadTrace(std::span<const std::string> paths, const JobControl& job, const ImportOptions& options)
{
    if (paths.empty()) return Error{ErrorCode::Usage, "no file was given", {}};
    std::vector<Input> inputs;
    for (const std::string& path : paths) {
        if (job.cancelled()) return cancelled();
        auto input = recogniseInput(path, ByteSource::openFile(path));
        if (!input) return input.error();
        inputs.push_back(std::move(*input));
    }
    return load(std::move(inputs), job, options);
}

Result<TracePtr> loadTraceFromMemory(std::string_view bytes, const std::string& name, const JobControl& job,
                                     const ImportOptions& options)
{
    if (job.cancelled()) return cancelled();
    auto input = recogniseInput(name, ByteSource::openMemory(bytes));
    if (!input) return input.error();
    std::vector<Input> inputs;
    inputs.push_back(std::move(*input));
    return load(std::move(inputs), job, options);
}

} // namespace opscope
