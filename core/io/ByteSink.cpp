#include "core/io/ByteSink.h"

#include "core/io/Deflate.h"
#include "core/io/NewFile.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

namespace opscope {

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::size_t kWaiting = 4; ///< buffers between the writer and the packer

/// Packs on its own thread what is given to it, in order, and hands the result to `drain`. Both sides block rather than pile up.
template <class Drain>
class Packer
{
public:
    explicit Packer(Drain& drain) : m_drain(drain), m_thread([this] { run(); }) {}
    Packer(const Packer&) = delete;
    Packer& operator=(const Packer&) = delete;
    ~Packer() { stop(Deflate::More::Follows); }

    /// Takes the buffer away and gives an empty one.
    void give(std::string& buffer)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_waiting.size() < kWaiting || m_gone; });
        if (m_gone) return buffer.clear(); // the drain says that it failed
        m_waiting.push_back(std::move(buffer));
        buffer.clear();
        if (!m_empty.empty()) {
            buffer.swap(m_empty.back());
            m_empty.pop_back();
        }
        m_changed.notify_all();
    }
    /// Everything given is packed and written, the end of the member as well.
    void finish() { stop(Deflate::More::No); }

private:
    void stop(Deflate::More how)
    {
        if (!m_thread.joinable()) return;
        {
            const std::lock_guard lock(m_mutex);
            m_end = how;
            if (how == Deflate::More::Follows) m_waiting.clear(); // nobody wants it any more
        }
        m_changed.notify_all();
        m_thread.join();
    }

    void run()
    {
        try {
            packAll();
        } catch (const std::bad_alloc&) {
            m_drain.fail();
        }
        const std::lock_guard lock(m_mutex);
        m_gone = true;
        m_changed.notify_all();
    }

    void packAll()
    {
        const auto deflate = makeDeflate();
        std::string out;
        for (;;) {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [this] { return !m_waiting.empty() || m_end; });
            if (m_waiting.empty() && *m_end == Deflate::More::Follows) return;
            const bool last = m_waiting.empty();
            std::string bytes;
            if (!last) {
                bytes = std::move(m_waiting.front());
                m_waiting.pop_front();
                m_changed.notify_all();
            }
            lock.unlock();
            out.clear();
            if (deflate->pack(bytes, last ? Deflate::More::No : Deflate::More::Follows, out)) m_drain.take(out);
            else m_drain.fail();
            if (last) return;
            bytes.clear();
            lock.lock();
            m_empty.push_back(std::move(bytes));
        }
    }

    Drain& m_drain;
    std::mutex m_mutex;                 // guards what follows
    std::condition_variable m_changed;
    std::deque<std::string> m_waiting, m_empty;
    std::optional<Deflate::More> m_end; // Follows: dropped before the end
    bool m_gone = false;                // the thread takes nothing more
    std::jthread m_thread;              // last: it uses all of the above
};

/// What all sinks share: a buffer in front, perhaps a packer, and a drain behind.
template <class Drain>
class BufferedSink final : public ByteSink
{
public:
    BufferedSink(Drain drain, Packing packing) : m_drain(std::move(drain))
    {
        if (packing == Packing::Gzip) m_packer.emplace(m_drain);
    }

    void write(std::string_view bytes) override
    {
        m_written += bytes.size();
        if (!m_packer && bytes.size() >= kBuffer) {
            flush();
            m_drain.take(bytes);
            return;
        }
        while (!bytes.empty()) {
            if (m_buffer.capacity() < kBuffer) m_buffer.reserve(kBuffer);
            const std::string_view part = bytes.substr(0, kBuffer - m_buffer.size());
            m_buffer += part;
            bytes.remove_prefix(part.size());
            if (m_buffer.size() == kBuffer) flush();
        }
    }
    bool good() const override { return m_drain.good(); }
    std::uint64_t written() const override { return m_written; }
    std::uint64_t packed() const override { return m_drain.size(); }

    Status finish() override
    {
        if (m_finished) return *m_finished;
        flush();
        if (m_packer) m_packer->finish();
        m_finished = m_drain.finish();
        return *m_finished;
    }
    Status close() override
    {
        if (Status finished = finish(); !finished) return finished;
        return m_drain.close();
    }

private:
    void flush()
    {
        if (m_buffer.empty()) return;
        if (m_packer) {
            m_packer->give(m_buffer);
        } else {
            m_drain.take(m_buffer);
            m_buffer.clear();
        }
    }

    Drain m_drain;
    std::optional<Packer<Drain>> m_packer; // behind the drain that it writes to
    std::string m_buffer;
    std::uint64_t m_written = 0;
    std::optional<Status> m_finished;
};

const Error kNotPacked{ErrorCode::CannotWrite, "the data cannot be packed", {}};

/// take() and fail() are called by one thread at a time: the packer's, or the writer's.
class FileDrain
{
public:
    explicit FileDrain(NewFile file) : m_file(std::move(file)) {}
    FileDrain(FileDrain&& other) noexcept : m_file(std::move(other.m_file)) {}
    void take(std::string_view bytes)
    {
        if (good() && m_file.append(bytes) != 0) m_good = false;
    }
    void fail()
    {
        m_unpackable = true;
        m_good = false;
    }
    bool good() const { return m_good; }
    std::uint64_t size() const { return m_file.size(); }
    Status finish()
    {
        if (m_unpackable) return kNotPacked;
        return m_file.sync();
    }
    Status close() { return m_file.takeName(); }

private:
    NewFile m_file;
    std::atomic<bool> m_good = true; // asked from the writer's thread
    bool m_unpackable = false;
};

class MemoryDrain
{
public:
    explicit MemoryDrain(std::string& into) : m_into(into) {}
    MemoryDrain(MemoryDrain&& other) noexcept : m_into(other.m_into) {}
    void take(std::string_view bytes)
    {
        m_into += bytes;
        m_size += bytes.size();
    }
    void fail() { m_good = false; }
    bool good() const { return m_good; }
    std::uint64_t size() const { return m_size; }
    Status finish()
    {
        if (!m_good) return kNotPacked;
        return Done{};
    }
    Status close() { return Done{}; }

private:
    std::string& m_into;
    std::uint64_t m_size = 0;
    std::atomic<bool> m_good = true;
};

} // namespace

Result<std::unique_ptr<ByteSink>> ByteSink::createFile(const std::string& path, Packing packing)
{
    auto file = NewFile::create(path);
    if (!file) return file.error();
    return std::unique_ptr<ByteSink>(std::make_unique<BufferedSink<FileDrain>>(FileDrain(std::move(*file)), packing));
}

std::unique_ptr<ByteSink> ByteSink::toMemory(std::string& into, Packing packing)
{
    return std::make_unique<BufferedSink<MemoryDrain>>(MemoryDrain(into), packing);
}

} // namespace opscope
