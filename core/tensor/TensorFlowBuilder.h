#pragma once

#include "core/tensor/NodeValues.h"
#include "core/tensor/TensorFlow.h"

#include <unordered_map>
#include <vector>

namespace opscope {

/// Internal to core/tensor: TensorFlow::build() as named steps. No step takes longer than a sort of the tensors; no recursion.
class TensorFlowBuilder
{
public:
    TensorFlowBuilder(TracePtr trace, const JobControl& job);
    std::shared_ptr<const TensorFlow> build();

private:
    using Role = TensorFlow::Role;
    static constexpr std::uint32_t kNone = TensorFlow::kNone;
    struct Written
    {
        std::uint64_t arguments = 0, results = 0; ///< a bit each; those from 63 on share the last
    };
    struct StorageKey
    {
        std::int64_t storage = 0;
        std::uint32_t device = 0, file = 0;
        friend bool operator==(const StorageKey&, const StorageKey&) = default;
    };
    struct KeyHash
    {
        std::size_t operator()(const StorageKey& key) const noexcept;
    };

    void numberTree();
    void groupTensors();
    std::uint32_t groupOf(const TensorDesc& tensor, std::uint32_t file);
    void sortByGroup();
    void setRoles();
    void setRolesOf(std::uint32_t node);
    bool passes(const EtNode& node, std::uint32_t output) const;
    const Written& writtenBy(StringId schema);
    void markOwn();
    void markOwnIn(std::size_t begin, std::size_t end);
    void markFresh();
    void noteExtents();
    void indexUses();
    bool cancelled() const { return m_job.cancelled(); }

    const JobControl& m_job;
    std::shared_ptr<TensorFlow> m_flow;
    const ExecutionTrace& m_et;
    std::vector<std::uint32_t> m_group;                      ///< of a tensor
    std::unordered_map<StorageKey, std::uint32_t, KeyHash> m_groups;
    std::vector<std::uint32_t> m_readBy, m_writtenBy;        ///< by group: the last node that has it among its inputs, written inputs
    std::unordered_map<std::uint32_t, Written> m_written;    ///< by schema
    std::vector<std::uint32_t> m_byTree;                     ///< of one group, by pre-order
};

} // namespace opscope
