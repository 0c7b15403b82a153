#include "core/record/magictrace/Session.h"

#include "core/base/Time.h"
#include "core/io/FreeName.h"
#include "core/record/magictrace/Program.h"
#include "core/record/magictrace/Readiness.h"

#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QStorageInfo>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <unistd.h>

namespace opscope::magictrace {

namespace {

constexpr std::int64_t kRoom = 64 << 20;       // a snapshot and what is decoded from it
constexpr std::uint64_t kMostNotes = 50;       // of a program that warns of everything; the details have them all

QString toQ(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

std::string pathBytes(const QString& path)
{
    return QFile::encodeName(path).toStdString();
}

std::string linkTarget(const std::string& path)
{
    char buffer[4096];
    const ssize_t length = ::readlink(path.c_str(), buffer, sizeof buffer);
    return length > 0 ? std::string(buffer, static_cast<std::size_t>(length)) : "";
}

/// What programs can do, by path, time and size: asking takes two starts.
class KnownVersions
{
public:
    static std::string key(const QString& program)
    {
        const QFileInfo about(program);
        return pathBytes(program) + '\n' + std::to_string(about.lastModified().toMSecsSinceEpoch()) + '\n' + std::to_string(about.size());
    }
    std::optional<Version> find(const std::string& key)
    {
        const std::lock_guard guard(m_lock);
        const auto found = m_versions.find(key);
        return found == m_versions.end() ? std::nullopt : std::optional(found->second);
    }
    void add(const std::string& key, const Version& version)
    {
        const std::lock_guard guard(m_lock);
        m_versions[key] = version;
    }

private:
    std::mutex m_lock;
    std::map<std::string, Version> m_versions;
};

KnownVersions& knownVersions()
{
    static KnownVersions versions;
    return versions;
}

} // namespace

Session::Session(const RecordRequest& request, Machine machine, Patience patience)
    : m_request(request), m_machine(std::move(machine)), m_patience(patience)
{
    m_limit.setSingleShot(true);
    connect(&m_limit, &QTimer::timeout, this, &Session::patienceEnded);
}

Session::~Session()
{
    cancel();
}

bool Session::on(std::string_view switchId) const
{
    return optionValue(options(), m_request.options, switchId) == "on";
}

// ---- starting

void Session::start()
{
    m_phase = Phase::Probing;
    if (auto failure = prepare()) {
        // Not from within start(): the caller may not be listening yet.
        QMetaObject::invokeMethod(this, [this, failure = std::move(*failure)] { fail(failure); }, Qt::QueuedConnection);
        return;
    }
    const pid_t target = m_request.target.pid;
    m_executable = linkTarget("/proc/" + std::to_string(target) + "/exe");
    m_watch = std::make_unique<ProcessWatch>(target, m_request.target.startTicks);
    connect(m_watch.get(), &ProcessWatch::ended, this, &Session::targetEnded);
    if (const auto known = knownVersions().find(KnownVersions::key(m_program))) {
        m_version = *known;
        QMetaObject::invokeMethod(this, [this] { if (m_phase == Phase::Probing) attach(); }, Qt::QueuedConnection);
    } else {
        probe(QStringLiteral("-version"));
    }
}

std::optional<RecordFailure> Session::prepare()
{
    const Readiness ready = readiness(m_machine, m_request.target, m_request.options);
    if (ready.state != Readiness::State::Ready) return RecordFailure{.message = ready.advice};
    m_program = QFile::decodeName(QByteArray::fromStdString(findProgram(m_machine, m_request.options).path));
    const QString target = QFile::decodeName(QByteArray::fromStdString(m_request.path));
    m_folder = std::make_unique<QTemporaryDir>(target + QStringLiteral(".recording-XXXXXX"));
    const auto cannot = [&](const std::string& reason) {
        return RecordFailure{.message = "Nothing can be written to " + pathBytes(QFileInfo(target).absolutePath()) + ": " + reason + ".",
                             .advice = "Choose another folder."};
    };
    if (!m_folder->isValid()) return cannot(m_folder->errorString().toStdString());
    if (!QDir(m_folder->path()).mkdir(QStringLiteral("perf"))) return cannot(std::strerror(errno));
    m_fileName = target.endsWith(QStringLiteral(".gz")) ? QStringLiteral("trace.fxt.gz") : QStringLiteral("trace.fxt"); // the name picks the kind
    const std::int64_t free = QStorageInfo(m_folder->path()).bytesAvailable();
    const std::int64_t need = on("full-execution") ? std::max(kRoom, static_cast<std::int64_t>(std::min(m_request.maxBytes, std::uint64_t{1} << 40))) : kRoom;
    if (free >= 0 && free < need) return cannot("only " + formatBytes(free) + " are free, " + formatBytes(need) + " are needed");
    return {};
}

void Session::probe(const QString& argument)
{
    m_child = new Child(this);
    connect(m_child, &Child::notStarted, this, [this](const QString& reason) {
        fail({.message = pathBytes(m_program) + " cannot be started: " + reason.toStdString() + ".", .details = m_child->commandLine()});
    });
    connect(m_child, &Child::ended, this, [this, argument](bool signalled, int status) {
        if (m_phase != Phase::Probing) return;
        if (!signalled && status == 0) return probed(argument);
        failWithDetails({.message = pathBytes(m_program) + " does not answer like magic-trace.", .advice = "Choose its location."});
    });
    m_limit.start(m_patience.probe);
    QStringList arguments{argument};
    if (argument == QStringLiteral("-help")) arguments.prepend(QStringLiteral("attach"));
    m_child->start(m_program, arguments, m_folder->path());
}

void Session::probed(const QString& argument)
{
    m_limit.stop();
    const std::string output = m_child->output();
    dropChild();
    if (argument == QStringLiteral("-version")) {
        m_version.text = noteOf(std::string_view(output).substr(0, std::min(output.find('\n'), std::size_t{40})));
        return probe(QStringLiteral("-help"));
    }
    m_version.flags = flagsOfHelp(output);
    if (!m_version.knows("pid") || !(m_version.knows("o") || m_version.knows("output")))
        return fail({.message = pathBytes(m_program) + " does not answer like magic-trace.", .advice = "Choose its location.",
                     .details = cleanLines(output)});
    knownVersions().add(KnownVersions::key(m_program), m_version);
    attach();
}

void Session::attach()
{
    if (m_machine.processorTrace() == false && !m_version.knows("sampling"))
        return fail({.message = std::string(kNoProcessorTrace),
                     .advice = "Record with samples instead, or install magic-trace v1.2 or newer, which can sample."});
    const auto arguments = attachArguments(m_request.target.pid, pathBytes(made()), pathBytes(m_folder->filePath(QStringLiteral("perf"))),
                                           m_request.options, m_version);
    if (!arguments) return fail({.message = arguments.error().message, .advice = "Leave that option at its standard, or install another version."});
    QStringList list;
    for (const std::string& argument : arguments->list) list << QFile::decodeName(QByteArray::fromStdString(argument));
    m_phase = Phase::Attaching;
    m_child = new Child(this);
    connect(m_child, &Child::notStarted, this, [this](const QString& reason) {
        fail({.message = pathBytes(m_program) + " cannot be started: " + reason.toStdString() + ".", .details = m_child->commandLine()});
    });
    connect(m_child, &Child::line, this, &Session::take);
    connect(m_child, &Child::ended, this, &Session::childEnded);
    m_limit.start(m_patience.attach);
    m_child->start(m_program, list, m_folder->path());
    for (const std::string& text : arguments->notes) note(text);
}

// ---- what it prints

void Session::take(const QByteArray& bytes)
{
    const std::string_view line(bytes.constData(), static_cast<std::size_t>(bytes.size()));
    switch (meaningOf(line)) {
    case Line::Attached:
        if (m_phase != Phase::Attaching) return;
        m_limit.stop();
        m_phase = Phase::Recording;
        m_recorded.start();
        Q_EMIT recording();
        return;
    case Line::GotSignal: return enterStopping();
    case Line::SnapshotTaken: return snapshotTaken();
    case Line::Finished:
    case Line::Decoding:
        enterStopping();
        if (m_phase != Phase::Stopping) return;
        m_limit.stop(); // decoding takes as long as it takes
        m_phase = Phase::Decoding;
        m_decoding.start();
        return;
    case Line::DecodeError: ++m_badPlaces; return;
    case Line::SkippedOutput: ++m_skipped; return;
    case Line::Note: return note(noteOf(line));
    case Line::Silence:
    case Line::Other: return;
    }
}

void Session::snapshotTaken()
{
    ++m_snapshots;
    if (m_phase == Phase::Recording && !on("multi-snapshot")) { // the trigger was hit: it ends by itself
        note("The trigger was hit.");
        enterStopping();
    }
}

void Session::note(const std::string& text)
{
    if (++m_notes <= kMostNotes) Q_EMIT noted(toQ(text));
}

// ---- stopping

void Session::targetEnded()
{
    if (m_phase == Phase::Probing || m_phase == Phase::Attaching) // a signal would kill it before it can save anything
        return failWithDetails({.message = hasEnded(m_request.target.pid), .advice = "Choose another process."});
    if (m_phase == Phase::Recording) stopRecording(RecordEnd::TargetEnded); // magic-trace would wait for ever
}

void Session::stop()
{
    if (m_phase == Phase::Recording) stopRecording(RecordEnd::Stopped);
    else if (m_phase == Phase::Probing || m_phase == Phase::Attaching) cancel(); // there is nothing to save
}

/// The only SIGINT: a second one would kill it while it decodes.
void Session::stopRecording(RecordEnd end)
{
    m_end = end;
    m_child->interrupt();
    enterStopping();
}

void Session::enterStopping()
{
    if (m_phase != Phase::Recording) return;
    m_phase = Phase::Stopping;
    m_length = std::chrono::milliseconds(m_recorded.elapsed());
    m_limit.start(m_patience.offer);
    Q_EMIT collecting();
}

void Session::patienceEnded()
{
    const auto seconds = [](std::chrono::milliseconds time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
    };
    switch (m_phase) {
    case Phase::Probing:
        return failWithDetails({.message = pathBytes(m_program) + " does not answer like magic-trace.", .advice = "Choose its location."});
    case Phase::Attaching:
        return failWithDetails({.message = "magic-trace was not attached within " + seconds(m_patience.attach) + ".",
                                .advice = "Try again when the machine is less busy, or record with samples."});
    case Phase::Stopping:
        if (m_offered)
            return failWithDetails({.message = "magic-trace did not stop within " + seconds(m_patience.giveUp) + ", so it was ended.",
                                    .advice = "The recording is lost. Try again, or record with samples."});
        m_offered = true;
        m_limit.start(m_patience.giveUp - m_patience.offer);
        return note("magic-trace has not stopped for " + seconds(m_patience.offer) + ". Cancel ends it; the recording is lost then.");
    default: return;
    }
}

void Session::cancel()
{
    if (m_phase == Phase::Ended) return;
    finish();
}

/// Nothing more will be told. What still runs is killed, which may take a second, and the folder goes behind it: nobody waits for that.
void Session::finish()
{
    m_phase = Phase::Ended;
    m_limit.stop();
    m_watch.reset();
    m_look.reset();
    if (!m_child) return removeFolder(std::move(m_folder));
    m_child->disconnect(this);
    std::exchange(m_child, nullptr)->leave(std::move(m_folder));
}

void Session::dropChild()
{
    m_child->deleteLater(); // it may be the one that is telling us something
    m_child = nullptr;
}

// ---- the end

Stage Session::stage() const
{
    switch (m_phase) {
    case Phase::Recording: return Stage::Recording;
    case Phase::Stopping: return Stage::Stopping;
    case Phase::Decoding:
    case Phase::Looking: return Stage::Decoding;
    default: return Stage::Starting;
    }
}

void Session::childEnded(bool signalled, int status)
{
    if (m_phase == Phase::Ended) return;
    if (!signalled && status == 0 && m_phase != Phase::Attaching) return succeeded();
    if (m_phase == Phase::Attaching && !m_watch->alive()) return targetEnded(); // whatever it says of that
    const std::string output = m_child->output();
    RecordFailure failure = failureOf({.target = m_request.target.pid, .stage = stage(), .signalled = signalled, .status = status, .output = output});
    if (anotherVersionMayDecode(output)) {
        if (const std::string kept = keepRawData(); !kept.empty()) failure.advice += " The raw data is kept: " + kept;
    }
    failWithDetails(std::move(failure));
}

/// Raw data of perf gets a place beside the target. The command that decodes it, or nothing if there is none.
std::string Session::keepRawData()
{
    std::string folder = optionValue(options(), m_request.options, "working-directory");
    if (folder.empty()) {
        folder = m_request.path + ".perf";
        for (int number = 2; ::access(folder.c_str(), F_OK) == 0 && number < 100; ++number) folder = m_request.path + ".perf-" + std::to_string(number);
        if (!QDir(m_folder->filePath(QStringLiteral("perf"))).isEmpty()
            && std::rename(pathBytes(m_folder->filePath(QStringLiteral("perf"))).c_str(), folder.c_str()) != 0)
            return {};
        if (::access(folder.c_str(), F_OK) != 0) return {};
    }
    return "magic-trace decode -working-directory " + folder + " -executable " + m_executable + " -o " + m_request.path;
}

void Session::succeeded()
{
    enterStopping();
    if (m_phase == Phase::Ended) return;
    m_limit.stop();
    m_phase = Phase::Looking;
    auto look = FirstEvent::open(pathBytes(made()));
    if (!look)
        return failWithDetails({.message = QFileInfo::exists(made()) ? "magic-trace wrote an empty file." : "magic-trace wrote no file.",
                                .advice = "The details have what it printed."});
    m_look = std::move(*look);
    Session::look();
}

void Session::look()
{
    if (m_phase != Phase::Looking) return;
    switch (m_look->look()) {
    case FirstEvent::Answer::NotYet: QTimer::singleShot(0, this, &Session::look); return;
    case FirstEvent::Answer::Event: return deliver();
    case FirstEvent::Answer::NotATrace:
        return failWithDetails({.message = "What magic-trace wrote is not a Fuchsia trace.", .advice = "The details have what it printed."});
    case FirstEvent::Answer::NoEvent:
        return on("all-threads") ? failWithDetails({.message = "No thread of the process ran during the recording.", .advice = "Record for longer."})
                                 : failWithDetails({.message = "The traced thread did not run during the recording.",
                                                    .advice = "Switch on \"All threads\"."});
    }
}

void Session::deliver()
{
    m_look.reset();
    countNotes();
    if (m_phase == Phase::Ended) return; // who heard of them cancelled
    m_bytes = static_cast<std::uint64_t>(QFileInfo(made()).size());
    const auto named = name();
    if (!named) return failWithDetails({.message = named.error().text() + "."});
    if (*named != m_request.path) Q_EMIT noted(toQ(takenNote(m_request.path, *named)));
    if (m_phase == Phase::Ended) return; // who heard of that cancelled
    finish();
    Q_EMIT finished(QFile::decodeName(QByteArray::fromStdString(*named)), m_end);
}

Result<std::string> Session::name()
{
    const std::string from = pathBytes(made());
    if (!m_request.replace) return moveToFreeName(from, m_request.path);
    if (std::rename(from.c_str(), m_request.path.c_str()) == 0) return m_request.path;
    return Error{ErrorCode::CannotOpen, "the recording cannot get its name, " + m_request.path + ": " + std::strerror(errno), {}};
}

void Session::countNotes()
{
    const auto count = [](std::uint64_t number) { return formatCount(static_cast<std::int64_t>(number)); };
    if (on("multi-snapshot")) note(count(m_snapshots) + (m_snapshots == 1 ? " snapshot." : " snapshots."));
    if (m_badPlaces) note(count(m_badPlaces) + (m_badPlaces == 1 ? " place" : " places") + " of the recording could not be decoded.");
    if (m_skipped) note(count(m_skipped) + (m_skipped == 1 ? " line of perf's output was" : " lines of perf's output were") + " not understood by magic-trace.");
}

void Session::failWithDetails(RecordFailure failure)
{
    if (m_child) failure.details = cleanLines(m_child->commandLine() + "\n" + m_child->output());
    fail(std::move(failure));
}

void Session::fail(RecordFailure failure)
{
    if (m_phase == Phase::Ended) return;
    finish();
    Q_EMIT failed(failure, {});
}

RecordStatus Session::status() const
{
    RecordStatus status{.bytes = m_bytes, .targetCpu = -1};
    if (m_phase == Phase::Recording) status.elapsed = std::chrono::milliseconds(m_recorded.elapsed());
    else status.elapsed = m_length;
    if (m_folder) {
        QDirIterator files(m_folder->path(), QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            files.next();
            status.bytes += static_cast<std::uint64_t>(files.fileInfo().size());
        }
    }
    switch (m_phase) {
    case Phase::Probing: status.step = "Asking magic-trace for its version"; break;
    case Phase::Attaching: status.step = "Attaching"; break;
    case Phase::Stopping: status.step = m_offered ? "magic-trace does not stop" : "Stopping"; break;
    case Phase::Decoding: status.step = "Decoding for " + std::to_string(m_decoding.elapsed() / 1000) + " s"; break;
    case Phase::Looking: status.step = "Looking at the file"; break;
    default: break;
    }
    return status;
}

} // namespace opscope::magictrace
