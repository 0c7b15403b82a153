#include "tests/support/Capture.h"

namespace opscope::test {

namespace {

std::string sizesText(const std::vector<int>& sizes)
{
    std::string out;
    for (const int size : sizes) out += (out.empty() ? "" : ",") + std::to_string(size);
    return "[" + out + "]";
}

} // namespace

Capture::Capture(const std::string& dtype, int elements, int itemSize, const std::vector<int>& shape, const std::string& bytes,
                 const std::string& strides, const std::string& device, int offset)
{
    EtText text{4, 2, "op", {"[" + etTensor(7, 8, elements, itemSize, device, offset) + "]", "[" + sizesText(shape) + "]", "['Tensor(" + dtype + ")']", ""}};
    if (!strides.empty()) text.inputs.strides = "[" + strides + "]";
    folder.put("nid_4_tid_0.dat", bytes);
    trace = folder.open({text});
    node = nodeNamed(*trace, "op");
}

std::shared_ptr<const CapturedTensor> Capture::open() const
{
    auto opened = CapturedTensor::open(*trace, node, TensorId(trace->executionTrace()->node(node).firstTensor));
    return opened.ok() ? *opened : nullptr;
}

} // namespace opscope::test
