#include "core/record/torch/ScriptSession.h"

#include "core/base/Time.h"
#include "core/record/Presentable.h"
#include "core/record/RecordChecks.h"
#include "core/record/torch/ScriptFailures.h"
#include "core/record/torch/ScriptTaking.h"
#include "core/record/torch/ScriptTarget.h"

#include <QElapsedTimer>
#include <QFile>
#include <QMetaMethod>
#include <QTimer>

#include <algorithm>
#include <chrono>

namespace opscope::torch {
namespace {

using namespace std::chrono_literals;
using Phase = ScriptStatus::Phase;

constexpr auto kLookEvery = 250ms;   // folders tell of changes by themselves; not all file systems do
constexpr auto kBeatEvery = 1000ms;
constexpr auto kTakingEvery = 20ms;
constexpr auto kTogether = 1000ms;   // several begin so long after they were asked, so that all have heard of it
constexpr auto kTogetherEach = 50ms;

QString toQ(const std::string& text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

std::int64_t unixNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string seconds(std::chrono::milliseconds time) { return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s"; }

} // namespace

struct ScriptSession::Private
{
    enum class State : std::uint8_t { Idle, Waiting, Recording, Collecting, Taking, Ended };

    Private(ScriptSession& session, const RecordRequest& asked, CourierOf courierOf, const ScriptPatience& waits)
        : q(session), request(asked), courier(courierOf), patience(waits), wish(wishOf(asked))
    {
    }

    bool launches() const { return !request.target.command.empty(); }
    bool ended() const { return state == State::Ended; }
    void begin();
    std::optional<RecordFailure> prepare();
    void addTarget(const RecordTarget& target);
    void look();
    void evaluate();
    void tellNotes();
    bool someRecords() const;
    bool allBegun() const;
    bool someEnds() const;
    bool allOver();
    bool commandOver();
    std::optional<RecordFailure> nothingComes();
    void watchDisk();
    void askToStop();
    void take();
    void watchTaking();
    void taken();
    void tellParts();
    RecordFailure firstFailure() const;
    void fail(const RecordFailure& failure, const std::string& kept = {});
    void catchUp();
    void leave(bool takeBack);
    std::string stepText() const;
    std::string waitingText(const ScriptTarget& target) const;
    std::chrono::milliseconds stepAtMost() const;
    void note(const std::string& text) { Q_EMIT q.noted(toQ(presentable(text))); }
    template <class Test> bool anyRecorder(Test test) const;

    ScriptSession& q;
    RecordRequest request;
    CourierOf courier;
    ScriptPatience patience;
    Wish wish;
    State state = State::Idle;
    RecordEnd end = RecordEnd::Stopped;
    bool stopping = false;               ///< we asked for the end
    std::vector<std::unique_ptr<ScriptTarget>> targets;
    std::unique_ptr<ScriptTaking> taking;
    std::set<std::string> told;          ///< notes of scripts: each once, whatever number of processes says it
    std::vector<std::string> lost;       ///< files that are said to be there and are not
    QTimer looks, soon, takes;
    QElapsedTimer sinceBeat, sinceBegun, sinceAsked, inStep, sinceDone;
    std::chrono::milliseconds length{0}; ///< once it is over
    std::uint64_t bytes = 0;
    std::size_t done = 0;                ///< recorders that are over
    std::string step;
};

template <class Test>
bool ScriptSession::Private::anyRecorder(Test test) const
{
    return std::ranges::any_of(targets, [&](const auto& target) {
        return std::ranges::any_of(target->recorders(), [&](const auto& each) { return test(each.second); });
    });
}

// ---- starting

void ScriptSession::Private::begin()
{
    if (ended()) return;
    if (const auto failure = prepare()) return fail(*failure);
    state = State::Waiting;
    sinceAsked.start();
    sinceBeat.start();
    looks.start(kLookEvery);
    for (const auto& target : targets) {
        target->deliver();
        if (ended()) return;
    }
    look();
}

std::optional<RecordFailure> ScriptSession::Private::prepare()
{
    if (const Status fine = checkWish(request.options); !fine) return RecordFailure{fine.error().message + "."};
    const auto from = request.options.find("from");
    const auto begin = parseBegin(from == request.options.end() ? (launches() ? "first-op" : "now") : from->second);
    if (!begin) return RecordFailure{begin.error().message + "."};
    ScriptRequest script{.id = newRequestId(), .folder = {}, .wish = wish, .begin = *begin};
    if (!request.others.empty()) script.startAtNs = unixNs() + std::chrono::nanoseconds(kTogether + kTogetherEach * static_cast<int>(request.others.size())).count();
    addTarget(request.target);
    for (const RecordTarget& other : request.others) addTarget(other);
    for (const auto& target : targets) {
        const Status prepared = target->prepare(script);
        if (prepared) continue;
        std::string sentence = prepared.error().message;
        sentence.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence.front())));
        return RecordFailure{presentable(sentence) + ".", "Recordings go through a private folder in /tmp, which has to have room."};
    }
    return std::nullopt;
}

