#pragma once

#include "core/record/RecorderBackend.h"

#include "core/record/ProcessWatch.h"
#include "core/record/magictrace/Child.h"
#include "core/record/magictrace/Failures.h"
#include "core/record/magictrace/FirstEvent.h"
#include "core/record/magictrace/Lines.h"
#include "core/record/magictrace/Machine.h"
#include "core/record/magictrace/Options.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTimer>

#include <chrono>
#include <memory>
#include <optional>

namespace opscope::magictrace {

/// How long magic-trace may take; tests have less patience.
struct Patience
{
    std::chrono::milliseconds probe{10'000};   ///< each of `-version` and `attach -help`
    std::chrono::milliseconds attach{30'000};  ///< until "Attached"; perf takes seconds on a busy machine
    std::chrono::milliseconds offer{15'000};   ///< from SIGINT to "Finished recording": then the person is told that Cancel ends it
    std::chrono::milliseconds giveUp{60'000};  ///< and then nobody waits any longer
};

/// One run of `magic-trace attach`:
///
///     -version, attach -help ─► attach ─"Attached"─► recording ─SIGINT─► stopping ─"Finished recording"─► decoding ─exit 0─► look at the file
///
/// It works in a private folder beside the target, where nothing of an existing file can be lost (magic-trace renames an old file into the
/// current folder), and the result is renamed at the very end. If we die, it is interrupted, and its file is left in that folder.
class Session : public RecordSession
{
    Q_OBJECT

public:
    Session(const RecordRequest& request, Machine machine, Patience patience);
    ~Session() override;

    void start() override;
    void stop() override;
    void cancel() override;
    RecordStatus status() const override;

private:
    enum class Phase : std::uint8_t { Idle, Probing, Attaching, Recording, Stopping, Decoding, Looking, Ended };

    std::optional<RecordFailure> prepare();
    void probe(const QString& argument);
    void probed(const QString& argument);
    void attach();
    void take(const QByteArray& line);
    void snapshotTaken();
    void targetEnded();
    void stopRecording(RecordEnd end);
    void enterStopping();
    void patienceEnded();
    void childEnded(bool signalled, int status);
    void succeeded();
    void look();
    void deliver();
    Result<std::string> name();
    std::string keepRawData();
    void countNotes();
    void note(const std::string& text);
    void fail(RecordFailure failure);
    void failWithDetails(RecordFailure failure);
    void finish();
    void dropChild();
    Stage stage() const;
    bool on(std::string_view switchId) const;
    QString made() const { return m_folder->filePath(m_fileName); }

    RecordRequest m_request;
    Machine m_machine;
    Patience m_patience;
    Phase m_phase = Phase::Idle;
    RecordEnd m_end = RecordEnd::Stopped;
    QString m_program, m_fileName;
    Version m_version;
    std::string m_executable;                 ///< of the target, for decoding once more
    std::unique_ptr<QTemporaryDir> m_folder;
    Child* m_child = nullptr;                 ///< ours, as a QObject
    std::unique_ptr<ProcessWatch> m_watch;
    std::optional<FirstEvent> m_look;
    QTimer m_limit;
    QElapsedTimer m_recorded, m_decoding;
    std::chrono::milliseconds m_length{0};    ///< once it is over
    std::uint64_t m_snapshots = 0, m_badPlaces = 0, m_skipped = 0;
    std::uint64_t m_bytes = 0;                ///< of the file, once it is there
    std::uint64_t m_notes = 0;
    bool m_offered = false;
};

} // namespace opscope::magictrace
