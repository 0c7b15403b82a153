#pragma once

#include <QTest>

#include "core/analysis/TraceFacts.h"
#include "core/io/Loader.h"
#include "core/record/RecordProduct.h"
#include "core/record/Recorder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace opscope::test {

/// A recorder with what it told.
class Recorded
{
    RecorderBackend m_backend; // lives longer than the recorder

public:
    static constexpr int kLong = 180'000; ///< ms; of conditions: PyTorch takes a minute to be imported where everything is busy

    explicit Recorded(RecorderBackend backend) : m_backend(std::move(backend))
    {
        QObject::connect(&recorder, &Recorder::noted, &recorder, [this](const QString& note) { notes += note.toStdString() + "\n"; });
    }
    /// To what the command prints, before it is started.
    void listen()
    {
        QObject::connect(&recorder, &Recorder::printed, &recorder, [this](const QString& text) { printed += text.toStdString(); });
    }
    void start(const RecordRequest& request) { recorder.start(m_backend, request); }
    /// Starts it and waits until it records; false: it is over instead.
    bool begins(const RecordRequest& request)
    {
        start(request);
        return QTest::qWaitFor([this] { return is(Recorder::State::Recording) || over(); }, kLong) && is(Recorder::State::Recording);
    }
    /// Waits until it is over; whether this is how.
    bool ends(Recorder::State how)
    {
        return QTest::qWaitFor([this] { return over(); }, kLong) && is(how);
    }
    /// From its start to an end in state Done.
    bool succeeds(const RecordRequest& request)
    {
        start(request);
        return ends(Recorder::State::Done);
    }
    /// From its start to a failure with these words.
    bool fails(const RecordRequest& request, const std::string& words)
    {
        start(request);
        return ends(Recorder::State::Failed) && says(words);
    }
    bool over() const { return recorder.state() != Recorder::State::Idle && !recorder.running(); }
    bool is(Recorder::State state) const { return recorder.state() == state; }
    /// For the message of a failed check.
    QByteArray why() const
    {
        const RecordFailure& failure = recorder.failure();
        return QByteArray::fromStdString(failure.message + " | " + failure.advice + " | " + failure.details + "\n" + notes + printed + "\nstep: " + recorder.status().step);
    }
    bool says(const std::string& part) const { return why().toStdString().find(part) != std::string::npos; }
    std::vector<std::string> traces() const { return tracesIn(recorder.path().toStdString()); }
    /// All that it made, as one; null: it cannot be loaded.
    TracePtr load() const
    {
        auto trace = loadTrace(traces());
        return trace ? *trace : nullptr;
    }
    /// Empty where operators with shapes were recorded and every node of the execution trace that can be linked is, exactly.
    std::string complaint() const
    {
        const TracePtr trace = load();
        if (!trace) return "it cannot be loaded";
        if (traceFacts(*trace).cpuOpsWithShapes == 0) return "no operators with shapes";
        if (trace->links().pairings().empty()) return "no execution trace";
        for (const EtPairing& pairing : trace->links().pairings())
            if (pairing.relation != RunRelation::SameRun || pairing.withRfId == 0 || pairing.exact != pairing.withRfId)
                return pairing.sentence + " " + std::to_string(pairing.exact) + " of " + std::to_string(pairing.withRfId);
        return {};
    }
    /// How often an operator ran.
    int times(std::string_view name) const
    {
        const TracePtr trace = load();
        int found = 0;
        for (std::uint32_t i = 0; trace && i < trace->slices().size(); ++i) found += trace->name(SliceId(i)) == name;
        return found;
    }
    /// Whether a captured tensor holds just these values.
    bool captured(const std::vector<std::int64_t>& values) const
    {
        const std::string wanted(reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]);
        for (const auto& each : std::filesystem::recursive_directory_iterator(recorder.path().toStdString())) {
            if (each.path().extension() != ".dat") continue;
            std::ifstream file(each.path(), std::ios::binary);
            if (std::string(std::istreambuf_iterator<char>(file), {}) == wanted) return true;
        }
        return false;
    }

    Recorder recorder;
    std::string notes, printed;
};

} // namespace opscope::test