void ScriptSession::Private::addTarget(const RecordTarget& target)
{
    RecordRequest one = request;
    one.target = target;
    one.others.clear();
    targets.push_back(std::make_unique<ScriptTarget>(target, courier(one), patience));
    ScriptTarget* made = targets.back().get();
    QObject::connect(made, &ScriptTarget::changed, &soon, [this] {
        if (!soon.isActive() && state != State::Taking && !ended()) soon.start(0); // several changes in one look
    });
    if (q.isSignalConnected(QMetaMethod::fromSignal(&RecordSession::printed))) made->showOutput(&q);
}

// ---- following

void ScriptSession::Private::look()
{
    if (state == State::Idle || state == State::Taking || ended()) return;
    if (sinceBeat.elapsed() >= kBeatEvery.count()) {
        sinceBeat.start();
        for (const auto& target : targets) target->beat();
        watchDisk();
        if (ended()) return;
    }
    bool news = false;
    bytes = 0;
    for (const auto& target : targets) {
        news |= target->look();
        bytes += target->productBytes();
    }
    std::size_t over = 0;
    for (const auto& target : targets) over += static_cast<std::size_t>(std::ranges::count_if(target->recorders(), [](const auto& each) { return each.second.over(); }));
    if (over != done) sinceDone.start();
    done = over;
    if (const std::string now = stepText(); now != step) {
        step = now;
        inStep.start();
    }
    if (news) tellNotes();
    if (!ended()) evaluate();
}

void ScriptSession::Private::tellNotes()
{
    const auto tell = [this](const std::string& text) {
        if (!ended() && told.size() < 100 && told.insert(text).second) note(text); // who heard of one may have cancelled
    };
    for (const auto& target : targets) {
        if (!target->complaint().empty()) tell(target->complaint());
        for (const auto& [file, recorder] : target->recorders())
            for (const std::string& text : recorder.status.notes) tell(text);
    }
}

void ScriptSession::Private::evaluate()
{
    if (state == State::Waiting && (launches() ? someRecords() : allBegun())) {
        state = State::Recording;
        sinceBegun.start();
        Q_EMIT q.recording();
    }
    if (state == State::Recording && someEnds()) {
        state = State::Collecting;
        length = std::chrono::milliseconds(sinceBegun.elapsed());
        Q_EMIT q.collecting();
    }
    if (ended() || state == State::Taking) return;
    if (allOver()) return take();
    if (state == State::Waiting)
        if (const auto failure = nothingComes()) fail(*failure);
}

bool ScriptSession::Private::someRecords() const
{
    return anyRecorder([](const ScriptRecorder& recorder) { return recorder.begun() && !recorder.failed(); });
}

/// Those from which nothing comes are not waited for.
bool ScriptSession::Private::allBegun() const
{
    return someRecords() && std::ranges::all_of(targets, [](const auto& target) {
        return target->failure() || std::ranges::any_of(target->recorders(), [](const auto& each) { return each.second.begun() || each.second.over(); });
    });
}

bool ScriptSession::Private::someEnds() const
{
    const bool some = anyRecorder([](const ScriptRecorder& recorder) { return recorder.begun() && (recorder.ending() || recorder.over()); });
    // Of a command that starts many, a short one must not take Stop away from those that record still.
    return some && (!launches() || !anyRecorder([](const ScriptRecorder& recorder) { return recorder.records(); }));
}

bool ScriptSession::Private::allOver()
{
    if (launches()) return commandOver();
    return std::ranges::all_of(targets, [](const auto& target) {
        return target->failure() || (!target->recorders().empty() && std::ranges::all_of(target->recorders(), [](const auto& each) { return each.second.over(); }));
    });
}

