#include "core/format/kineto/WindowPlan.h"

#include "core/format/kineto/EventLook.h"

#include <algorithm>
#include <thread>

namespace opscope::kineto {
namespace {

bool commaBefore(std::string_view text)
{
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    return last != text.npos && text[last] == ',';
}

} // namespace

WindowPlan::WindowPlan(Feed& feed, const ImportOptions& options, const JobControl& job,
                       std::vector<std::unique_ptr<Worker>>& workers, std::vector<StagedPart>& parts)
    : m_feed(feed), m_job(job), m_workers(workers), m_parts(parts),
      m_windowBytes(std::max<std::size_t>(options.windowBytes, 64)), m_mostWindows(2 * workers.size() + 2)
{
}

Result<WindowPlan::Outcome> WindowPlan::run(bool lines)
{
    m_lines = lines;
    std::vector<std::jthread> helpers;
    for (unsigned i = 1; i < m_workers.size(); ++i)
        helpers.emplace_back([this, i] { work(i); });
    work(0);
    for (std::jthread& helper : helpers)
        helper.join();
    if (m_job.cancelled())
        return Error{ErrorCode::Cancelled, "cancelled", {}};
    if (m_error)
        return *m_error;
    giveBackRest();
    return m_outcome;
}

void WindowPlan::work(unsigned worker)
{
    std::unique_lock lock(m_mutex);
    while (!m_done) {
        if (m_job.cancelled()) {
            m_done = true;
        } else if (mayFill()) {
            WindowPtr window = takeFree();
            m_filling = true;
            lock.unlock();
            Status filled = fill(*window);
            lock.lock();
            m_filling = false;
            if (!filled) {
                m_error = filled.error();
                m_done = true;
            }
            m_sourceEnded |= window->last;
            m_order.push_back(std::move(window));
            advance(worker);
        } else if (Window* window = nextToScan()) {
            window->state = Window::State::Scanning;
            lock.unlock();
            scan(*window, worker);
            lock.lock();
            window->state = Window::State::Scanned;
            advance(worker);
        } else {
            m_changed.wait(lock);
            continue;
        }
        m_changed.notify_all();
    }
    m_changed.notify_all();
}

// ---------------------------------------------------------------- filling

WindowPlan::WindowPtr WindowPlan::takeFree()
{
    if (m_free.empty()) {
        ++m_windows;
        return std::make_unique<Window>();
    }
    WindowPtr window = std::move(m_free.back());
    m_free.pop_back();
    return window;
}

Status WindowPlan::fill(Window& window)
{
    window.buffer.resize(m_windowBytes + kPadding);
    window.state = Window::State::Filled;
    window.offset = m_feed.position() - m_tail.size();
    window.guessed = m_tailGuessed;
    window.afterComma = m_tailAfterComma;
    std::copy(m_tail.begin(), m_tail.end(), window.buffer.begin());
    const std::size_t kept = m_tail.size();
    m_tail.clear();
    const Result<std::size_t> got = m_feed.read(std::span(window.buffer).subspan(kept, m_windowBytes - kept));
    if (!got)
        return got.error();
    window.size = kept + *got;
    window.last = window.size < m_windowBytes;
    if (!window.last)
        cut(window);
    std::fill_n(window.buffer.begin() + static_cast<std::ptrdiff_t>(window.size), kPadding, '\0');
    if (m_job.progress)
        m_job.progress->done = m_feed.packedPosition();
    return Done{};
}

void WindowPlan::cut(Window& window)
{
    const std::size_t at = lastEventStart(window.bytes());
    m_tailGuessed = at != std::string_view::npos;
    if (!m_tailGuessed)
        return;
    m_tail = window.bytes().substr(at);
    window.size = at;
    m_tailAfterComma = commaBefore(window.bytes());
}

// ---------------------------------------------------------------- scanning

WindowPlan::Window* WindowPlan::nextToScan() const
{
    for (const WindowPtr& window : m_order)
        if (window->state == Window::State::Filled && window->guessed)
            return window.get();
    return nullptr;
}

void WindowPlan::scan(Window& window, unsigned worker) const
{
    window.worker = worker;
    window.part = StagedPart();
    window.part.worker = worker;
    window.counts = WindowCounts();
    const ScanText text{window.bytes(), window.offset, window.last, m_lines, window.afterComma};
    window.result = m_workers[worker]->scanner.scan(text, window.part, window.counts);
}

// ---------------------------------------------------------------- proving, in the order of the file

void WindowPlan::advance(unsigned worker)
{
    while (!m_order.empty() && !m_done) {
        Window& front = *m_order.front();
        if (front.state == Window::State::Scanning)
            return;
        if (!m_carry.empty()) {
            join(worker);
        } else if (front.state == Window::State::Scanned) {
            accept(std::move(front.part), front.counts, front.worker);
            settle(front.result, front.bytes(), front.offset, front.last);
            recycleFront();
        } else {
            if (!front.guessed) { // no guess was possible, but here we are
                front.guessed = true;
                front.afterComma = m_afterComma;
            }
            return;
        }
    }
}

void WindowPlan::recycleFront()
{
    m_free.push_back(std::move(m_order.front()));
    m_order.pop_front();
}

// Takes the front window's bytes behind the carried ones. What was found in it, if anything, is dropped.
void WindowPlan::join(unsigned worker)
{
    const Window& front = *m_order.front();
    m_carry.insert(m_carry.end(), front.buffer.begin(), front.buffer.begin() + static_cast<std::ptrdiff_t>(front.size));
    const bool last = front.last;
    recycleFront();
    if (m_carry.size() >= m_carryWanted || last)
        scanCarry(worker, last);
}

void WindowPlan::scanCarry(unsigned worker, bool last)
{
    std::vector<char> text;
    text.swap(m_carry);
    const std::size_t size = text.size();
    text.resize(size + kPadding, '\0');
    StagedPart part;
    part.worker = worker;
    WindowCounts counts;
    const std::string_view bytes(text.data(), size);
    const std::uint64_t offset = m_carryOffset;
    const ScanResult result = m_workers[worker]->scanner.scan({bytes, offset, last, m_lines, m_afterComma}, part, counts);
    accept(std::move(part), counts, worker);
    settle(result, bytes, offset, last);
    if (m_carry.size() > kLongestEvent)
        dropTooLong(worker);
}

void WindowPlan::accept(StagedPart&& part, const WindowCounts& counts, unsigned worker)
{
    m_workers[worker]->counts.add(counts);
    if (m_job.progress)
        m_job.progress->events += counts.elements;
    m_parts.push_back(std::move(part));
}

void WindowPlan::settle(const ScanResult& result, std::string_view bytes, std::uint64_t offset, bool last)
{
    m_afterComma = result.afterComma;
    m_outcome = {result.end, offset + result.at};
    switch (result.end) {
    case ScanResult::End::Arrived:
        m_done = last;
        break;
    case ScanResult::End::CutOff:
        m_done = true;
        break;
    case ScanResult::End::ArrayEnd:
        m_done = true;
        m_rest = bytes.substr(result.at);
        break;
    case ScanResult::End::Unfinished:
        m_carry.assign(bytes.begin() + static_cast<std::ptrdiff_t>(result.at), bytes.end());
        m_carryOffset = offset + result.at;
        // Twice as much each time, or a long element would be scanned once for every window of it.
        m_carryWanted = result.at == 0 ? 2 * m_carry.size() : m_carry.size() + 1;
        break;
    }
}

void WindowPlan::dropTooLong(unsigned worker)
{
    StagedPart part;
    part.worker = worker;
    WindowCounts counts;
    m_workers[worker]->scanner.lost(m_carryOffset, "longer than 256 MiB", part, counts);
    accept(std::move(part), counts, worker);
    const std::string_view text(m_carry.data(), m_carry.size());
    const std::size_t next = std::min(nextSureEventStart(text, 1), text.size() - kSureWithin);
    m_carry.erase(m_carry.begin(), m_carry.begin() + static_cast<std::ptrdiff_t>(next));
    m_carryOffset += next;
    m_carryWanted = 0;
}

// Windows were read ahead; what lies behind the closing bracket belongs to whoever reads the rest of the file.
void WindowPlan::giveBackRest()
{
    if (m_outcome.end != ScanResult::End::ArrayEnd)
        return;
    std::string rest = std::move(m_rest);
    for (const WindowPtr& window : m_order)
        rest += window->bytes();
    rest += m_tail;
    m_feed.putBack(std::move(rest));
}

} // namespace opscope::kineto
