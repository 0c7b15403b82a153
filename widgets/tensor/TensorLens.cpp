#include "widgets/tensor/TensorLens.h"

#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"

#include <algorithm>
#include <cmath>

namespace opscope {

namespace {

constexpr std::uint64_t kSample = 512; // pages of a mapped file, at most

QString sentence(const Error& error)
{
    QString text = displayText(error.text());
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
}

void sample(CapturedValues& values)
{
    const std::uint64_t count = values.data->fileElements();
    if (count == 0) return;
    const std::uint64_t step = std::max<std::uint64_t>(1, count / kSample);
    for (std::uint64_t i = 0; i < count; i += step) {
        const std::int64_t value = values.data->stored(i);
        values.widestText = std::max(values.widestText, static_cast<int>(values.data->text(value).size()));
        values.largest = std::max(values.largest, sizeOf(*values.data, value));
    }
}

/// Bags of a tensor, when offsets of the node cut it (or what is the same tensor) and were captured as well.
Bags bagsFor(const Trace& trace, NodeId node, const TensorRow& row, std::span<const TensorRow> rows, std::uint64_t values,
             const JobControl& job)
{
    const auto found = bagsOf(trace, node);
    if (!found || row.output) return {};
    const std::uint32_t first = trace.executionTrace()->node(node).firstTensor;
    const std::uint32_t cut = found->values.value - first;
    if (row.index != cut && row.sameAs != cut) return {};
    const auto offsets = CapturedTensor::open(trace, node, found->offsets);
    const std::uint32_t k = found->offsets.value - first;
    const QString from = k < rows.size() ? tensorName(trace, node, rows[k]) : QString();
    Bags bags;
    if (offsets) bags = bagsFrom(**offsets, values, job);
    else bags.note = QStringLiteral("Not split into bags: the offsets, %1, were not captured.").arg(from);
    bags.from = from;
    return bags;
}

} // namespace

double sizeOf(const CapturedTensor& data, std::int64_t value)
{
    return data.type() == IntegralType::UInt64 ? static_cast<double>(static_cast<std::uint64_t>(value))
                                               : std::abs(static_cast<double>(value));
}

Bags bagsFrom(const CapturedTensor& offsets, std::uint64_t values, const JobControl& job)
{
    Bags bags;
    const std::uint64_t count = offsets.expectedElements();
    if (count > kMaxBags) {
        bags.note = QStringLiteral("Not split into bags: there are more than %1.").arg(displayText(formatCount(static_cast<std::int64_t>(kMaxBags))));
        return bags;
    }
    auto starts = std::make_shared<std::vector<std::uint64_t>>();
    starts->reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto offset = offsets.at(i);
        const std::uint64_t before = starts->empty() ? 0 : starts->back();
        const bool good = offset && *offset >= 0 && static_cast<std::uint64_t>(*offset) >= before &&
                          static_cast<std::uint64_t>(*offset) <= values && (i > 0 || *offset == 0);
        if (!good || job.cancelled()) {
            bags.note = QStringLiteral("Not split into bags: the offsets do not rise from 0 to the number of values.");
            return bags;
        }
        starts->push_back(static_cast<std::uint64_t>(*offset));
    }
    if (starts->size() > 1 && starts->back() == values) starts->pop_back();
    if (starts->empty()) return bags;
    bags.values = values;
    bags.shortest = values;
    for (std::size_t i = 0; i < starts->size(); ++i) {
        const std::uint64_t length = (i + 1 < starts->size() ? (*starts)[i + 1] : values) - (*starts)[i];
        bags.longest = std::max(bags.longest, length);
        bags.shortest = std::min(bags.shortest, length);
    }
    bags.starts = std::move(starts);
    return bags;
}

