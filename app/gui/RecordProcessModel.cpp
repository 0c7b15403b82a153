#include "app/gui/RecordProcessModel.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Text.h"

#include <QCoreApplication>

#include <algorithm>
#include <climits>
#include <compare>
#include <numeric>

namespace opscope {
namespace {

constexpr int kMostRuns = 24; // of rows to take out one after the other; beyond that the list is made anew

const char* stateWord(Readiness::State state)
{
    switch (state) {
    case Readiness::State::Ready: return "ready";
    case Readiness::State::NeedsPermission: return "needs permission";
    case Readiness::State::NotPossible: break;
    }
    return "not possible";
}

std::size_t hashOf(ProcessKey key)
{
    return std::hash<std::uint64_t>()(key.startTicks * 4194304 + static_cast<std::uint64_t>(key.pid)); // pids have 22 bits
}

bool isNumber(int column)
{
    using Model = RecordProcessModel;
    return column == Model::Pid || column == Model::Rank || column == Model::Cpu || column == Model::Memory || column == Model::Threads;
}

int orLast(std::optional<int> number) { return number.value_or(INT_MAX); }

std::pair<int, int> pythonOf(const RecordProcess& process)
{
    return process.torch ? std::pair(process.torch->pythonMajor, process.torch->pythonMinor) : std::pair(0, 0);
}

std::string torchOf(const RecordProcess& process) { return process.torch ? process.torch->torchVersion : std::string(); }

QString pythonText(const RecordProcess& process)
{
    if (!process.torch || !process.torch->pythonMajor)
        return {};
    const torch::TorchProcess& of = *process.torch;
    return QStringLiteral("%1.%2%3").arg(of.pythonMajor).arg(of.pythonMinor).arg(of.freeThreaded ? QStringLiteral("t") : QString());
}

/// The devices that it has open, "yes" where their numbers are not known.
QString gpuText(const RecordProcess& process)
{
    if (!process.torch || !process.torch->gpuInUse)
        return {};
    QStringList numbers;
    for (const int gpu : process.torch->gpus)
        numbers << QString::number(gpu);
    return numbers.isEmpty() ? QStringLiteral("yes") : numbers.join(QLatin1Char(','));
}

struct KeyHash
{
    std::size_t operator()(ProcessKey key) const { return hashOf(key); }
};

} // namespace

RecordProcessModel::RecordProcessModel(std::span<const RecorderBackend> backends, QObject* parent) : QAbstractTableModel(parent), m_backends(backends)
{
    for (std::size_t i = 0; i < backends.size(); ++i)
        if (!backends[i].onlyCommands)
            m_shownBackends.push_back(i);
}

void RecordProcessModel::setProcesses(std::vector<RecordProcess> processes)
{
    // New ones are always about: known means that the most are.
    const auto unknown = std::ranges::count_if(processes, [](const RecordProcess& process) { return process.info.cpu < 0; });
    m_knowsCpu = !processes.empty() && static_cast<std::size_t>(unknown) * 2 < processes.size();
    m_all = std::move(processes);
    list();
}

void RecordProcessModel::setSearch(const QString& text)
{
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    list();
}

void RecordProcessModel::setShowHidden(bool show)
{
    m_showHidden = show;
    list();
}

void RecordProcessModel::setHolding(bool hold)
{
    m_holding = hold;
    if (!hold)
        arrange();
}

bool RecordProcessModel::isHidden(const RecordProcess& process) const
{
    return (process.torch && process.torch->worker) || process.info.kernelThread || process.info.zombie() || process.info.pid == static_cast<pid_t>(QCoreApplication::applicationPid());
}

bool RecordProcessModel::isFound(const RecordProcess& process) const
{
    return std::ranges::all_of(m_words, [&](const QString& word) { return process.about.contains(word, Qt::CaseInsensitive); });
}

void RecordProcessModel::list()
{
    std::unordered_map<ProcessKey, const RecordProcess*, KeyHash> wanted;
    m_hidden = m_workers = 0;
    m_showsTorch = m_showsRanks = m_showsGpus = false;
    for (const RecordProcess& process : m_all) {
        if (!isFound(process))
            continue;
        const bool hidden = isHidden(process);
        m_hidden += hidden;
        m_workers += process.torch && process.torch->worker;
        if (hidden && !m_showHidden)
            continue;
        wanted.emplace(process.key(), &process);
        m_showsTorch = m_showsTorch || process.torch;
        m_showsGpus = m_showsGpus || (process.torch && process.torch->gpuInUse);
        m_showsRanks = m_showsRanks || (process.torch && process.torch->rank);
    }
    std::vector<bool> gone(m_rows.size());
    for (std::size_t row = 0; row < m_rows.size(); ++row) {
        const auto found = wanted.find(m_rows[row].key());
        gone[row] = found == wanted.end();
        if (gone[row])
            continue;
        m_rows[row] = *found->second;
        wanted.erase(found);
    }
    removeGone(gone);
    if (!wanted.empty()) {
        std::vector<const RecordProcess*> fresh;
        for (const auto& [key, process] : wanted)
            fresh.push_back(process);
        std::ranges::sort(fresh, {}, [](const RecordProcess* process) { return process->info.pid; }); // hashes have no order
        const int first = rowCount();
        beginInsertRows({}, first, first + static_cast<int>(fresh.size()) - 1);
        for (const RecordProcess* process : fresh)
            m_rows.push_back(*process);
        endInsertRows();
    }
    if (!m_rows.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    if (!m_holding)
        arrange();
}

void RecordProcessModel::removeGone(const std::vector<bool>& gone)
{
    int runs = 0;
    for (std::size_t row = 0; row < gone.size(); ++row)
        runs += gone[row] && (row == 0 || !gone[row - 1]);
    if (runs > kMostRuns) {
        beginResetModel();
        std::size_t kept = 0;
        for (std::size_t row = 0; row < gone.size(); ++row)
            if (!gone[row] && kept++ != row)
                m_rows[kept - 1] = std::move(m_rows[row]);
        m_rows.resize(kept);
        endResetModel();
        return;
    }
    for (int last = static_cast<int>(gone.size()) - 1; last >= 0; --last) {
        if (!gone[static_cast<std::size_t>(last)])
            continue;
        int first = last;
        while (first > 0 && gone[static_cast<std::size_t>(first) - 1])
            --first;
        beginRemoveRows({}, first, last);
        m_rows.erase(m_rows.begin() + first, m_rows.begin() + last + 1);
        endRemoveRows();
        last = first;
    }
}

bool RecordProcessModel::before(const RecordProcess& a, const RecordProcess& b) const
{
    if (m_torchFirst && a.torch.has_value() != b.torch.has_value())
        return a.torch.has_value();
    const auto compare = [&]() -> std::partial_ordering {
        switch (m_sortColumn) {
        case Pid: return a.info.pid <=> b.info.pid;
        case Command: return a.command.compare(b.command, Qt::CaseInsensitive) <=> 0;
        case Rank: return orLast(a.torch ? a.torch->rank : std::nullopt) <=> orLast(b.torch ? b.torch->rank : std::nullopt);
        case Python: return pythonOf(a) <=> pythonOf(b);
        case Torch: return torchOf(a) <=> torchOf(b);
        case Gpu: return (a.torch && a.torch->gpuInUse) <=> (b.torch && b.torch->gpuInUse);
        case User: return a.info.userName <=> b.info.userName;
        case Cpu: return a.info.cpu <=> b.info.cpu;
        case Memory: return a.info.residentBytes <=> b.info.residentBytes;
        case Threads: return a.info.threads <=> b.info.threads;
        case Started: return a.info.startTicks <=> b.info.startTicks;
        case FirstBackend: break;
        }
        const std::size_t backend = backendIndex(m_sortColumn);
        const auto rank = [backend](const RecordProcess& p) { return backend < p.ready.size() ? static_cast<int>(p.ready[backend].state) : 9; };
        return rank(a) <=> rank(b);
    }();
    if (compare != std::partial_ordering::equivalent)
        return m_order == Qt::AscendingOrder ? compare < 0 : compare > 0;
    return a.info.pid > b.info.pid; // among equals what was started last: it is what most are after
}

void RecordProcessModel::arrange()
{
    if (std::ranges::is_sorted(m_rows, [this](const RecordProcess& a, const RecordProcess& b) { return before(a, b); }))
        return;
    std::vector<std::size_t> order(m_rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    std::ranges::stable_sort(order, [this](std::size_t a, std::size_t b) { return before(m_rows[a], m_rows[b]); });
    std::vector<int> now(order.size());
    std::vector<RecordProcess> rows;
    rows.reserve(order.size());
    for (std::size_t row = 0; row < order.size(); ++row) {
        now[order[row]] = static_cast<int>(row);
        rows.push_back(std::move(m_rows[order[row]]));
    }
    m_rows = std::move(rows);
    const QModelIndexList from = persistentIndexList();
    QModelIndexList to;
    for (const QModelIndex& one : from)
        to << index(now[static_cast<std::size_t>(one.row())], one.column());
    changePersistentIndexList(from, to);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

void RecordProcessModel::sort(int column, Qt::SortOrder order)
{
    m_sortColumn = static_cast<Column>(std::clamp(column, 0, columnCount() - 1));
    m_order = order;
    m_torchFirst = false;
    arrange(); // asked for: also while a row is pointed at
}

void RecordProcessModel::sortAsAtFirst()
{
    sort(Cpu, Qt::DescendingOrder);
    m_torchFirst = true;
    arrange();
}

const RecordProcess* RecordProcessModel::at(int row) const
{
    return row >= 0 && row < rowCount() ? &m_rows[static_cast<std::size_t>(row)] : nullptr;
}

std::optional<int> RecordProcessModel::rowOf(ProcessKey key) const
{
    const auto found = std::ranges::find(m_rows, key, &RecordProcess::key);
    return found == m_rows.end() ? std::nullopt : std::optional(static_cast<int>(found - m_rows.begin()));
}

bool RecordProcessModel::runs(ProcessKey key) const
{
    return std::ranges::any_of(m_all, [key](const RecordProcess& process) { return process.key() == key && !process.info.zombie(); });
}

int RecordProcessModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_rows.size()); }
int RecordProcessModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : FirstBackend + static_cast<int>(m_shownBackends.size()); }

QString RecordProcessModel::text(const RecordProcess& process, int column) const
{
    const ProcessInfo& info = process.info;
    switch (column) {
    case Pid: return QString::number(info.pid);
    case Command: return process.command;
    case Rank: return process.torch && process.torch->rank ? QString::number(*process.torch->rank) : QString();
    case Python: return pythonText(process);
    case Torch: return !process.torch ? QString() : process.torch->torchVersion.empty() ? QStringLiteral("libtorch") : displayText(process.torch->torchVersion);
    case Gpu: return gpuText(process);
    case User: return displayText(info.userName);
    case Cpu: return cpuText(info.cpu);
    case Memory: return info.residentBytes ? bytesText(info.residentBytes) : QStringLiteral("–");
    case Threads: return info.threads ? countText(info.threads) : QStringLiteral("–");
    case Started: return startedText(info.startedNs, QDateTime::currentDateTime());
    default: break;
    }
    const std::size_t backend = backendIndex(column);
    return backend < process.ready.size() ? QLatin1String(stateWord(process.ready[backend].state)) : QStringLiteral("not asked yet");
}

QString RecordProcessModel::tip(const RecordProcess& process, int column) const
{
    if (column == Command)
        return richText(process.info.command.empty() ? process.info.name : process.info.command);
    if (column == Started)
        return startedText(process.info.startedNs, {}) + QLatin1Char(' ') + QDateTime::fromMSecsSinceEpoch(process.info.startedNs / 1'000'000).toString(QStringLiteral("HH:mm:ss"));
    if (column >= Rank && column <= Gpu)
        return process.torch ? richText(torch::torchLabel(*process.torch)) : QString();
    if (column < FirstBackend || backendIndex(column) >= process.ready.size())
        return {};
    const std::size_t backend = backendIndex(column);
    const Readiness& ready = process.ready[backend];
    QStringList lines{QLatin1String(stateWord(ready.state))};
    for (const std::string& line : {ready.reason, ready.advice})
        if (!line.empty())
            lines << richText(line);
    return lines.join(QStringLiteral("<br>"));
}

QVariant RecordProcessModel::data(const QModelIndex& index, int role) const
{
    const RecordProcess* process = index.isValid() ? at(index.row()) : nullptr;
    if (!process)
        return {};
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole: return text(*process, column);
    case Qt::ToolTipRole: return tip(*process, column);
    case Qt::AccessibleTextRole:
        return column < FirstBackend ? text(*process, column) : displayText(backendOf(column).title) + QStringLiteral(": ") + text(*process, column);
    case Qt::TextAlignmentRole: {
        return QVariant::fromValue(Qt::AlignVCenter | (isNumber(column) ? Qt::AlignRight : column >= FirstBackend ? Qt::AlignHCenter : Qt::AlignLeft));
    }
    case WorkerRole: return process->torch && process->torch->worker;
    case StateRole: {
        const bool known = column >= FirstBackend && backendIndex(column) < process->ready.size();
        return known ? QVariant(static_cast<int>(process->ready[backendIndex(column)].state)) : QVariant();
    }
    default: return {};
    }
}

QVariant RecordProcessModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    static const char* const kTitles[] = {"PID", "Command", "Rank", "Python", "PyTorch", "GPU", "User", "CPU", "Memory", "Threads", "Started"};
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue(Qt::AlignVCenter | (isNumber(section) ? Qt::AlignRight : section >= FirstBackend ? Qt::AlignHCenter : Qt::AlignLeft));
    }
    if (section >= FirstBackend) {
        const RecorderBackend& backend = backendOf(section);
        if (role == Qt::ToolTipRole)
            return richText(backend.summary);
        return role == Qt::DisplayRole ? displayText(backend.shortTitle.empty() ? backend.title : backend.shortTitle) : QVariant();
    }
    if (role == Qt::ToolTipRole && section == Gpu)
        return QStringLiteral("Devices that the process has open");
    if (role == Qt::ToolTipRole && section == Cpu)
        return QStringLiteral("Of one processor: 200 % keeps two busy");
    return role == Qt::DisplayRole ? QVariant(QLatin1String(kTitles[section])) : QVariant();
}

} // namespace opscope
