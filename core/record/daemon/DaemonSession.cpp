#include "core/record/daemon/DaemonSession.h"

#include "core/record/Leftovers.h"
#include "core/record/daemon/CancelledTrace.h"

#include <QPointer>

#include <algorithm>
#include <atomic>
#include <random>
#include <utility>

namespace opscope::daemon {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto kTick = 50ms;
constexpr milliseconds kMargin = 1'500ms;  // between the last process that is told and the common start
constexpr std::uint32_t kGpuWarmup = 5;    // seconds: the first start of CUPTI is slow

std::string newTraceId()
{
    std::random_device random;
    std::string id;
    for (int i = 0; i < 16; ++i) id += "0123456789abcdef"[random() % 16];
    return id;
}

std::string upperFirst(std::string text)
{
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text;
}

} // namespace

/// The files on their way into their folder, on a thread of their own.
struct DaemonSession::Taking
{
    std::vector<std::shared_ptr<torch::Exchange>> exchanges;
    std::vector<std::string> names;
    std::string into;
    bool replace = false;
    std::atomic<bool> cancelled{false}, over{false};
    std::optional<Result<torch::Exchange::Taken>> outcome; ///< good when it is over
    std::string keptAt;                                    ///< where the files stay when they cannot be moved

    void run()
    {
        std::vector<torch::Exchange::Part> parts;
        for (std::size_t i = 0; i < exchanges.size(); ++i) parts.push_back({exchanges[i].get(), {names[i]}});
        outcome = torch::Exchange::takeAll(parts, into, replace, [this](std::uint64_t, std::uint64_t) { return !cancelled; });
        if (!*outcome && !cancelled) {
            for (const auto& exchange : exchanges) exchange->keep();
            keptAt = exchanges.front()->folder();
        }
        over = true;
    }
};

DaemonSession::DaemonSession(const RecordRequest& request, std::vector<DaemonTarget> targets, DaemonPatience patience)
    : m_request(request), m_wish(torch::wishOf(request)), m_targets(std::move(targets)), m_patience(patience), m_traceId(newTraceId())
{
    m_untilStopped = !m_request.duration && !m_request.steps;
    m_tick.setInterval(kTick);
    connect(&m_tick, &QTimer::timeout, this, &DaemonSession::look);
    connect(&m_folders, &QFileSystemWatcher::directoryChanged, this, &DaemonSession::look);
}

DaemonSession::~DaemonSession() { leave(); }

void DaemonSession::start()
{
    // Not from within start(): the caller may not be listening yet.
    if (auto refused = ask()) {
        QMetaObject::invokeMethod(this, [this, refused = std::move(*refused)] { fail(refused); }, Qt::QueuedConnection);
        return;
    }
    watch();
    m_tick.start();
    if (m_untilStopped)
        QMetaObject::invokeMethod(this, [this] { tell("Kineto's daemon protocol has no word for stopping, so " + std::to_string(kStandardDuration.count() / 1000) + " s are recorded."); },
                                  Qt::QueuedConnection);
}

Configuration DaemonSession::configuration(const DaemonTarget& target) const
{
    Configuration wanted{.traceId = m_traceId, .wish = m_wish, .duration = m_request.duration.value_or(kStandardDuration), .steps = m_request.steps, .warmup = m_wish.warmup};
    if (m_request.steps) wanted.duration = kStandardDuration;
    else if (target.gpu && wanted.warmup == 0) wanted.warmup = kGpuWarmup;
    return wanted;
}

std::optional<RecordFailure> DaemonSession::ask()
{
    std::vector<std::shared_ptr<KinetoDaemon>> daemons;
    for (const DaemonTarget& target : m_targets) {
        auto daemon = KinetoDaemon::hold(target.socketFolder);
        if (!daemon) return RecordFailure{daemon.error().message + ".", "Stop it, or request the trace through it."};
        daemons.push_back(std::move(*daemon));
    }
    const auto start = commonStart(daemons);
    for (std::size_t i = 0; i < m_targets.size(); ++i) {
        auto output = TraceOutput::make(m_targets[i].target, m_traceId);
        if (!output) return RecordFailure{upperFirst(output.error().message) + "."};
        m_ranks.emplace_back(m_targets[i], configuration(m_targets[i]), std::move(*output), m_patience);
        if (const Status asked = m_ranks.back().ask(daemons[i], start); !asked) return RecordFailure{asked.error().message + "."};
    }
    return std::nullopt;
}