TensorLens::TensorLens(TraceDocument& document, QObject* parent)
    : QObject(parent), m_document(document), m_namesJob(this), m_valuesJob(this), m_statisticsJob(this), m_saveJob(this)
{
    connect(&document, &TraceDocument::traceChanged, this, &TensorLens::follow);
    connect(&document, &TraceDocument::selectionChanged, this, &TensorLens::follow);
    connect(&document, &TraceDocument::tensorFlowReady, this, &TensorLens::flowChanged);
    connect(&document, &TraceDocument::resourcesReady, this, [this] {
        if (!m_node) return;
        m_rows = tensorRows(*m_trace, m_node, m_document.resources(m_node).get());
        setTensor(standing());
        Q_EMIT rowsChanged();
    });
    connect(&m_statisticsJob, &Job::progressed, this, &TensorLens::statisticsChanged);
    connect(&m_saveJob, &Job::progressed, this, &TensorLens::savingChanged);
    connect(&m_saveJob, &Job::runningChanged, this, &TensorLens::savingChanged);
}

void TensorLens::setActive(bool active)
{
    m_active = active;
    follow();
}

QString TensorLens::message() const
{
    const TracePtr& trace = m_document.trace();
    const Selection& selection = m_document.selection();
    if (!trace) return QStringLiteral("No trace is open.");
    if (!trace->executionTrace()) return QStringLiteral("No execution trace is open. Open one to see nodes, tensors and data.");
    if (!selection.slice && !selection.instant && !selection.node)
        return QStringLiteral("Nothing selected. Click a slice, or press / to find one.");
    if (!m_node) return QStringLiteral("No node of the execution trace is known to be this one.");
    if (m_rows.empty()) return QStringLiteral("This node has no tensors.");
    return {};
}

/// The tensor that is selected, if it belongs to the node; else the first one with values; else the first.
TensorId TensorLens::standing() const
{
    const auto has = [this](TensorId tensor) {
        return std::ranges::any_of(m_rows, [tensor](const TensorRow& row) { return row.tensor == tensor; });
    };
    if (const TensorId selected = m_document.selection().tensor; selected && has(selected)) return selected;
    const auto captured = std::ranges::find_if(m_rows, [](const TensorRow& row) { return row.captured; });
    if (captured != m_rows.end()) return captured->tensor;
    return m_rows.empty() ? TensorId() : m_rows.front().tensor;
}

void TensorLens::follow()
{
    if (!m_active && m_document.trace() == m_trace) return; // a hidden panel reads nothing, but holds no closed trace
    const TracePtr trace = m_active ? m_document.trace() : nullptr;
    const NodeId node = trace && trace->executionTrace() ? m_document.selectedNode() : NodeId();
    if (trace != m_trace || node != m_node) {
        m_namesJob.cancel();
        m_trace = trace;
        m_node = node;
        m_names.clear();
        m_rows = m_node ? tensorRows(*m_trace, m_node, m_document.resources(m_node).get()) : std::vector<TensorRow>();
        m_tensor = {};
        Q_EMIT nodeChanged();
        setTensor(standing());
        readNames();
    } else if (m_node) {
        setTensor(standing());
    } else {
        Q_EMIT nodeChanged(); // the reason may be another one
    }
}

void TensorLens::readNames()
{
    if (!m_node || m_rows.empty()) return;
    m_namesJob.run([trace = m_trace, node = m_node, rows = m_rows](const JobControl&) { return exactTensorNames(*trace, node, rows); },
                   [this](std::vector<TensorName> names) {
                       m_names = std::move(names);
                       Q_EMIT rowsChanged();
                   });
}

QString TensorLens::nameOf(const TensorRow& row) const
{
    const auto place = static_cast<std::size_t>(&row - m_rows.data());
    return place < m_names.size() && !m_names[place].name.isEmpty() ? m_names[place].name : tensorName(*m_trace, m_node, row);
}

QString TensorLens::schemaNameOf(const TensorRow& row) const
{
    const auto place = static_cast<std::size_t>(&row - m_rows.data());
    return place < m_names.size() ? m_names[place].schema : QString();
}

