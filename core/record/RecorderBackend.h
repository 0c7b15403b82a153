#pragma once

#include <QObject>
#include <QString>

#include "core/base/Result.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace opscope {

/// One setting of a backend as data: the dialog draws a field of it, the command line an option, both say the same.
struct RecordOption
{
    enum class Kind : std::uint8_t { Number, Choice, Switch, Text, Path };
    struct Choice
    {
        std::string value, title;
        std::string note = {};       ///< what it costs or needs, short; may be empty
    };
    std::string id;                  ///< "frequency": the flag is --frequency
    std::string title;               ///< "Samples per second"
    std::string help;                ///< a sentence
    Kind kind = Kind::Text;
    std::string standard = {};       ///< Switch: "on" or "off"; otherwise the text of the value
    std::string unit = {};           ///< behind a Number: "Hz"
    std::int64_t low = 0, high = 0;  ///< of a Number, both inclusive
    std::string note = {};           ///< beside a Switch: what it costs, two or three words; may be empty
    std::vector<Choice> choices = {};
    std::string needs = {};          ///< id of a Switch that has to be on for this to mean anything; may be empty
    bool advanced = false;           ///< shown below the others
    bool folder = false;             ///< a Path to a folder, not to a file
};
/// By id; what is not in it is at its standard.
using OptionValues = std::map<std::string, std::string>;

/// Whether a backend can record a process, known before anything starts.
struct Readiness
{
    enum class State : std::uint8_t { Ready, NeedsPermission, NotPossible };
    State state = State::Ready;
    std::string reason = {};  ///< a short phrase for a table: "No Intel Processor Trace here"; empty when ready
    std::string advice = {};  ///< a sentence: what to do about it, with the command; when ready a note on quality, may be empty
    std::string copy = {};    ///< what the advice needs, ready to be pasted: a command, a line of code, a path; empty: nothing. One click copies it
};

/// A process that runs, or a command that is to be started. A pid alone is not enough: it may be given to another process. Neither (pid 0): in
/// RecorderBackend::check only, which then tells of the machine and the user alone.
struct RecordTarget
{
    pid_t pid = 0;
    std::uint64_t startTicks = 0;         ///< field 22 of /proc/PID/stat; 0: whatever runs as pid now
    std::vector<std::string> command = {}; ///< not empty: start this and record it from its first instruction
    std::string folder = {};               ///< that the command starts in; empty: ours
    std::vector<std::pair<std::string, std::string>> environment = {}; ///< of the command, on top of ours; an empty value takes the variable away
};

struct RecordRequest
{
    RecordTarget target;
    std::vector<RecordTarget> others = {};                    ///< more processes to record at the same instant (ranks); backends with takesSeveral only
    OptionValues options = {};
    std::string path;                                         ///< the file or (RecorderBackend::product) the folder to make; where it lies exists
    bool replace = false;                                     ///< what has the name at the end; else it stays, and the file gets another name
    std::optional<std::chrono::milliseconds> duration = {};   ///< none: until stop()
    std::uint32_t steps = 0;                                  ///< not 0: so many steps of the training loop, in place of a duration; countsSteps only
    std::uint64_t maxBytes = std::uint64_t{1} << 30;          ///< 0: no limit. Recorder keeps it, and the room on the disk
};

/// How far a recording is; read at any time from the thread that owns the session.
struct RecordStatus
{
    std::chrono::milliseconds elapsed{0};  ///< since the first event could be recorded
    std::uint64_t samples = 0, lost = 0;
    std::uint64_t bytes = 0;               ///< of the file so far
    double targetCpu = -1;                 ///< processors the target keeps busy, 1.5 = one and a half; < 0: not known (Recorder finds it out)
    pid_t pid = 0;                         ///< of the command once it runs; 0: not known
    std::optional<int> exitStatus = {};    ///< of the command once it has ended, as wait(2) gives it
    std::string step = {};                 ///< "Decoding": what is done at the moment, may be empty
    std::chrono::milliseconds stepElapsed{0}, stepAtMost{0}; ///< how long it has been at that, and how long that takes at most; 0: not known
};

