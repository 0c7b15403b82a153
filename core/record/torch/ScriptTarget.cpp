#include "core/record/torch/ScriptTarget.h"

#include "core/record/Leftovers.h"
#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/torch/RecorderScript.h"
#include "core/record/torch/ScriptFailures.h"

#include <algorithm>
#include <thread>

namespace opscope::torch {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostRecorders = 1024;  // of one command: more are not looked at
constexpr auto kLetGo = 3s;                   // a script looks for "cancel" twenty times a second

bool isStatus(std::string_view name) { return name.starts_with("status-") && name.ends_with(".json"); }

bool isProduct(std::string_view name) { return name.ends_with(".pt.trace.json") || name.ends_with(".et.json") || name.ends_with(".et_resources"); }

/// Behind "cancel": the folder may go when nobody works in it any more.
bool letGo(const Exchange& exchange)
{
    bool claimed = false;
    for (const std::string& name : exchange.names()) {
        claimed |= name.starts_with("claimed-");
        if (!isStatus(name)) continue;
        const auto text = exchange.read(name);
        const auto status = text ? parseStatus(*text) : Result<ScriptStatus>(ScriptStatus{.phase = ScriptStatus::Phase::Done});
        if (status && status->phase != ScriptStatus::Phase::Done && status->phase != ScriptStatus::Phase::Error) return false;
        if (status) claimed = false;
    }
    return !claimed;
}

} // namespace

ScriptTarget::ScriptTarget(const RecordTarget& target, std::unique_ptr<Courier> courier, const ScriptPatience& patience)
    : m_target(target), m_patience(patience), m_courier(std::move(courier)), m_name(launches() ? "the command" : nameOf(target.pid)), m_pid(target.pid)
{
    if (!launches()) {
        m_watch = std::make_unique<ProcessWatch>(target.pid, target.startTicks);
        connect(m_watch.get(), &ProcessWatch::ended, this, [this] {
            m_ended = true;
            Q_EMIT changed();
        });
    }
    listen();
}

ScriptTarget::~ScriptTarget()
{
    if (m_courier) m_courier->disconnect(this);
    abandon(false);
}

void ScriptTarget::listen()
{
    if (!m_courier) return;
    connect(m_courier.get(), &Courier::delivered, this, [this] {
        m_delivered = true;
        if (!m_sinceDelivered.isValid()) m_sinceDelivered.start();
        m_sinceTried.start();
        Q_EMIT changed();
    });
    connect(m_courier.get(), &Courier::refused, this, [this](const RecordFailure& failure) {
        if (!m_failure) m_failure = failure;
        Q_EMIT changed();
    });
    connect(m_courier.get(), &Courier::waitingFor, this, [this](const QString& what) {
        m_waitingFor = presentable(what.toStdString());
        Q_EMIT changed();
    });
    connect(m_courier.get(), &Courier::started, this, [this](pid_t pid) { m_pid = pid; });
    connect(m_courier.get(), &Courier::ended, this, [this](int status) {
        m_ended = true;
        m_exitStatus = status;
        Q_EMIT changed();
    });
}

Status ScriptTarget::prepare(ScriptRequest request)
{
    auto exchange = Exchange::make(m_target.pid);
    if (!exchange) return exchange.error();
    m_exchange = std::make_shared<Exchange>(std::move(*exchange));
    m_id = request.id;
    request.folder = m_exchange->forTarget();
    beat();
    if (const Status written = m_exchange->write("opscope.py", recorderScript()); !written) return written;
    if (launches())
        if (const Status written = m_exchange->write("sitecustomize.py", shimScript()); !written) return written;
    if (const Status written = m_exchange->write("request.json", requestJson(request)); !written) return written;
    m_folder = std::make_unique<QFileSystemWatcher>();
    m_folder->addPath(QString::fromStdString(m_exchange->folder()));
    connect(m_folder.get(), &QFileSystemWatcher::directoryChanged, this, &ScriptTarget::changed);
    return Done{};
}

void ScriptTarget::showOutput(RecordSession* session)
{
    if (m_courier) connect(m_courier.get(), &Courier::printed, session, &RecordSession::printed);
}

void ScriptTarget::deliver() { m_courier->deliver(m_target, *m_exchange); }

bool ScriptTarget::tell(std::string_view name) { return !m_exchange || m_exchange->write(name, "").ok(); }

void ScriptTarget::beat()
{
    if (m_exchange) m_exchange->touch("alive");
}