const TensorRow* TensorLens::chosen() const
{
    const auto found = std::ranges::find(m_rows, m_tensor, &TensorRow::tensor);
    return found == m_rows.end() ? nullptr : &*found;
}

const TensorDesc* TensorLens::tensor() const
{
    return chosen() ? &m_trace->executionTrace()->tensors()[m_tensor.index()] : nullptr;
}

std::shared_ptr<const TensorFlow> TensorLens::flow() const { return m_active ? m_document.tensorFlow() : nullptr; }

void TensorLens::choose(TensorId tensor)
{
    if (tensor == m_tensor && m_document.selection().tensor == tensor) return;
    m_document.selectTensor(tensor);
}

void TensorLens::setTensor(TensorId tensor)
{
    if (tensor == m_tensor) return;
    m_tensor = tensor;
    m_valuesJob.cancel();
    m_statisticsJob.cancel();
    m_values.reset();
    m_statistics.reset();
    m_checks.clear();
    m_declared.reset();
    m_stopped = false;
    if (const TensorRow* row = chosen(); row && !row->output) m_declared = declaredRange(*m_trace, m_node, row->index);
    Q_EMIT tensorChanged();
    readValues();
}

void TensorLens::readValues()
{
    const TensorRow* row = chosen();
    if (!row) return;
    m_valuesJob.run(
        [trace = m_trace, node = m_node, row = *row, rows = m_rows](const JobControl& job) {
            CapturedValues values;
            auto opened = CapturedTensor::open(*trace, node, row.tensor);
            if (!opened) {
                values.whyNot = sentence(opened.error());
                return values;
            }
            values.data = *opened;
            sample(values);
            values.bags = bagsFor(*trace, node, row, rows, values.data->expectedElements(), job);
            return values;
        },
        [this](CapturedValues values) {
            m_values = std::move(values);
            Q_EMIT valuesChanged();
            if (m_values->data) count();
        });
}

void TensorLens::count()
{
    if (!m_values || !m_values->data) return;
    struct Counted
    {
        std::optional<TensorStatistics> statistics;
        std::vector<TensorCheck> checks;
    };
    m_stopped = false;
    m_statisticsJob.run(
        [trace = m_trace, node = m_node, tensor = m_tensor, data = m_values->data](const JobControl& job) {
            Counted counted{statisticsOf(*data, job), {}};
            if (counted.statistics) counted.checks = checksOf(*trace, node, tensor, *data, *counted.statistics);
            return counted;
        },
        [this](Counted counted) {
            m_statistics = std::move(counted.statistics);
            m_checks = std::move(counted.checks);
            Q_EMIT statisticsChanged();
        });
    Q_EMIT statisticsChanged();
}

void TensorLens::stopCounting()
{
    m_stopped = m_statisticsJob.running();
    m_statisticsJob.cancel();
    Q_EMIT statisticsChanged();
}

void TensorLens::save(const QString& path)
{
    if (!m_values || !m_values->data) return;
    m_saveJob.run(
        [data = m_values->data, path](const JobControl& job) {
            const std::string name = toUtf8(path);
            return path.endsWith(QStringLiteral(".csv"), Qt::CaseInsensitive) ? saveCsv(*data, name, job) : saveNpy(*data, name, job);
        },
        [this, path](const Status& status) {
            if (status.ok()) Q_EMIT said(QStringLiteral("Saved %1.").arg(displayText(toUtf8(path.section(QLatin1Char('/'), -1)))));
            else if (status.error().code != ErrorCode::Cancelled) Q_EMIT said(sentence(status.error()));
        });
}

void TensorLens::stopSaving()
{
    if (!m_saveJob.running()) return;
    m_saveJob.cancel();
    Q_EMIT said(QStringLiteral("Saving was stopped. Nothing was written."));
}

} // namespace opscope
