#pragma once

#include <QDateTime>
#include <QString>

#include "core/base/Result.h"
#include "core/record/ProcessList.h"
#include "core/record/RecorderBackend.h"

#include <chrono>
#include <string>
#include <vector>

namespace opscope {

/// The words of the record dialog. Pure functions.

/// "python3.12 train.py": the program without its folder; the name in front where it is another one; "[kworker/0:1]" without a command line.
QString commandText(const ProcessInfo& process);
/// "150 %", a share of one processor; "–" when it is not known yet.
QString cpuText(double processors);
/// "15:03:12" of today, "21 Nov" before, "2025-11-21" in another year.
QString startedText(std::int64_t unixNs, const QDateTime& now);
/// "12.3 s", "1:05.3", "1:02:05": as a clock counts.
QString clockText(std::chrono::milliseconds elapsed);
QString countText(std::uint64_t count);
QString bytesText(std::uint64_t bytes);
/// What a file may be called for this program: its name without signs that a shell or another system could mind; never empty.
QString fileStem(const std::string& programName);
/// {name}, {pid} and {time} filled in, a leading ~ replaced.
QString expandedPath(const QString& pattern, const QString& stem, pid_t pid, const QDateTime& now);
/// A path below the home folder as "~/...".
QString shortPath(const QString& path);
/// Words of a command line as a shell parts them: '...', "..." and \ keep blanks; nothing is expanded. Error: a quote is open.
Result<std::vector<std::string>> splitCommand(const std::string& line);
/// What pressing the button does: "Record process 12", "Record 2 processes", "Record command".
QString recordText(const RecordRequest& request);
/// "Recorded for 12.3 s, until Stop: 12,345 samples, none lost."
QString outcomeText(RecordEnd end, const RecordStatus& status, const RecordRequest& request);

} // namespace opscope