/// What waits for its first operator still is not waited for, once others are done or Stop was asked for: a launcher never has one. A command whose
/// Python says that it ends is, so that its exit status is known.
bool ScriptSession::Private::commandOver()
{
    const ScriptTarget& command = *targets.front();
    if (command.failure()) return true;
    const bool works = anyRecorder([](const ScriptRecorder& recorder) { return !recorder.over() && (recorder.begun() || recorder.status.phase == Phase::Warming); });
    if (works) return false;
    if (command.targetEnded() || stopping) return true;
    const bool some = anyRecorder([](const ScriptRecorder& recorder) { return recorder.over() && recorder.begun(); });
    const bool failed = anyRecorder([](const ScriptRecorder& recorder) { return recorder.failed() && recorder.status.errorCode != "ended"; });
    const bool waits = anyRecorder([](const ScriptRecorder& recorder) { return !recorder.over(); });
    const bool leaves = anyRecorder([](const ScriptRecorder& recorder) { return recorder.over() && recorder.status.errorCode == "ended"; });
    if (!some && !failed) return false;
    return (!waits && !leaves) || sinceDone.elapsed() > (leaves ? patience.leaving : patience.stragglers).count();
}

std::optional<RecordFailure> ScriptSession::Private::nothingComes()
{
    if (!launches() || !targets.front()->recorders().empty() || sinceAsked.elapsed() < patience.announce.count()) return std::nullopt;
    return RecordFailure{"No recorder announced itself within " + seconds(patience.announce) + ".",
                         "It comes with PYTHONPATH: python -I, -E or -S and programs that reset their environment do not take it. The command runs on, as process " +
                             std::to_string(targets.front()->pid()) + ": record that one."};
}

/// The disk of the exchange folders: Recorder watches the one where the recording will lie.
void ScriptSession::Private::watchDisk()
{
    if (state != State::Recording || stopping) return;
    for (const auto& target : targets) {
        const auto room = target->exchange() ? roomFor(target->exchange()->at("x")) : std::nullopt;
        if (!room || *room >= kRoomToGoOn) continue;
        end = RecordEnd::DiskFull;
        note("The disk of /tmp is nearly full: the recording ends here.");
        if (!ended()) askToStop();
        return;
    }
}

void ScriptSession::Private::askToStop()
{
    if (std::exchange(stopping, true)) return;
    for (const auto& target : targets) target->tell("stop"); // where even that finds no room the script misses "alive" soon
}

// ---- the end

void ScriptSession::Private::take()
{
    std::vector<ScriptTaking::Share> shares;
    bool some = false;
    tellParts();
    if (ended()) return;
    for (const auto& target : targets) {
        auto names = target->product(lost);
        some |= !names.empty();
        if (target->exchange()) shares.push_back({target->exchange(), std::move(names)});
    }
    if (!some) return fail(firstFailure());
    for (const std::string& name : lost) {
        note("The process says that it wrote " + name + ", which is not there.");
        if (ended()) return;
    }
    if (state == State::Waiting) { // all at once
        state = State::Recording;
        sinceBegun.start();
        Q_EMIT q.recording();
    }
    if (state == State::Recording) {
        state = State::Collecting;
        Q_EMIT q.collecting();
    }
    if (ended()) return;
    state = State::Taking;
    looks.stop();
    inStep.start();
    for (const auto& target : targets) {
        if (launches() && target->exchange()) target->tell("cancel"); // to those that wait still
        target->giveExchange();
    }
    taking = std::make_unique<ScriptTaking>(std::move(shares), request.path, request.replace);
    takes.start(kTakingEvery);
}

