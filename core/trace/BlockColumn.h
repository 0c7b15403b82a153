#pragma once

#include <cstdint>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

namespace opscope {

/// An int64 column that is mostly empty or mostly regular: blocks of 4,096 rows, each absent, constant, or 1, 2, 4 or 8
/// bytes a row above the block's minimum (loading.md section 2.8). Reading is O(1); 1 to 3 bytes a row in real traces.
class BlockColumn
{
public:
    static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min(); ///< "the event has no such field"
    static constexpr std::size_t kBlockRows = 4096;

    BlockColumn() = default;
    explicit BlockColumn(std::size_t rows) : m_blocks((rows + kBlockRows - 1) / kBlockRows), m_rows(rows) {}

    /// Packs rows [block * kBlockRows, + count). Different blocks may be set from different threads.
    void setBlock(std::size_t block, const std::int64_t* values, std::size_t count);

    std::int64_t operator[](std::size_t row) const
    {
        const Block& block = m_blocks[row / kBlockRows];
        const std::size_t i = row % kBlockRows;
        switch (block.width) {
        case Width::Absent: return kNone;
        case Width::Constant: return block.base;
        case Width::One: return decode(block, static_cast<const std::uint8_t*>(block.data.get())[i], UINT8_MAX);
        case Width::Two: return decode(block, reinterpret_cast<const std::uint16_t*>(block.data.get())[i], UINT16_MAX);
        case Width::Four: return decode(block, reinterpret_cast<const std::uint32_t*>(block.data.get())[i], UINT32_MAX);
        case Width::Eight: return reinterpret_cast<const std::int64_t*>(block.data.get())[i];
        }
        return kNone;
    }
    bool has(std::size_t row) const { return (*this)[row] != kNone; }
    std::size_t size() const { return m_rows; }
    std::size_t bytes() const;
    /// True when no row of the block that holds `row` has a value: whole blocks can be leapt over.
    bool blockAbsent(std::size_t row) const { return m_blocks[row / kBlockRows].width == Width::Absent; }

private:
    enum class Width : std::uint8_t { Absent, Constant, One, Two, Four, Eight };
    struct Block
    {
        std::int64_t base = 0;
        std::unique_ptr<std::uint8_t[]> data; // new[] of bytes is aligned for int64
        Width width = Width::Absent;
    };
    // The largest stored number stands for "none" in the packed widths.
    static std::int64_t decode(const Block& block, std::uint64_t stored, std::uint64_t none)
    {
        return stored == none ? kNone : static_cast<std::int64_t>(static_cast<std::uint64_t>(block.base) + stored);
    }
    std::vector<Block> m_blocks;
    std::size_t m_rows = 0;
};

} // namespace opscope
