#include "core/record/launch/LaunchCourier.h"

#include "core/record/torch/Exchange.h"

#include <QMetaMethod>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <unistd.h>

namespace opscope::launch {
namespace {

constexpr std::chrono::milliseconds kFlushEvery{100};
constexpr std::size_t kAtOnce = 256 << 10; // read in one turn of the event loop

/// As the command will have it.
std::string variable(const EnvironmentChanges& changes, const std::string& name)
{
    const auto changed = std::find_if(changes.rbegin(), changes.rend(), [&](const auto& each) { return each.first == name; });
    if (changed != changes.rend()) return changed->second;
    const char* ours = std::getenv(name.c_str());
    return ours ? ours : "";
}

EnvironmentChanges environmentFor(const RecordTarget& target, const torch::Exchange& exchange, Output output)
{
    EnvironmentChanges changes = target.environment;
    const std::string path = variable(changes, "PYTHONPATH");
    changes.emplace_back("PYTHONPATH", exchange.forTarget() + (path.empty() ? "" : ":" + path));
    changes.emplace_back("OPSCOPE_RECORD_FOLDER", exchange.forTarget());
    // Into a pipe Python prints by the block: what it says would come long after it was said.
    if (output == Output::Captured && variable(changes, "PYTHONUNBUFFERED").empty()) changes.emplace_back("PYTHONUNBUFFERED", "1");
    return changes;
}

} // namespace

void LaunchCourier::deliver(const RecordTarget& target, const torch::Exchange& exchange)
{
    const Output output = isSignalConnected(QMetaMethod::fromSignal(&Courier::printed)) ? Output::Captured : Output::Ours;
    auto command = Command::start(target, environmentFor(target, exchange, output), output);
    if (!command) {
        Q_EMIT refused({command.error().message + "."});
        return;
    }
    m_command.emplace(std::move(*command));
    follow();
    Q_EMIT started(m_command->pid());
    Q_EMIT delivered();
}

void LaunchCourier::follow()
{
    m_watch = std::make_unique<ProcessWatch>(m_command->pid());
    connect(m_watch.get(), &ProcessWatch::ended, this, [this] {
        catchUp(); // what it said last
        if (m_command) Q_EMIT ended(m_command->exitStatus().value_or(0));
    });
    if (m_command->output() < 0) return;
    m_notifier = std::make_unique<QSocketNotifier>(m_command->output(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &LaunchCourier::read);
    connect(&m_flush, &QTimer::timeout, this, &LaunchCourier::flush);
    m_flush.start(kFlushEvery);
}

void LaunchCourier::read()
{
    std::array<char, 16384> bytes{};
    for (std::size_t have = 0; m_command && m_command->output() >= 0 && have < kAtOnce;) {
        const ssize_t got = ::read(m_command->output(), bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got == 0 && m_notifier) m_notifier->setEnabled(false); // all that could print has ended: it stays readable
        if (got <= 0) return;
        m_text.add({bytes.data(), static_cast<std::size_t>(got)});
        have += static_cast<std::size_t>(got);
    }
}

void LaunchCourier::flush()
{
    if (const std::string text = m_text.take(); !text.empty()) Q_EMIT printed(QString::fromStdString(text));
}

void LaunchCourier::catchUp()
{
    read();
    if (const std::string text = m_text.take(true); !text.empty()) Q_EMIT printed(QString::fromStdString(text));
}

void LaunchCourier::takeBack()
{
    m_flush.stop();
    m_notifier.reset(); // before its descriptor
    m_watch.reset();
    if (m_command) m_command->end();
    m_command.reset();
}

} // namespace opscope::launch
