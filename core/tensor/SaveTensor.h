#pragma once

#include "core/io/ByteSink.h"
#include "core/tensor/CapturedTensor.h"

#include <memory>
#include <string>

namespace opscope {

/// What saveNpy() and saveCsv() make, whole and synced but without its name, so that several files can be made before the first gets its name.
/// ByteSink::close() names it.
Result<std::unique_ptr<ByteSink>> writeNpy(const CapturedTensor& tensor, const std::string& path, const JobControl& job = {});
Result<std::unique_ptr<ByteSink>> writeCsv(const CapturedTensor& tensor, const std::string& path, const JobControl& job = {});

} // namespace opscope