/// What came of the processes, where it is not what was asked for.
void ScriptSession::Private::tellParts()
{
    bool some = false;
    std::vector<std::string> lines;
    for (const auto& target : targets) {
        if (target->failure()) lines.push_back(target->name() + " was not recorded: " + target->failure()->message);
        for (const auto& [file, recorder] : target->recorders()) {
            // In a container it knows another number of itself than we do.
            const std::string who = target->launches() ? nameOf(recorder.status.pid, recorder.status.rank) : nameOf(target->pid(), recorder.status.rank);
            some |= recorder.begun() && !recorder.failed();
            if (recorder.gone && recorder.begun())
                lines.push_back(who + " ended without finishing its recording: what it had written until then is kept" + (wish.kineto() ? ", without a Kineto trace." : "."));
            else if (!recorder.status.errorCode.empty() && recorder.status.errorCode != "ended")
                lines.push_back(failureOf(recorder.status, target->launches() ? who : target->name()).message);
            else if (recorder.status.phase == Phase::Done && (recorder.status.nodes >= 0 ? recorder.status.nodes <= 1 : recorder.status.events == 0)) // one: the process
                lines.push_back("No operator ran on any recorded thread of " + who + " during the recording.");
        }
    }
    if (!some) return; // it is a failure, which tells
    for (const std::string& line : lines) {
        note(line);
        if (ended()) return;
    }
}

RecordFailure ScriptSession::Private::firstFailure() const
{
    for (const auto& target : targets) {
        if (target->failure()) return *target->failure();
        for (const auto& [file, recorder] : target->recorders())
            if (recorder.failed() && !(launches() && recorder.status.errorCode == "ended"))
                return failureOf(recorder.status, target->launches() ? nameOf(recorder.status.pid, recorder.status.rank) : target->name());
    }
    if (!lost.empty()) return {"The process says that it wrote " + lost.front() + ", which is not there.", "Record again."};
    if (!launches()) return {targets.front()->targetEnded() ? targets.front()->name() + " ended before anything was recorded." : "The process recorded nothing."};
    const bool announced = !targets.front()->recorders().empty();
    const std::string how = targets.front()->targetEnded() ? "The command ended" : "The recording was stopped";
    if (!announced) return {how + " before a Python program announced itself.", "Only Python programs with PyTorch are recorded so; python -I, -E and -S keep the recorder out."};
    const bool torch = anyRecorder([](const ScriptRecorder& recorder) { return !recorder.status.torch.empty(); });
    return torch ? RecordFailure{how + " before the recording began: no PyTorch operator ran, or the step or moment to begin at was not reached.", "Begin earlier."}
                 : RecordFailure{how + " without having imported PyTorch.", "Record it with samples."};
}

void ScriptSession::Private::watchTaking()
{
    if (ended() || !taking || !taking->over()) return;
    takes.stop();
    taken();
}

void ScriptSession::Private::taken()
{
    const auto& result = taking->result();
    if (!result) {
        const std::string kept = taking->kept();
        RecordFailure failure{presentable(result.error().message) + "."};
        if (!kept.empty()) failure.advice = "What was recorded is kept for a day, in " + presentable(kept) + ".";
        return fail(failure, kept);
    }
    for (const std::string& line : result->leftOut) {
        note(line);
        if (ended()) return;
    }
    if (result->path != request.path) note(takenNote(request.path, result->path));
    if (ended()) return;
    const bool gone = std::ranges::any_of(targets, [](const auto& target) { return target->targetEnded(); })
                      || anyRecorder([](const ScriptRecorder& recorder) { return recorder.gone || recorder.status.errorCode == "ended"; });
    if (end == RecordEnd::Stopped && !stopping) end = gone ? RecordEnd::TargetEnded : wish.duration && !wish.steps ? RecordEnd::TimeLimit : RecordEnd::Stopped;
    const QString path = QFile::decodeName(QByteArray::fromStdString(result->path));
    catchUp();
    if (ended()) return;
    leave(false);
    Q_EMIT q.finished(path, end);
}

void ScriptSession::Private::fail(const RecordFailure& failure, const std::string& kept)
{
    if (ended()) return;
    catchUp();
    if (ended()) return; // who heard of it cancelled
    leave(!launches()); // a command runs on: it is the person's, and nothing is wrong with it
    Q_EMIT q.failed(failure, QFile::decodeName(QByteArray::fromStdString(kept)));
}

/// What a command printed during the recording is told before its end.
void ScriptSession::Private::catchUp()
{
    for (const auto& target : targets) target->catchUp();
}

void ScriptSession::Private::leave(bool takeBack)
{
    state = State::Ended;
    for (QTimer* timer : {&looks, &soon, &takes}) timer->stop();
    for (const auto& target : targets) target->abandon(takeBack);
    taking.reset();
}

// ---- what it says

