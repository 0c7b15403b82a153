#pragma once

#include "core/base/Id.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace opscope {

/// Raw JSON texts of "Input Dims", "Input type" and "Input Strides" of one call, interned one by one, then as a triple.
/// An absent key is an invalid StringId, which is not the same as "[]".
struct Signature
{
    StringId dims, types, strides;
    friend auto operator<=>(const Signature&, const Signature&) = default;
};

class SignatureTable
{
public:
    SignatureId intern(const Signature& signature);
    const Signature& operator[](SignatureId id) const { return m_rows[id.index()]; }
    std::size_t size() const { return m_rows.size(); }

private:
    struct Hash
    {
        std::size_t operator()(const Signature& s) const noexcept
        {
            return (s.dims.value * 0x9E3779B97F4A7C15ull) ^ (s.types.value * 0xC2B2AE3D27D4EB4Full) ^
                   (s.strides.value * 0x165667B19E3779F9ull);
        }
    };
    std::vector<Signature> m_rows;
    std::unordered_map<Signature, std::uint32_t, Hash> m_index;
};

} // namespace opscope
