#include "widgets/tensor/FxLayout.h"

#include <algorithm>

namespace opscope {

namespace {

void assignLayers(const FxGraph& graph, FxLayout& layout)
{
    for (std::uint32_t row = 0; row < layout.boxes.size(); ++row) {
        std::uint32_t layer = 0;
        for (const std::uint32_t input : graph.nodes[row].inputs) {
            if (input >= row) continue;
            layer = std::max(layer, layout.boxes[input].layer + 1);
            layout.readers[input].push_back(row);
        }
        layout.boxes[row].layer = layer;
        if (layout.layers.size() <= layer) layout.layers.resize(layer + 1);
        layout.layers[layer].push_back(row);
    }
}

/// Below the middle of what it reads, as far as its neighbours allow.
void orderLayer(const FxGraph& graph, FxLayout& layout, std::vector<std::uint32_t>& layer)
{
    const auto middle = [&](std::uint32_t row) {
        std::int64_t sum = 0, count = 0;
        for (const std::uint32_t input : graph.nodes[row].inputs) {
            if (input >= row) continue;
            sum += layout.boxes[input].x + layout.boxes[input].width / 2;
            ++count;
        }
        return count == 0 ? std::int64_t(0) : sum / count;
    };
    std::ranges::stable_sort(layer, {}, middle);
    int x = FxLayout::kMargin;
    std::uint32_t place = 0;
    for (const std::uint32_t row : layer) {
        FxBox& box = layout.boxes[row];
        box.x = std::max(x, static_cast<int>(middle(row)) - box.width / 2);
        box.y = FxLayout::kMargin + static_cast<int>(box.layer) * (FxLayout::kHeight + FxLayout::kLayerGap);
        box.place = place++;
        x = box.x + box.width + FxLayout::kBoxGap;
        layout.width = std::max(layout.width, box.x + box.width + FxLayout::kMargin);
    }
}

} // namespace

FxLayout layOutFx(const FxGraph& graph, const std::vector<int>& widths)
{
    FxLayout layout;
    layout.boxes.resize(std::min(graph.nodes.size(), FxLayout::kMaxDrawn));
    layout.readers.resize(layout.boxes.size());
    for (std::size_t row = 0; row < layout.boxes.size(); ++row) layout.boxes[row].width = widths[row];
    assignLayers(graph, layout);
    for (std::vector<std::uint32_t>& layer : layout.layers) orderLayer(graph, layout, layer);
    layout.height = 2 * FxLayout::kMargin - FxLayout::kLayerGap +
                    static_cast<int>(layout.layers.size()) * (FxLayout::kHeight + FxLayout::kLayerGap);
    return layout;
}

} // namespace opscope
