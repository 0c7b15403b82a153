#pragma once

#include "core/base/Id.h"

#include <cstdint>
#include <string_view>

namespace opscope {

/// One tensor argument of one node, as execution-trace.md section 5.3 has it. Ids name addresses, not tensors.
struct TensorDesc
{
    std::int64_t tensorId = 0;
    std::int64_t storageId = 0;      ///< 0: no storage or symbolic sizes
    std::int64_t offset = 0;         ///< in elements
    std::int64_t elements = 0;
    std::int32_t itemSize = 0;       ///< bytes
    StringId dtype;                  ///< as the file has it: "long int", "c10::BFloat16", "nullptr (uninitialized)"
    StringId device;                 ///< "cuda:0", "" with no storage, none in schema 1.0.0
    StringId shape;                  ///< JSON text "[32,512]"; none: not recorded
    StringId strides;                ///< JSON text; none: not recorded
    std::uint16_t argument = 0;      ///< which input or output it belongs to; several for a list of tensors
    bool undefined() const { return elements == 0 && itemSize == 0 && storageId == 0; }
};

/// "long int" -> "i64", "c10::BFloat16" -> "bf16"; unknown names come back as they are.
std::string_view shortDtype(std::string_view name);

} // namespace opscope
