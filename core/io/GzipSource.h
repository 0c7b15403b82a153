#pragma once

#include "core/io/ByteSource.h"
#include "core/io/GzipStream.h"
#include "core/io/RestartPoints.h"

namespace opscope {

/// ByteSource over GzipStream: keeps the head for recognition, notes what is wrong, takes restart points.
class GzipSource final : public ByteSource
{
public:
    GzipSource(PackedBytes packed, InflateEngine engine, std::uint64_t restartEvery = RestartPoints::kEvery);

    Result<std::size_t> read(std::span<char> into) override;
    Result<std::string_view> head(std::size_t limit) override;
    std::uint64_t packedPosition() const override { return m_stream.packedPosition(); }
    std::uint64_t packedSize() const override { return m_packed.size(); }
    bool gzip() const override { return true; }
    std::uint32_t gzipMembers() const override { return m_stream.members(); }
    std::int64_t modifiedNs() const override { return m_packed.modifiedNs(); }
    bool endedInDamage() const override { return m_stream.end() == GzipStream::End::Damaged; }
    std::shared_ptr<const RestartPoints> takeRestartPoints() override;

private:
    Result<std::size_t> unpack(std::span<char> into);
    void takeRestartPoint();
    void noteEnd();

    PackedBytes m_packed;
    GzipStream m_stream;
    std::shared_ptr<RestartPoints> m_restarts;
    std::uint64_t m_restartEvery, m_nextRestart;
    std::string m_head;                ///< unpacked, but not yet read
    std::size_t m_headGiven = 0;
};

/// Plain or gzip by content, unpacked by `engine`: what ByteSource::openFile() and openMemory() do, for tests of each engine.
Result<std::unique_ptr<ByteSource>> openPacked(PackedBytes packed, InflateEngine engine);

} // namespace opscope
