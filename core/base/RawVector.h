#pragma once

#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace opscope {

/// An allocator that leaves plain values alone instead of zeroing them, so that a column of exact size is touched only once,
/// by whoever fills it (and on the thread that does).
template <class T>
struct UninitializedAllocator : std::allocator<T>
{
    template <class U>
    struct rebind
    {
        using other = UninitializedAllocator<U>;
    };
    using std::allocator<T>::allocator;

    /// Nothing at all for rows of plain data, even where their members have initial values.
    template <class U>
    void construct(U* place) noexcept
    {
        if constexpr (!std::is_trivially_copyable_v<U>) ::new (static_cast<void*>(place)) U;
    }
    template <class U, class... Args>
    void construct(U* place, Args&&... args)
    {
        ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
    }
};

/// A vector whose resize() does not write to new rows of plain types: the caller must.
template <class T>
using RawVector = std::vector<T, UninitializedAllocator<T>>;

} // namespace opscope
