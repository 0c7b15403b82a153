#pragma once

#include "core/tensor/CapturedTensor.h"
#include "tests/support/EtFolder.h"

#include <memory>
#include <string>
#include <vector>

namespace opscope::test {

/// A trace with one node that has one captured input.
struct Capture
{
    EtFolder folder;
    TracePtr trace;
    NodeId node;

    Capture(const std::string& dtype, int elements, int itemSize, const std::vector<int>& shape, const std::string& bytes,
            const std::string& strides = "", const std::string& device = "cuda:0", int offset = 0);
    /// Null when it cannot be opened.
    std::shared_ptr<const CapturedTensor> open() const;
    std::string file() const { return folder.folder() + "/nid_4_tid_0.dat"; }
};

template <class T>
Capture captureOf(const std::vector<T>& values, const std::string& dtype)
{
    return Capture(dtype, static_cast<int>(values.size()), sizeof(T), {static_cast<int>(values.size())}, bytesOfValues(values));
}

} // namespace opscope::test