/// Why a recording cannot begin or go on.
struct RecordFailure
{
    std::string message;  ///< one plain sentence
    std::string advice = {};  ///< what to do, may be empty
    std::string details = {}; ///< raw output of a program, the exact command; may be empty, several lines
};

/// Why a recording ended.
enum class RecordEnd : std::uint8_t { Stopped, TimeLimit, SizeLimit, TargetEnded, Failed, Cancelled, DiskFull };

/// One recording of one backend. Lives in the thread that made it, with an event loop; never blocks it for more than a moment. Ends with exactly one
/// of finished() and failed(), or with neither after cancel() or destruction, which leave the target unharmed and, once what runs behind them has ended, no file.
class RecordSession : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    virtual void start() = 0;          ///< answers with recording() or failed()
    virtual void stop() = 0;           ///< from recording on: save what there is, finished() follows
    virtual void cancel() = 0;         ///< at any time: throw everything away
    virtual RecordStatus status() const = 0;

Q_SIGNALS:
    void recording();                  ///< from now on events are taken
    void collecting();                 ///< no more events are taken, the file is made
    void noted(const QString& note);   ///< something the person should know: "user code only"
    /// By the command that was started, where the backend shows it (showsOutput) and somebody listens at start(); presentable, with line ends.
    void printed(const QString& text);
    /// The file (or folder) is there under its name, or another one if that was taken (noted() has told), and the ordinary loader opens it. `end` tells what ended it: Stopped, TargetEnded, SizeLimit or DiskFull.
    void finished(const QString& path, opscope::RecordEnd end);
    /// `kept` is a file with what was recorded until then, or empty.
    void failed(const opscope::RecordFailure& failure, const QString& kept);
};

/// What a way keeps ready while a person chooses what to record, and lets go with `keep`.
struct RecordStandby
{
    std::shared_ptr<void> keep = {};  ///< null: nothing could be done
    std::string note = {};            ///< what is going on meanwhile: one sentence, to be shown
};

/// A way to record: description, options, check, factory. THE LIST is in RecorderBackends.cpp.
struct RecorderBackend
{
    std::string_view id;               ///< "samples"
    std::string_view title;            ///< "Samples"
    std::string_view shortTitle = {};  ///< for the head of a narrow column: "Daemon"; empty: the title
    std::string_view summary;          ///< "Native call stacks of any process. No operator names."
    bool startsCommands = false;       ///< can record a command from its first instruction
    bool onlyCommands = false;         ///< and nothing else
    /// Backends of one family record the same things and have the same options, so that they can stand in for each other: "torch".
    std::string_view family = {};
    enum class Product : std::uint8_t { File, Folder };
    Product product = Product::File;   ///< a Folder holds traces that belong together (tracesIn)
    bool takesSeveral = false;         ///< records RecordRequest::others with the target
    bool countsSteps = false;          ///< knows RecordRequest::steps
    bool keepsTime = false;            ///< ends by itself after the duration or the steps, even when we are gone; Recorder only watches
    bool showsOutput = false;          ///< of commands that it starts: printed(). Otherwise they have our output
    /// Not null: a person has to agree first to this text, which names the process and says what will happen to it. Empty: no need.
    std::string (*confirmation)(const RecordRequest& request) = nullptr;
    /// Not null: makes recordings start sooner, of processes that say so (TorchProcess::kinetoClient). At once, of the main thread.
    RecordStandby (*standBy)() = nullptr;
    std::vector<RecordOption> (*options)();
    /// A few milliseconds at most, no side effects, any thread. Checks rights and hardware for this target.
    Readiness (*check)(const RecordTarget& target, const OptionValues& options);
    std::unique_ptr<RecordSession> (*session)(const RecordRequest& request);
};

/// For noted(), where the name was taken and `RecordRequest::replace` not set.
std::string takenNote(const std::string& asked, const std::string& got);

/// `values` where it has it, else the standard.
std::string optionValue(const std::vector<RecordOption>& options, const OptionValues& values, std::string_view id);
/// A sentence for a value that is out of range or no choice.
Status checkOption(const RecordOption& option, const std::string& value);
/// The same for the first bad one of all, and for one that is of no known option.
Status checkOptions(const std::vector<RecordOption>& options, const OptionValues& values);

} // namespace opscope

Q_DECLARE_METATYPE(opscope::RecordFailure)