bool ScriptTarget::look()
{
    if (!m_exchange) return false;
    m_news = false;
    m_bytes = 0;
    const bool ended = m_ended || (m_watch && !m_watch->alive()); // before its last words are read
    std::vector<std::string> leaving;
    for (auto& [name, recorder] : m_recorders)
        if (!recorder.over() && ((ended && !launches()) || isGone(recorder))) leaving.push_back(name);
    for (const std::string& name : m_exchange->names()) {
        if (isStatus(name)) readStatus(name);
        else if (isProduct(name)) m_bytes += m_exchange->bytesOf(name).value_or(0);
    }
    for (const std::string& name : leaving) {
        ScriptRecorder& recorder = m_recorders[name];
        recorder.gone = !recorder.over();
        m_news = true;
    }
    if (!launches() && ended && m_recorders.empty() && !m_failure) {
        m_failure = RecordFailure{m_name + " ended before anything was recorded."};
        m_news = true;
    }
    deliverAgain();
    return m_news;
}

void ScriptTarget::readStatus(const std::string& name)
{
    auto found = m_recorders.find(name);
    if (found == m_recorders.end() && m_recorders.size() >= kMostRecorders) return;
    auto text = m_exchange->read(name);
    if (!text) return cannotRead(name, "it is no file, or too large");
    if (found != m_recorders.end() && found->second.text == *text) return;
    auto status = parseStatus(*text);
    if (!status) return cannotRead(name, status.error().message);
    if (status->id != m_id && !(launches() && status->id.empty())) return cannotRead(name, "it belongs to another recording"); // the shim does not know the id yet
    m_unread.erase(name);
    ScriptRecorder& recorder = found != m_recorders.end() ? found->second : m_recorders[name];
    recorder.text = std::move(*text);
    recorder.status = std::move(*status);
    recorder.sinceNews.start();
    m_news = true;
}

/// The script writes it whole and renames it, so another look would not help: a stranger's, or a script that is not ours.
void ScriptTarget::cannotRead(const std::string& name, const std::string& why)
{
    if (!m_complaint.empty() || (m_unread.size() >= kMostRecorders && !m_unread.contains(name))) return;
    QElapsedTimer& since = m_unread[name];
    if (!since.isValid()) return since.start();
    if (since.elapsed() < m_patience.unreadable.count()) return;
    m_complaint = "The recorder's status file " + presentable(name) + " cannot be read: " + why + ".";
    m_news = true;
}

/// Of commands: whose processes have our numbers. Those of others are watched as targets.
bool ScriptTarget::isGone(ScriptRecorder& recorder) const
{
    const bool silent = recorder.ending() && recorder.sinceNews.isValid() && recorder.sinceNews.elapsed() > m_patience.quiet.count();
    if (!launches()) return silent;
    const auto process = processInfo(recorder.status.pid);
    if (!process || process->zombie()) return true;
    if (!recorder.startTicks) recorder.startTicks = process->startTicks;
    return silent || recorder.startTicks != process->startTicks;
}

bool ScriptTarget::claimed() const
{
    return std::ranges::any_of(m_exchange->names(), [](const std::string& name) { return name.starts_with("claimed-"); });
}

/// Something may have been lost on the way: the script claims its request, so that a second delivery does nothing where the first one came.
void ScriptTarget::deliverAgain()
{
    if (!m_delivered || m_failure || m_ended || !m_recorders.empty() || m_sinceTried.elapsed() < m_patience.again.count()) return;
    m_sinceTried.start();
    if (!claimed()) m_courier->deliverAgain();
}

std::vector<std::string> ScriptTarget::product(std::vector<std::string>& missing) const
{
    std::set<std::string> names;
    const std::vector<std::string> there = m_exchange ? m_exchange->names() : std::vector<std::string>();
    for (const auto& [file, recorder] : m_recorders) {
        for (const std::string& name : recorder.status.files)
            if (std::ranges::binary_search(there, name)) names.insert(name);
            else if (!recorder.gone) missing.push_back(presentable(name));
        const std::string mark = "_" + std::to_string(recorder.status.pid) + ".";
        for (const std::string& name : there)
            if (recorder.gone && isProduct(name) && name.find(mark) != name.npos) names.insert(name);
    }
    std::erase_if(names, [&](const std::string& name) { return m_exchange->bytesOf(name) == 0u && !name.ends_with("_resources"); });
    return {names.begin(), names.end()};
}

void ScriptTarget::catchUp()
{
    if (m_courier) m_courier->catchUp();
}

void ScriptTarget::abandon(bool takeBack)
{
    if (m_courier && takeBack) m_courier->takeBack();
    m_folder.reset();
    if (!m_exchange) return;
    static_cast<void>(m_exchange->write("cancel", "")); // when the disk is full: the folder goes, which means the same
    endInBackground([exchange = std::shared_ptr<Exchange>(std::move(m_exchange)), ended = m_ended] {
        if (ended) return; // nobody works in it any more
        for (const auto until = std::chrono::steady_clock::now() + kLetGo; std::chrono::steady_clock::now() < until && !letGo(*exchange);)
            std::this_thread::sleep_for(20ms);
    });
}

} // namespace opscope::torch
