#include "core/record/magictrace/Child.h"

#include "core/record/Leftovers.h"

#include <QProcessEnvironment>

#include <chrono>
#include <csignal>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace opscope::magictrace {

namespace {

constexpr int kDeathMs = 1000;            // a killed program gives back its memory first
constexpr int kLookEveryMs = 40;
constexpr qint64 kPiece = 256 << 10;      // of the log at a time: a moment

/// In the child, before the program is executed: only calls that are safe there.
void becomeGroup()
{
    ::setpgid(0, 0);                       // Ctrl+C in our terminal is ours; and one signal reaches all of it
    ::prctl(PR_SET_PDEATHSIG, SIGINT);
    ::signal(SIGINT, SIG_DFL);             // whatever we ignore or block ourselves, it must be able to hear this one
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::string quoted(const QString& word)
{
    static const QByteArray kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
    const QByteArray bytes = word.toUtf8();
    const bool plain = !bytes.isEmpty() && std::all_of(bytes.begin(), bytes.end(), [](char c) { return kPlain.contains(c); });
    return (plain ? bytes : "'" + QByteArray(bytes).replace("'", "'\\''") + "'").toStdString();
}

} // namespace

Child::Child(QObject* parent) : QObject(parent)
{
    m_process.setStandardInputFile(QProcess::nullDevice());
    m_process.setChildProcessModifier(becomeGroup);
    m_looks.setInterval(kLookEveryMs);
    connect(&m_looks, &QTimer::timeout, this, &Child::follow);
    connect(&m_process, &QProcess::finished, this, [this](int status, QProcess::ExitStatus how) {
        m_looks.stop();
        while (!m_log.atEnd() && !m_dropped) follow();
        if (!m_rest.isEmpty()) tell(std::exchange(m_rest, {}));
        if (m_dropped) return; // who heard the last lines has had enough
        Q_EMIT ended(how == QProcess::CrashExit, status);
    });
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart) Q_EMIT notStarted(m_process.errorString());
    });
}

void removeFolder(std::unique_ptr<QTemporaryDir> folder)
{
    if (!folder) return;
    endInBackground([folder = std::shared_ptr<QTemporaryDir>(std::move(folder))] {
        // perf dies a moment after magic-trace, and may be making a file just now.
        for (int tries = 0; !folder->remove() && tries < 50; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    });
}

Child::~Child()
{
    if (kill()) m_process.waitForFinished(kDeathMs);
    removeFolder(std::move(m_folder));
}

void Child::start(const QString& program, const QStringList& arguments, const QString& folder)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C")); // its texts are compared
    environment.insert(QStringLiteral("PAGER"), QStringLiteral("cat"));
    environment.insert(QStringLiteral("TMPDIR"), folder);
    m_process.setProcessEnvironment(environment);
    m_log.setFileName(folder + QStringLiteral("/log"));
    m_log.remove(); // of the program before
    m_process.setStandardOutputFile(m_log.fileName(), QIODevice::Append);
    m_process.setStandardErrorFile(m_log.fileName(), QIODevice::Append);
    m_process.start(program, arguments);
    if (m_log.open(QIODevice::ReadOnly)) m_looks.start();
}

void Child::interrupt()
{
    if (const qint64 pid = m_process.processId(); running() && pid > 0) ::kill(static_cast<pid_t>(pid), SIGINT); // not reaped yet, so still its pid
}

void Child::leave(std::unique_ptr<QTemporaryDir> folder)
{
    m_folder = std::move(folder);
    setParent(nullptr);
    if (kill()) connect(&m_process, &QProcess::finished, this, &QObject::deleteLater);
    else deleteLater(); // it may be the one that is telling us something
    deleteAtTheLatest(this);
}

bool Child::kill()
{
    m_dropped = true; // what it still prints is of no interest
    m_looks.stop();
    m_process.disconnect(this);
    const qint64 pid = m_process.processId();
    if (!running() || pid <= 0) return false;
    ::kill(static_cast<pid_t>(-pid), SIGKILL);
    m_process.kill(); // it may not have come to setpgid() yet
    return true;
}

void Child::follow()
{
    take(m_log.read(kPiece));
}

void Child::take(const QByteArray& bytes)
{
    m_rest += bytes;
    qsizetype at = 0;
    for (qsizetype end = m_rest.indexOf('\n'); end >= 0 && !m_dropped; end = m_rest.indexOf('\n', at)) {
        tell(m_rest.sliced(at, end - at));
        at = end + 1;
    }
    m_rest.remove(0, at);
    if (m_rest.size() > kLine) tell(std::exchange(m_rest, {}));
}

void Child::tell(const QByteArray& whole)
{
    QByteArray text = whole.left(kLine);
    if (text.endsWith('\r')) text.chop(1);
    std::string& into = static_cast<qsizetype>(m_head.size()) < kKept ? m_head : m_tail;
    into.append(text.constData(), static_cast<std::size_t>(text.size())).push_back('\n');
    if (static_cast<qsizetype>(m_tail.size()) > 2 * kKept) { // now and then, not for each line
        m_tail.erase(0, m_tail.size() - static_cast<std::size_t>(kKept));
        m_leftOut = true;
    }
    Q_EMIT line(text);
}

std::string Child::output() const
{
    return m_leftOut ? m_head + "[...]\n" + m_tail : m_head + m_tail;
}

std::string Child::commandLine() const
{
    std::string text = quoted(m_process.program());
    for (const QString& argument : m_process.arguments()) text += ' ' + quoted(argument);
    return text;
}

} // namespace opscope::magictrace
