#pragma once

#include "core/base/Descriptor.h"
#include "core/record/torch/Courier.h"

#include <string>

namespace opscope::helper {

/// Puts the request beside the control file of a program that listens, which takes it away (../torch/README.md).
class HelperCourier final : public torch::Courier
{
public:
    using Courier::Courier;
    void deliver(const RecordTarget& target, const torch::Exchange& exchange) override;
    bool deliverAgain() override;
    void takeBack() override;

private:
    bool lies() const;
    Status put();

    Descriptor m_folder;          ///< of the program's user
    std::string m_name, m_text;   ///< of the request
};

} // namespace opscope::helper
