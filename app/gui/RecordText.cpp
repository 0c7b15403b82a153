#include "app/gui/RecordText.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "widgets/common/Text.h"

#include <QDir>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>
#include <cmath>

namespace opscope {
namespace {

constexpr std::size_t kCommLength = 15; // the kernel keeps no more of a name
constexpr int kStemLength = 40;

const char* reasonText(RecordEnd end, bool command)
{
    switch (end) {
    case RecordEnd::TimeLimit: return "until the time was up";
    case RecordEnd::SizeLimit: return "until the size limit";
    case RecordEnd::TargetEnded: return command ? "until the command ended" : "until the process ended";
    case RecordEnd::DiskFull: return "until the disk was nearly full";
    case RecordEnd::Stopped:
    case RecordEnd::Failed:
    case RecordEnd::Cancelled: break;
    }
    return "until Stop";
}

} // namespace

QString commandText(const ProcessInfo& process)
{
    if (process.command.empty())
        return QLatin1Char('[') + displayText(process.name) + QLatin1Char(']');
    const std::string_view command = process.command;
    const std::string_view program = command.substr(0, command.find(' '));
    std::string base = fileName(program);
    const std::string_view rest = command.substr(program.size());
    // "sshd: user@pts/0": titles that programs give themselves are no paths.
    if (base.empty() || program.ends_with(':'))
        base = std::string(program);
    const QString text = displayText(base + std::string(rest));
    const bool same = base.substr(0, std::min(base.size(), kCommLength)) == process.name || base.find(process.name) != std::string::npos;
    return same || process.name.empty() ? text : displayText(process.name) + QStringLiteral(" · ") + text;
}

QString cpuText(double processors)
{
    if (processors < 0 || !std::isfinite(processors))
        return QStringLiteral("–");
    return QStringLiteral("%1 %").arg(std::lround(std::min(processors, 1e6) * 100));
}

QString startedText(std::int64_t unixNs, const QDateTime& now)
{
    const QDateTime started = QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000, now.timeZone());
    if (started.date() == now.date())
        return started.toString(QStringLiteral("HH:mm:ss"));
    return started.date().year() == now.date().year() ? QLocale::c().toString(started.date(), QStringLiteral("d MMM")) : started.toString(QStringLiteral("yyyy-MM-dd"));
}

QString clockText(std::chrono::milliseconds elapsed)
{
    const auto ms = std::max<std::int64_t>(elapsed.count(), 0);
    const auto two = [](std::int64_t number) { return QStringLiteral("%1").arg(number, 2, 10, QLatin1Char('0')); };
    const std::int64_t tenths = ms / 100, seconds = ms / 1000, minutes = seconds / 60;
    if (minutes >= 60)
        return QStringLiteral("%1:%2:%3").arg(minutes / 60).arg(two(minutes % 60), two(seconds % 60));
    if (minutes)
        return QStringLiteral("%1:%2.%3").arg(minutes).arg(two(seconds % 60)).arg(tenths % 10);
    return QStringLiteral("%1.%2 s").arg(seconds).arg(tenths % 10);
}

QString countText(std::uint64_t count)
{
    return QString::fromStdString(formatCount(static_cast<std::int64_t>(std::min<std::uint64_t>(count, INT64_MAX))));
}

QString bytesText(std::uint64_t bytes)
{
    return QString::fromStdString(formatBytes(static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, INT64_MAX))));
}

QString fileStem(const std::string& programName)
{
    const QString shown = displayText(fileName(programName));
    QString stem;
    for (const QChar c : shown.left(kStemLength)) {
        const bool good = c.isLetterOrNumber() || c == QLatin1Char('-') || c == QLatin1Char('_') || (c == QLatin1Char('.') && !stem.isEmpty());
        stem += good ? c : QLatin1Char('_');
    }
    return stem.isEmpty() ? QStringLiteral("process") : stem;
}

QString expandedPath(const QString& pattern, const QString& stem, pid_t pid, const QDateTime& now)
{
    QString path = pattern.trimmed();
    if (path == QLatin1String("~") || path.startsWith(QLatin1String("~/")))
        path.replace(0, 1, QDir::homePath());
    path.replace(QLatin1String("{name}"), stem);
    path.replace(QLatin1String("{time}"), now.toString(QStringLiteral("yyyyMMdd-HHmmss")));
    // A command has no number before it is started.
    path.replace(QLatin1String("-{pid}"), pid > 0 ? QStringLiteral("-%1").arg(pid) : QString());
    return path.replace(QLatin1String("{pid}"), pid > 0 ? QString::number(pid) : QStringLiteral("new"));
}

QString shortPath(const QString& path)
{
    const QString home = QDir::homePath();
    return home.size() > 1 && path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path;
}

Result<std::vector<std::string>> splitCommand(const std::string& line)
{
    std::vector<std::string> words;
    std::string word;
    bool inWord = false;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote && c == quote)
            quote = 0;
        else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            const char next = line[i + 1];
            if (quote && next != '"' && next != '\\') // within "..." it stands for itself before other signs
                word += c;
            word += next;
            ++i;
            inWord = true;
        } else if (quote)
            word += c;
        else if (c == '\'' || c == '"') {
            quote = c;
            inWord = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (std::exchange(inWord, false))
                words.push_back(std::exchange(word, {}));
        } else {
            word += c;
            inWord = true;
        }
    }
    if (quote)
        return Error{ErrorCode::Usage, std::string("A ") + quote + " is opened in the command and never closed.", {}};
    if (inWord)
        words.push_back(word);
    return words;
}

QString recordText(const RecordRequest& request)
{
    if (!request.target.command.empty())
        return QStringLiteral("Record command");
    return request.others.empty() ? QStringLiteral("Record process %1").arg(request.target.pid)
                                  : QStringLiteral("Record %1 processes").arg(request.others.size() + 1);
}

QString outcomeText(RecordEnd end, const RecordStatus& status, const RecordRequest& request)
{
    const bool command = !request.target.command.empty();
    const bool byItself = end == RecordEnd::TimeLimit && request.steps;
    QString text = QStringLiteral("Recorded for %1, %2")
                       .arg(clockText(status.elapsed), byItself ? QStringLiteral("%1 steps").arg(countText(request.steps)) : QLatin1String(reasonText(end, command)));
    if (status.samples)
        text += QStringLiteral(": %1 samples, %2 lost").arg(countText(status.samples), status.lost ? countText(status.lost) : QStringLiteral("none"));
    return text + QLatin1Char('.');
}

} // namespace opscope
