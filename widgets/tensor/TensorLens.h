#pragma once

#include <QObject> // first: moc of Qt 6.4 stumbles over the standard library headers of core

#include "core/tensor/CapturedTensor.h"
#include "core/tensor/TensorFlow.h"
#include "widgets/document/Job.h"
#include "widgets/tensor/TensorRows.h"
#include "widgets/tensor/ValueLayout.h"

#include <memory>
#include <optional>
#include <vector>

namespace opscope {

class TraceDocument;

/// The bags that offsets cut a tensor into. Rising, the first begins at 0.
struct Bags
{
    ValueLayout::Starts starts;                 ///< null: not in bags
    std::uint64_t values = 0;
    std::uint64_t longest = 0, shortest = 0;
    QString from;                               ///< "input 2"
    QString note;                               ///< why there are none although there are offsets
};
/// More bags than that are not drawn apart, and that is said.
inline constexpr std::uint64_t kMaxBags = 4'000'000;
/// Offsets as bags: an end offset equal to `values` closes the last one. A note instead when they do not rise from 0 to `values`.
Bags bagsFrom(const CapturedTensor& offsets, std::uint64_t values, const JobControl& job = {});

/// What is known at once of the values of a captured tensor; made on a worker.
struct CapturedValues
{
    std::shared_ptr<const CapturedTensor> data; ///< null: `whyNot` says why
    QString whyNot;
    int widestText = 2;                         ///< characters, of a sample spread over the file
    double largest = 1;                         ///< size (log tint), of the same sample
    Bags bags;
};
/// How large a value is for the tint; unsigned 64-bit values are read as what they are.
double sizeOf(const CapturedTensor& data, std::int64_t value);

/// What the Tensors panel shows, without a window: the node of the selection, its tensors, the chosen one, its values and
/// statistics. Everything that reads a file runs on a worker; what came for something chosen before is dropped. UI thread only.
class TensorLens : public QObject
{
    Q_OBJECT

public:
    explicit TensorLens(TraceDocument& document, QObject* parent = nullptr);
    /// Nothing is read while nobody looks.
    void setActive(bool active);

    const TracePtr& trace() const { return m_trace; }
    NodeId node() const { return m_node; }
    /// Why there is no node to show, or no tensor; "" when there is one.
    QString message() const;
    const std::vector<TensorRow>& rows() const { return m_rows; }
    /// As exact as known by now.
    QString nameOf(const TensorRow& row) const;
    QString schemaNameOf(const TensorRow& row) const;

    const TensorRow* chosen() const;            ///< null when the node has no tensors
    const TensorDesc* tensor() const;
    void choose(TensorId tensor);
    /// Null until it is read.
    const CapturedValues* values() const { return m_values ? &*m_values : nullptr; }
    const TensorStatistics* statistics() const { return m_statistics ? &*m_statistics : nullptr; }
    const std::vector<TensorCheck>& checks() const { return m_checks; }
    const std::optional<TensorRange>& declared() const { return m_declared; }
    std::shared_ptr<const TensorFlow> flow() const;

    bool counting() const { return m_statisticsJob.running(); }
    const Progress& progress() const { return m_statisticsJob.progress(); }
    bool stopped() const { return m_stopped; }  ///< the user stopped the statistics
    void stopCounting();
    void count();                               ///< starts the statistics anew

    /// Writes the chosen values as .npy or .csv, by the name; done() follows with a sentence.
    void save(const QString& path);
    bool saving() const { return m_saveJob.running(); }
    const Progress& saveProgress() const { return m_saveJob.progress(); }
    void stopSaving();

Q_SIGNALS:
    void nodeChanged();         ///< another node, or none
    void rowsChanged();         ///< names or tags became known
    void tensorChanged();       ///< another tensor; its values are not there yet
    void valuesChanged();
    void statisticsChanged();   ///< or progress() and the running state
    void flowChanged();
    void savingChanged();
    void said(const QString& sentence);

private:
    void follow();
    void readNames();
    void readValues();
    void setTensor(TensorId tensor);
    TensorId standing() const;

    TraceDocument& m_document;
    TracePtr m_trace;
    NodeId m_node;
    TensorId m_tensor;
    bool m_active = false, m_stopped = false;
    std::vector<TensorRow> m_rows;
    std::vector<TensorName> m_names;
    std::optional<TensorRange> m_declared;
    std::optional<CapturedValues> m_values;
    std::optional<TensorStatistics> m_statistics;
    std::vector<TensorCheck> m_checks;
    Job m_namesJob, m_valuesJob, m_statisticsJob, m_saveJob;
};

} // namespace opscope
