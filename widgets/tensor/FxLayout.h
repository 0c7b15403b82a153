#pragma once

#include "core/tensor/KernelSource.h"

#include <cstdint>
#include <vector>

namespace opscope {

/// Where the nodes of an FX graph stand: in layers from top to bottom, each below everything that it reads. Pure.
struct FxBox
{
    int x = 0, y = 0, width = 0;
    std::uint32_t layer = 0, place = 0;     ///< place within the layer, from the left
};
struct FxLayout
{
    static constexpr int kHeight = 38, kLayerGap = 26, kBoxGap = 12, kMargin = 12;
    static constexpr std::size_t kMaxDrawn = 2000;

    std::vector<FxBox> boxes;               ///< of the first kMaxDrawn nodes
    std::vector<std::vector<std::uint32_t>> layers;
    std::vector<std::vector<std::uint32_t>> readers; ///< of each drawn node
    int width = 0, height = 0;
};
/// `widths[i]`: what node i needs. Inputs that do not stand before their reader in the file are left out.
FxLayout layOutFx(const FxGraph& graph, const std::vector<int>& widths);

} // namespace opscope