/// Far enough ahead that every process will have asked by then, and warmed up.
std::optional<DaemonRank::Start> DaemonSession::commonStart(const std::vector<std::shared_ptr<KinetoDaemon>>& daemons) const
{
    if (m_targets.size() < 2 || m_request.steps) return std::nullopt;
    const Time now = std::chrono::steady_clock::now();
    milliseconds ahead{0};
    for (std::size_t i = 0; i < m_targets.size(); ++i)
        ahead = std::max(ahead, DaemonRank::waitFor(daemons[i]->client(m_targets[i].target.pid), now) + std::chrono::seconds(configuration(m_targets[i]).warmup));
    ahead += kLead + kMargin;
    const auto unix = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    return DaemonRank::Start{now + ahead, (unix + ahead).count()};
}

void DaemonSession::watch()
{
    for (DaemonRank& rank : m_ranks) {
        const QString folder = QString::fromStdString(rank.output().folder());
        m_folders.addPath(folder);
        m_folders.addPath(QString::fromStdString(rank.output().prefix() + "/tmp")); // libkineto's own name lies there
        const std::size_t index = m_watches.size();
        const auto target = std::find_if(m_targets.begin(), m_targets.end(), [&](const DaemonTarget& one) { return one.target.pid == rank.pid(); });
        m_watches.push_back(std::make_unique<ProcessWatch>(rank.pid(), target->target.startTicks));
        connect(m_watches.back().get(), &ProcessWatch::ended, this, [this, index] {
            if (index >= m_ranks.size()) return;
            m_ranks[index].targetEnded();
            look();
        });
    }
}

void DaemonSession::tell(const std::string& text)
{
    if (live()) Q_EMIT noted(QString::fromStdString(text));
}

void DaemonSession::look()
{
    if (!live()) return;
    if (m_taking) {
        if (m_taking->over) taken();
        return;
    }
    const Time now = std::chrono::steady_clock::now();
    for (DaemonRank& rank : m_ranks) rank.advance(now);
    const QPointer<DaemonSession> self(this);
    tellPhases();
    if (!self || !live()) return;
    if (std::all_of(m_ranks.begin(), m_ranks.end(), [](const DaemonRank& rank) { return rank.over(); })) take();
}

/// Signals last: whoever hears them may cancel, or delete us.
void DaemonSession::tellPhases()
{
    const QPointer<DaemonSession> self(this);
    using Phase = DaemonRank::Phase;
    const auto begun = [](const DaemonRank& rank) { return rank.phase() == Phase::Recording || rank.phase() == Phase::Writing || rank.phase() == Phase::Done; };
    const auto notYetWriting = [](const DaemonRank& rank) { return !rank.over() && rank.phase() != Phase::Writing; };
    tellLate();
    if (!self || !live()) return;
    if (!m_recording && std::any_of(m_ranks.begin(), m_ranks.end(), begun)) {
        m_recording = true;
        Q_EMIT recording();
    }
    if (!self || !live() || !m_recording || m_collecting) return;
    if (std::none_of(m_ranks.begin(), m_ranks.end(), notYetWriting)) {
        m_collecting = true;
        Q_EMIT collecting();
    }
}

void DaemonSession::tellLate()
{
    const QPointer<DaemonSession> self(this);
    for (std::size_t i = 0; self && live() && i < m_ranks.size(); ++i) {
        const std::string process = "Process " + std::to_string(m_ranks[i].pid());
        if (m_ranks[i].askedAgain() && m_againTold.insert(i).second) tell(process + " was too busy to begin in time and dropped the request, so it was asked once more.");
        if (!self || !live() || !m_ranks[i].late() || !m_lateTold.insert(i).second) continue;
        tell(process + " asked too late to begin together with the others, so its recording began later.");
    }
}

void DaemonSession::take()
{
    auto taking = std::make_shared<Taking>();
    const DaemonRank* failed = nullptr;
    std::vector<std::string> notes;
    for (const DaemonRank& rank : m_ranks) {
        const std::string process = "Process " + std::to_string(rank.pid());
        if (rank.phase() == DaemonRank::Phase::Failed) {
            failed = &rank;
            notes.push_back("Not recorded: " + process + ". " + rank.failure().message);
            continue;
        }
        taking->exchanges.push_back(rank.output().exchange());
        taking->names.push_back(rank.output().name());
        if (rank.cutOff()) notes.push_back(process + " ended while it was writing: its trace is cut off.");
        if (rank.output().wasRefused()) notes.push_back(process + " does not write where it was told to (KINETO_ONDEMAND_TRACE_DIR); its trace was taken from /tmp.");
    }
    if (taking->exchanges.empty()) return fail(failed->failure());
    taking->into = m_request.path;
    taking->replace = m_request.replace;
    m_taking = taking;
    endInBackground([taking] { taking->run(); });
    const QPointer<DaemonSession> self(this);
    for (const std::string& note : notes)
        if (self) tell(note);
}

