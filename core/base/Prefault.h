#pragma once

#include <cstddef>

namespace opscope {

/// Makes the pages of memory that is about to be filled from end to end present in one go, where a page fault for each 4 KiB costs half as
/// much again as filling them. Best in pieces of some hundred KiB, which are still in the cache when they are filled. Contents stay as
/// they are. Short pieces and systems that cannot: nothing happens. (Not large pages: where a virtual machine gives memory back to its
/// host, touching those afresh costs several times what they save.)
void prefault(const void* memory, std::size_t bytes);

/// `count` rows of a vector from `first`, which it may hold or have reserved.
template <class Vector>
void prefault(const Vector& rows, std::size_t first, std::size_t count)
{
    prefault(rows.data() + first, count * sizeof(*rows.data()));
}

} // namespace opscope