std::string ScriptSession::Private::waitingText(const ScriptTarget& target) const
{
    if (target.recorders().empty()) {
        if (launches()) return "Waiting for the program to start Python";
        if (!target.delivered()) return "Asking the process";
        return "Waiting for the process to reach Python code" + (target.waitingFor().empty() ? "" : " (" + target.waitingFor() + ")");
    }
    const auto from = parseBegin(request.options.contains("from") ? request.options.at("from") : launches() ? "first-op" : "now");
    const ScriptStatus& status = target.recorders().begin()->second.status;
    if (status.phase == Phase::Warming) return "Warming up";
    if (status.phase == Phase::Started) return "Starting the recorder";
    if (status.torch.empty()) return "Waiting for PyTorch to be imported";
    if (from && from->at == Begin::At::FirstOperator) return "Waiting for the first operator";
    if (from && from->at == Begin::At::Step) return "Waiting for step " + std::to_string(from->step);
    if (from && from->at == Begin::At::Time) return "Waiting until " + formatDuration(from->time.count() * 1'000'000) + " after the start";
    if (!request.others.empty()) return "Waiting for the common start";
    return wish.steps ? "Waiting for the first step" : "Waiting to begin";
}

std::string ScriptSession::Private::stepText() const
{
    if (state == State::Ended || state == State::Idle) return {};
    if (state == State::Taking) return "Copying the files";
    if (anyRecorder([](const ScriptRecorder& r) { return r.status.phase == Phase::Writing && !r.over(); })) return "Writing";
    if (anyRecorder([](const ScriptRecorder& r) { return r.ending(); }) || stopping) return "Stopping";
    if (state == State::Recording) return "Recording";
    if (state == State::Collecting) return launches() ? "Waiting for the command to end" : "Waiting for the other processes";
    for (const auto& target : targets)
        if (!target->failure() && std::ranges::none_of(target->recorders(), [](const auto& each) { return each.second.begun(); })) return waitingText(*target);
    return targets.empty() ? std::string() : waitingText(*targets.front());
}

std::chrono::milliseconds ScriptSession::Private::stepAtMost() const
{
    if (step == "Recording") return wish.duration && !wish.steps ? *wish.duration : 0ms;
    if (step == "Warming up") return wish.steps ? 0ms : std::chrono::milliseconds(std::chrono::seconds(wish.warmup));
    return step.starts_with("Waiting for the program") ? patience.announce : 0ms;
}

ScriptSession::ScriptSession(const RecordRequest& request, CourierOf courier, QObject* parent, const ScriptPatience& patience)
    : RecordSession(parent), m(std::make_unique<Private>(*this, request, courier, patience))
{
    m->soon.setSingleShot(true);
    connect(&m->looks, &QTimer::timeout, this, [this] { m->look(); });
    connect(&m->soon, &QTimer::timeout, this, [this] { m->look(); });
    connect(&m->takes, &QTimer::timeout, this, [this] { m->watchTaking(); });
}

ScriptSession::~ScriptSession() { cancel(); }

void ScriptSession::start()
{
    // Not from within start(): who starts it may want to hear of it first.
    QMetaObject::invokeMethod(this, [this] { if (m->state == Private::State::Idle) m->begin(); }, Qt::QueuedConnection);
}

void ScriptSession::stop()
{
    if (m->state == Private::State::Recording) m->askToStop();
}

void ScriptSession::cancel()
{
    if (!m->ended()) m->leave(true);
}

RecordStatus ScriptSession::status() const
{
    RecordStatus status{.bytes = m->bytes};
    status.elapsed = m->state == Private::State::Recording && m->sinceBegun.isValid() ? std::chrono::milliseconds(m->sinceBegun.elapsed()) : m->length;
    for (const auto& target : m->targets) {
        for (const auto& [file, recorder] : target->recorders())
            status.samples += static_cast<std::uint64_t>(std::max<std::int64_t>(recorder.status.events, 0) + std::max<std::int64_t>(recorder.status.nodes, 0));
        if (!target->launches()) continue;
        status.pid = target->pid();
        status.exitStatus = target->exitStatus();
    }
    status.step = m->stepText();
    if (m->taking && m->taking->of() > 0) status.step += " (" + std::to_string(m->taking->done() * 100 / m->taking->of()) + " %)";
    if (m->inStep.isValid()) status.stepElapsed = std::chrono::milliseconds(m->inStep.elapsed());
    status.stepAtMost = m->stepAtMost();
    return status;
}

} // namespace opscope::torch
