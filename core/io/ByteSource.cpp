#include "core/io/ByteSource.h"

#include "core/io/GzipSource.h"
#include "core/trace/Trace.h"

#include <algorithm>
#include <cstring>

namespace opscope {

namespace {

class PlainSource final : public ByteSource
{
public:
    explicit PlainSource(PackedBytes packed) : m_packed(std::move(packed)) {}

    Result<std::size_t> read(std::span<char> into) override
    {
        auto got = m_packed.readAt(m_position, into);
        if (got) m_position += *got;
        return got;
    }

    Result<std::string_view> head(std::size_t limit) override
    {
        const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(limit, m_packed.size()));
        m_head.resize(length);
        auto got = m_packed.readAt(0, m_head);
        if (!got) return got.error();
        m_head.resize(*got);
        return std::string_view(m_head);
    }

    std::uint64_t packedPosition() const override { return m_position; }
    std::uint64_t packedSize() const override { return m_packed.size(); }
    bool gzip() const override { return false; }
    std::uint32_t gzipMembers() const override { return 0; }
    std::int64_t modifiedNs() const override { return m_packed.modifiedNs(); }
    int descriptor() const override { return m_packed.descriptor(); }

private:
    PackedBytes m_packed;
    std::string m_head;
};

class LimitedSource final : public ByteSource
{
public:
    LimitedSource(std::unique_ptr<ByteSource> source, std::uint64_t end) : m_source(std::move(source)), m_end(end) {}

    Result<std::size_t> read(std::span<char> into) override
    {
        if (m_position == m_end) return std::size_t{0};
        auto got = m_source->read(into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), m_end - m_position))));
        if (!got) return got;
        m_position = m_source->position();
        if (m_position == m_end) {
            m_diagnostics.note(Defect::CompressedDataDamaged, m_end, "what can be unpacked behind this place is not to be trusted");
        }
        return got;
    }

    Result<std::string_view> head(std::size_t limit) override
    {
        return m_source->head(static_cast<std::size_t>(std::min<std::uint64_t>(limit, m_end)));
    }

    std::uint64_t packedPosition() const override { return m_source->packedPosition(); }
    std::uint64_t packedSize() const override { return m_source->packedSize(); }
    bool gzip() const override { return m_source->gzip(); }
    std::uint32_t gzipMembers() const override { return m_source->gzipMembers(); }
    std::int64_t modifiedNs() const override { return m_source->modifiedNs(); }
    std::shared_ptr<const RestartPoints> takeRestartPoints() override { return m_source->takeRestartPoints(); }

private:
    std::unique_ptr<ByteSource> m_source;
    std::uint64_t m_end;
};

} // namespace

std::unique_ptr<ByteSource> ByteSource::limited(std::unique_ptr<ByteSource> source, std::uint64_t end)
{
    return std::make_unique<LimitedSource>(std::move(source), end);
}

Result<std::unique_ptr<ByteSource>> openPacked(PackedBytes packed, InflateEngine engine)
{
    auto gzip = packed.looksLikeGzip();
    if (!gzip) return gzip.error();
    if (!*gzip) return std::unique_ptr<ByteSource>(std::make_unique<PlainSource>(std::move(packed)));
    auto source = std::make_unique<GzipSource>(std::move(packed), engine);
    auto first = source->head(1);
    if (!first) return first.error();
    if (first->empty()) {
        if (source->diagnostics().count(Defect::CompressedDataCut) > 0) {
            return Error{ErrorCode::Malformed, "the compressed data ends before anything can be unpacked", {}};
        }
        if (source->diagnostics().count(Defect::CompressedDataDamaged) > 0) {
            return Error{ErrorCode::Malformed, "the compressed data is damaged at its beginning", {}};
        }
        return Error{ErrorCode::Empty, "the file is empty", {}};
    }
    return std::unique_ptr<ByteSource>(std::move(source));
}

Result<std::unique_ptr<ByteSource>> ByteSource::openFile(const std::string& path)
{
    auto packed = PackedBytes::openFile(path);
    if (!packed) return packed.error();
    return openPacked(std::move(*packed), InflateEngine::Best);
}

Result<std::unique_ptr<ByteSource>> ByteSource::openMemory(std::span<const char> bytes)
{
    if (bytes.empty()) return Error{ErrorCode::Empty, "the file is empty", {}};
    return openPacked(PackedBytes::memory(bytes), InflateEngine::Best);
}

Result<std::string> readAgain(const SourceFile& source, std::uint64_t offset, std::uint64_t length)
{
    auto packed = PackedBytes::openFile(source.path);
    if (!packed) return packed.error();
    if (packed->size() != source.packedBytes || packed->modifiedNs() != source.modifiedNs) {
        return Error{ErrorCode::CannotRead, "the file has changed since it was opened", {}};
    }
    if (offset >= source.unpackedBytes) return std::string();
    length = std::min(length, source.unpackedBytes - offset);
    if (source.gzip) {
        const RestartPoints none(InflateEngine::Best);
        return (source.restarts ? *source.restarts : none).read(*packed, offset, length);
    }
    std::string text(static_cast<std::size_t>(length), '\0');
    auto got = packed->readAt(offset, text);
    if (!got) return got.error();
    text.resize(*got);
    return text;
}

} // namespace opscope