void DaemonSession::taken()
{
    const std::shared_ptr<Taking> done = m_taking;
    const QPointer<DaemonSession> self(this);
    if (!*done->outcome)
        return fail({.message = upperFirst(done->outcome->error().message) + ".", .advice = "The recording is kept in " + done->keptAt + "."}, done->keptAt);
    const torch::Exchange::Taken& product = **done->outcome;
    for (const std::string& leftOut : product.leftOut)
        if (self) tell(leftOut);
    if (self && product.path != m_request.path) tell(takenNote(m_request.path, product.path));
    if (!self || !live()) return;
    const bool cut = std::any_of(m_ranks.begin(), m_ranks.end(), [](const DaemonRank& rank) { return rank.cutOff(); });
    leave();
    Q_EMIT finished(QString::fromStdString(product.path), cut ? RecordEnd::TargetEnded : RecordEnd::TimeLimit);
}

void DaemonSession::fail(RecordFailure failure, const std::string& kept)
{
    if (!live()) return;
    leave();
    Q_EMIT failed(failure, QString::fromStdString(kept));
}

void DaemonSession::stop()
{
    if (!live() || std::exchange(m_stopped, true)) return;
    const Time now = std::chrono::steady_clock::now();
    Time end = now;
    bool runs = false;
    for (const DaemonRank& rank : m_ranks) {
        if (rank.over() || rank.phase() == DaemonRank::Phase::Writing) continue;
        runs = true;
        end = std::max(end, rank.end());
    }
    for (const auto& process : m_watches) runs &= process->alive();
    if (!runs) return;
    const auto left = std::chrono::duration_cast<milliseconds>(end - now).count();
    tell(m_request.steps ? "Kineto cannot be stopped from outside: the recording ends after its steps."
                         : "Kineto cannot be stopped from outside: the recording ends by itself in " + std::to_string((left + 999) / 1000) + " s.");
}

void DaemonSession::cancel()
{
    if (!live()) return;
    for (const DaemonRank& rank : m_ranks)
        if (rank.handed() && !rank.over()) CancelledTrace::removeWhenItComes(rank, m_traceId);
    leave();
}

/// Nothing of it is heard any more. The folders go on a thread of their own.
void DaemonSession::leave()
{
    if (m_ended) return;
    m_last = status();
    m_ended = true;
    m_tick.stop();
    if (m_taking) m_taking->cancelled = true;
    std::vector<std::shared_ptr<torch::Exchange>> exchanges;
    for (const DaemonRank& rank : m_ranks) exchanges.push_back(rank.output().exchange());
    if (!m_folders.directories().isEmpty()) m_folders.removePaths(m_folders.directories());
    endInBackground([exchanges = std::make_shared<decltype(exchanges)>(std::move(exchanges))] { exchanges->clear(); });
    m_taking.reset();
    for (auto& process : m_watches) process.release()->deleteLater(); // perhaps it is what calls us
    m_watches.clear();
    m_ranks.clear();
}

RecordStatus DaemonSession::status() const
{
    if (m_ended || m_ranks.empty()) return m_last;
    RecordStatus status;
    const Time now = std::chrono::steady_clock::now();
    const DaemonRank* behind = &m_ranks.front(); // what all wait for
    for (const DaemonRank& rank : m_ranks) {
        status.bytes += rank.bytes();
        if (rank.phase() < behind->phase()) behind = &rank;
    }
    if (m_recording) {
        const Time until = m_request.steps ? now : std::min(now, m_ranks.front().end());
        status.elapsed = std::max(std::chrono::duration_cast<milliseconds>(until - m_ranks.front().start()), 0ms);
    }
    const DaemonRank::Progress progress = behind->progress(now);
    status.step = m_taking ? "Moving the files" : progress.step;
    status.stepElapsed = m_taking ? 0ms : progress.elapsed;
    status.stepAtMost = m_taking ? 0ms : progress.atMost;
    return status;
}

} // namespace opscope::daemon
