#include "app/gui/RecordProcessModel.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Text.h"

#include <QCoreApplication>

#include <algorithm>
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

struct KeyHash
{
    std::size_t operator()(ProcessKey key) const { return hashOf(key); }
};

} // namespace

RecordProcessModel::RecordProcessModel(std::span<const RecorderBackend> backends, QObject* parent) : QAbstractTableModel(parent), m_backends(backends) {}

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
    return process.info.kernelThread || process.info.zombie() || process.info.pid == static_cast<pid_t>(QCoreApplication::applicationPid());
}

bool RecordProcessModel::isFound(const RecordProcess& process) const
{
    return std::ranges::all_of(m_words, [&](const QString& word) { return process.about.contains(word, Qt::CaseInsensitive); });
}

void RecordProcessModel::list()
{
    std::unordered_map<ProcessKey, const RecordProcess*, KeyHash> wanted;
    m_hidden = 0;
    for (const RecordProcess& process : m_all) {
        if (!isFound(process))
            continue;
        const bool hidden = isHidden(process);
        m_hidden += hidden;
        if (!hidden || m_showHidden)
            wanted.emplace(process.key(), &process);
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
    const auto compare = [&]() -> std::partial_ordering {
        switch (m_sortColumn) {
        case Pid: return a.info.pid <=> b.info.pid;
        case Command: return a.command.compare(b.command, Qt::CaseInsensitive) <=> 0;
        case User: return a.info.userName <=> b.info.userName;
        case Cpu: return a.info.cpu <=> b.info.cpu;
        case Memory: return a.info.residentBytes <=> b.info.residentBytes;
        case Threads: return a.info.threads <=> b.info.threads;
        case Started: return a.info.startTicks <=> b.info.startTicks;
        case FirstBackend: break;
        }
        const auto backend = static_cast<std::size_t>(m_sortColumn - FirstBackend);
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
    arrange(); // asked for: also while a row is pointed at
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
int RecordProcessModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : FirstBackend + static_cast<int>(m_backends.size()); }

QString RecordProcessModel::text(const RecordProcess& process, int column) const
{
    const ProcessInfo& info = process.info;
    switch (column) {
    case Pid: return QString::number(info.pid);
    case Command: return process.command;
    case User: return displayText(info.userName);
    case Cpu: return cpuText(info.cpu);
    case Memory: return info.residentBytes ? bytesText(info.residentBytes) : QStringLiteral("–");
    case Threads: return info.threads ? countText(info.threads) : QStringLiteral("–");
    case Started: return startedText(info.startedNs, QDateTime::currentDateTime());
    default: break;
    }
    const auto backend = static_cast<std::size_t>(column - FirstBackend);
    return backend < process.ready.size() ? QLatin1String(stateWord(process.ready[backend].state)) : QStringLiteral("not asked yet");
}

QString RecordProcessModel::tip(const RecordProcess& process, int column) const
{
    if (column == Command)
        return richText(process.info.command.empty() ? process.info.name : process.info.command);
    if (column == Started)
        return startedText(process.info.startedNs, {}) + QLatin1Char(' ') + QDateTime::fromMSecsSinceEpoch(process.info.startedNs / 1'000'000).toString(QStringLiteral("HH:mm:ss"));
    const auto backend = static_cast<std::size_t>(column - FirstBackend);
    if (column < FirstBackend || backend >= process.ready.size())
        return {};
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
        return column < FirstBackend ? text(*process, column) : displayText(m_backends[static_cast<std::size_t>(column - FirstBackend)].title) + QStringLiteral(": ") + text(*process, column);
    case Qt::TextAlignmentRole: {
        const bool number = column == Pid || column == Cpu || column == Memory || column == Threads;
        return QVariant::fromValue(Qt::AlignVCenter | (number ? Qt::AlignRight : column >= FirstBackend ? Qt::AlignHCenter : Qt::AlignLeft));
    }
    case StateRole: {
        const auto backend = static_cast<std::size_t>(column - FirstBackend);
        return column >= FirstBackend && backend < process->ready.size() ? QVariant(static_cast<int>(process->ready[backend].state)) : QVariant();
    }
    default: return {};
    }
}

QVariant RecordProcessModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    static const char* const kTitles[] = {"PID", "Command", "User", "CPU", "Memory", "Threads", "Started"};
    if (role == Qt::TextAlignmentRole) {
        const bool number = section == Pid || section == Cpu || section == Memory || section == Threads;
        return QVariant::fromValue(Qt::AlignVCenter | (number ? Qt::AlignRight : section >= FirstBackend ? Qt::AlignHCenter : Qt::AlignLeft));
    }
    if (section >= FirstBackend) {
        const RecorderBackend& backend = m_backends[static_cast<std::size_t>(section - FirstBackend)];
        return role == Qt::DisplayRole ? displayText(backend.title) : role == Qt::ToolTipRole ? QVariant(richText(backend.summary)) : QVariant();
    }
    if (role == Qt::ToolTipRole && section == Cpu)
        return QStringLiteral("Of one processor: 200 % keeps two busy");
    return role == Qt::DisplayRole ? QVariant(QLatin1String(kTitles[section])) : QVariant();
}

} // namespace opscope
