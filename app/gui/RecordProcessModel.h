#pragma once

#include <QAbstractTableModel>
#include <QStringList>

#include "app/gui/RecordSurvey.h"

#include <optional>
#include <unordered_set>

namespace opscope {

/// The processes that can be seen: found, not hidden, in order. Told again and again how things are, it changes only what has changed, so
/// that selection and place in the list are kept.
class RecordProcessModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Pid, Command, Rank, Python, Torch, Gpu, User, Cpu, Memory, Threads, Started, FirstBackend };
    static constexpr int StateRole = Qt::UserRole; ///< of a backend's column: Readiness::State, nothing while not known
    static constexpr int WorkerRole = Qt::UserRole + 1; ///< whether it is a data loader's worker

    explicit RecordProcessModel(std::span<const RecorderBackend> backends, QObject* parent = nullptr);

    void setProcesses(std::vector<RecordProcess> processes);
    /// Of a column from FirstBackend on: ways that only start commands have none.
    const RecorderBackend& backendOf(int column) const { return m_backends[backendIndex(column)]; }
    std::size_t backendIndex(int column) const { return m_shownBackends[static_cast<std::size_t>(column - FirstBackend)]; }
    /// Words that all have to be in number, name, user or command; capitals do not matter.
    void setSearch(const QString& text);
    /// Data loaders' workers, threads of the kernel, processes that have ended and this program too.
    void setShowHidden(bool show);
    bool showsHidden() const { return m_showHidden; }
    /// How many would be found if nothing was hidden, and how many of them are data loaders' workers.
    int hiddenCount() const { return m_hidden; }
    int workerCount() const { return m_workers; }
    /// Whether a process that can be seen has PyTorch, or a rank: else their columns are empty.
    bool showsTorch() const { return m_showsTorch; }
    bool showsRanks() const { return m_showsRanks; }
    bool showsGpus() const { return m_showsGpus; } ///< some shown process uses one
    const std::vector<RecordProcess>& all() const { return m_all; }
    /// While somebody points at a row, rows stay where they are.
    void setHolding(bool hold);

    const RecordProcess* at(int row) const;
    std::optional<int> rowOf(ProcessKey key) const;
    /// Whether it runs, shown or not.
    bool runs(ProcessKey key) const;
    bool hasProcesses() const { return !m_all.empty(); }
    /// Every process has been seen twice, so that it is known how busy they are.
    bool knowsCpu() const { return m_knowsCpu; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;
    /// By how busy they are, PyTorch programs before all others: as the list is at first.
    void sortAsAtFirst();

private:
    bool isHidden(const RecordProcess& process) const;
    bool isFound(const RecordProcess& process) const;
    void list();
    void removeGone(const std::vector<bool>& gone);
    void arrange();
    bool before(const RecordProcess& a, const RecordProcess& b) const;
    QString text(const RecordProcess& process, int column) const;
    QString tip(const RecordProcess& process, int column) const;

    std::span<const RecorderBackend> m_backends;
    std::vector<std::size_t> m_shownBackends;
    std::vector<RecordProcess> m_all, m_rows;
    QStringList m_words;
    Column m_sortColumn = Cpu;
    Qt::SortOrder m_order = Qt::DescendingOrder;
    int m_hidden = 0, m_workers = 0;
    bool m_showsTorch = false, m_showsRanks = false, m_showsGpus = false;
    bool m_torchFirst = true;  ///< until somebody sorts
    bool m_showHidden = false, m_holding = false, m_knowsCpu = false;
};

} // namespace opscope
