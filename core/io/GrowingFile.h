#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace opscope {

/// A file that is worth something before it is whole: it grows beside its place as "NAME.part" and gets its name at the end. Every piece that
/// was appended can be read already, whatever becomes of us: packed, each piece is a gzip member of its own. One thread at a time.
class GrowingFile
{
public:
    enum class Packing : std::uint8_t { Plain, Gzip };
    /// Refuses with a sentence, without having made anything. A part that lies there already is left alone: it may be somebody's recording.
    static Result<GrowingFile> create(const std::string& path, Packing packing);
    /// What the name asks for: ".gz" at its end is packed.
    static Packing packingOf(std::string_view path);
    GrowingFile(GrowingFile&& other) noexcept;
    GrowingFile& operator=(GrowingFile&&) = delete;
    /// Takes the part away, if it did not get its name.
    ~GrowingFile();

    /// How many bytes from the beginning of a text can be read without what follows.
    using Whole = std::function<std::size_t(std::string_view)>;
    /// 0 or the errno, and nothing is taken from then on. Of a piece that does not fit on the disk as much is kept as fits and is whole;
    /// without `whole` nothing. Packed, pieces of some 100 KB and more pack well.
    int append(std::string_view piece, const Whole& whole = {});
    std::uint64_t size() const { return m_size; } ///< on disk
    const std::string& part() const { return m_part; }
    /// Waits until the disk has it.
    Status sync();
    /// What was appended gets its name, also after an error; what had the name is replaced in one step. Nothing is taken from then on.
    Status takeName();
    /// The same without replacing anything: if the name is taken by now, it gets another one (FreeName.h). Which, whole.
    Result<std::string> takeFreeName();
    const std::string& path() const { return m_path; } ///< the name it is to get, links followed
    /// Of an errno that append() gave.
    Error cannot(int reason) const;

private:
    explicit GrowingFile(std::string path) : m_path(std::move(path)) {}
    int tryToAppend(std::string_view piece);
    int write(std::string_view bytes);
    void fill(std::string_view piece, const Whole& whole);
    void named();

    std::string m_path, m_part; // links followed; no part: it got its name
    std::string m_packed;
    Packing m_packing = Packing::Plain;
    int m_descriptor = -1;
    int m_reason = 0;
    std::uint64_t m_size = 0;
};

} // namespace opscope
