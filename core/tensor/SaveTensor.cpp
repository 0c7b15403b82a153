#include "core/io/ByteSink.h"
#include "core/tensor/CapturedTensor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

namespace opscope {

namespace {

/// Values in any order through pages that are kept as long as nothing else needs their place: 64 MiB, whatever the file.
class Pages
{
public:
    explicit Pages(const CapturedTensor& tensor) : m_tensor(tensor), m_pages(kPages) {}
    std::optional<std::int64_t> at(std::uint64_t place)
    {
        const std::uint64_t number = place / kValues;
        Page& page = m_pages[static_cast<std::size_t>(number % kPages)];
        if (page.number != number) {
            page.values.resize(kValues);
            page.values.resize(m_tensor.read(number * kValues, page.values));
            page.number = number;
        }
        const auto inside = static_cast<std::size_t>(place % kValues);
        return inside < page.values.size() ? std::optional(page.values[inside]) : std::nullopt;
    }

private:
    static constexpr std::size_t kPages = 1024, kValues = 8192;
    struct Page
    {
        std::uint64_t number = UINT64_MAX;
        std::vector<std::int64_t> values;
    };
    const CapturedTensor& m_tensor;
    std::vector<Page> m_pages;
};

/// What is written: all values in their shape, or, where the file does not hold all of them, those that are there in one row.
struct Extent
{
    std::vector<std::int64_t> shape;
    std::uint64_t count = 0;
    bool inShape = false;
};

Extent extentOf(const CapturedTensor& tensor)
{
    if (tensor.holdsAll()) return {tensor.shape(), tensor.expectedElements(), true};
    return {{static_cast<std::int64_t>(tensor.fileElements())}, tensor.fileElements(), false};
}

/// visit(logical number, value) in logical order; an error when it was cancelled or the file changed.
template <class Visit>
Status forAll(const CapturedTensor& tensor, const Extent& extent, const JobControl& job, Visit&& visit)
{
    if (job.progress) {
        job.progress->step = "Saving";
        job.progress->done = 0;
        job.progress->total = extent.count;
    }
    Pages pages(tensor);
    for (std::uint64_t i = 0; i < extent.count; ++i) {
        if (i % 65536 == 0) {
            if (job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
            if (job.progress) job.progress->done = i;
        }
        const auto place = extent.inShape ? tensor.storagePlace(i) : std::optional(i);
        const auto value = place ? pages.at(*place) : std::nullopt;
        if (!value) return Error{ErrorCode::CannotRead, tensor.fileName() + " became shorter while it was read", {}};
        if (!visit(i, *value)) break;
    }
    return Done{};
}

/// Version 1.0: magic, length, a Python dictionary filled up so that the data begins at a multiple of 64.
std::string npyHeader(const CapturedTensor& tensor, const std::vector<std::int64_t>& shape)
{
    const std::size_t size = itemSize(tensor.type());
    const bool isUnsigned = title(tensor.type()).front() == 'u';
    std::string text = "{'descr': '" + std::string(size == 1 ? "|" : "<") + (isUnsigned ? "u" : "i") + std::to_string(size) +
                       "', 'fortran_order': False, 'shape': (";
    for (std::size_t d = 0; d < shape.size(); ++d) text += (d ? ", " : "") + std::to_string(shape[d]);
    text += shape.size() == 1 ? ",), }" : "), }";
    text.append(63 - (10 + text.size()) % 64, ' ');
    text += '\n';
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(text.size() & 0xFF);
    header += static_cast<char>(text.size() >> 8 & 0xFF);
    return header + text;
}

} // namespace

bool CapturedTensor::holdsAll() const
{
    if (m_expected == 0 || !m_reordered) return m_elements >= m_expected;
    std::uint64_t last = 0;
    for (std::size_t d = 0; d < m_shape.size(); ++d) {
        std::uint64_t step = 0;
        if (m_strides[d] < 0 || __builtin_mul_overflow(static_cast<std::uint64_t>(m_shape[d] - 1), static_cast<std::uint64_t>(m_strides[d]), &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    }
    return last < m_elements;
}

Result<std::unique_ptr<ByteSink>> writeNpy(const CapturedTensor& tensor, const std::string& path, const JobControl& job)
{
    const Extent extent = extentOf(tensor);
    auto created = ByteSink::createFile(path, ByteSink::Packing::Plain);
    if (!created) return created.error();
    ByteSink& file = **created;
    const std::string header = npyHeader(tensor, extent.shape);
    if (header.size() > 65535 + 10) return Error{ErrorCode::TooLarge, "the shape has more dimensions than a .npy file can hold", {}};
    file.write(header);
    const std::size_t size = itemSize(tensor.type());
    Status written = forAll(tensor, extent, job, [&](std::uint64_t, std::int64_t value) {
        char bytes[8];
        std::memcpy(bytes, &value, sizeof bytes); // little-endian: the low bytes come first
        file.write({bytes, size});
        return file.good();
    });
    if (written) written = file.finish();
    if (!written) return written.error();
    return std::move(*created);
}

Result<std::unique_ptr<ByteSink>> writeCsv(const CapturedTensor& tensor, const std::string& path, const JobControl& job)
{
    const Extent extent = extentOf(tensor);
    auto created = ByteSink::createFile(path, ByteSink::Packing::Plain);
    if (!created) return created.error();
    ByteSink& file = **created;
    std::string head;
    for (std::size_t d = 0; d < extent.shape.size(); ++d) head += (extent.shape.size() == 1 ? "index" : "index" + std::to_string(d)) + ",";
    file.write(head + "value\n");
    std::vector<std::int64_t> index(extent.shape.size());
    std::string line;
    Status written = forAll(tensor, extent, job, [&](std::uint64_t, std::int64_t value) {
        line.clear();
        for (const std::int64_t i : index) line += std::to_string(i) + ",";
        file.write(line + tensor.text(value) + "\n");
        for (std::size_t d = index.size(); d-- > 0;) {
            if (++index[d] < extent.shape[d]) break;
            index[d] = 0;
        }
        return file.good();
    });
    if (written) written = file.finish();
    if (!written) return written.error();
    return std::move(*created);
}

Status saveNpy(const CapturedTensor& tensor, const std::string& path, const JobControl& job)
{
    const auto file = writeNpy(tensor, path, job);
    return file ? (*file)->close() : file.error();
}

Status saveCsv(const CapturedTensor& tensor, const std::string& path, const JobControl& job)
{
    const auto file = writeCsv(tensor, path, job);
    return file ? (*file)->close() : file.error();
}

} // namespace opscope
