#pragma once

#include "core/format/Format.h"

#include <memory>
#include <string_view>

namespace opscope {

/// PyTorch execution traces, every schema version: an object with "nodes" that is told from other JSON with nodes by
/// "schema" or by nodes that have a name and a parent.
Sniff sniffEt(std::string_view head);
std::unique_ptr<Importer> makeEtImporter();

} // namespace opscope
