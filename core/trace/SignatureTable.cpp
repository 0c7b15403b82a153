#include "core/trace/SignatureTable.h"

namespace opscope {

SignatureId SignatureTable::intern(const Signature& signature)
{
    const auto [it, isNew] = m_index.try_emplace(signature, static_cast<std::uint32_t>(m_rows.size()));
    if (isNew) m_rows.push_back(signature);
    return SignatureId(it->second);
}

} // namespace opscope
