#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/io/ByteSource.h"
#include "core/trace/TraceBuilder.h"

#include <map>
#include <string>

namespace opscope {

struct ImportOptions
{
    unsigned threads = 2;                      ///< including the caller's
    std::size_t windowBytes = 1u << 20;        ///< tests make it tiny, to cut everywhere
    bool alignClocks = true;                   ///< move the times of ranks so that collectives end together (linking.md 6.5)
    std::map<std::string, std::string> resourceFolders = {}; ///< by path of the execution trace, where somebody chose one
};

/// Reads one source into the builder. Synchronous; may start helper threads and joins them before it returns.
/// An error means that nothing of the file can be shown; everything less is noted in the builder's diagnostics.
class Importer
{
public:
    virtual ~Importer() = default;
    virtual Status import(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options,
                          const JobControl& job) = 0;
};

} // namespace opscope
