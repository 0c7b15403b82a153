#pragma once

#include <QObject>
#include <QProcess>

#include <functional>
#include <string>

namespace opscope::magictrace {

/// A program in a process group of its own, whose output is always read: a full pipe would stop it. What it prints comes line by line and is
/// kept for error reports, the beginning and the end of it. Dies with SIGINT when we die, so that what it has is saved.
class Child : public QObject
{
    Q_OBJECT

public:
    static constexpr qsizetype kKept = 32 << 10;  ///< bytes of the beginning, and as many of the end
    static constexpr qsizetype kLine = 16 << 10;  ///< longer lines are cut

    explicit Child(QObject* parent = nullptr);
    ~Child() override;                            ///< kill()

    void start(const QString& program, const QStringList& arguments, const QString& temporaryFolder = {});
    /// SIGINT, to the program alone: it ends perf itself.
    void interrupt();
    /// SIGKILL to its group, and waits for the program's end: a moment.
    void kill();
    bool running() const { return m_process.state() != QProcess::NotRunning; }
    std::string output() const;                   ///< of both channels, "[...]" where something was left out
    std::string commandLine() const;              ///< as a shell would take it

Q_SIGNALS:
    void line(const QByteArray& line);
    void notStarted(const QString& reason);
    /// Behind its last line.
    void ended(bool signalled, int status);

private:
    void take(QByteArray& rest, const QByteArray& bytes);
    void tell(const QByteArray& line);
    void drain();

    QProcess m_process;
    QByteArray m_out, m_err;       // lines that are not whole yet
    std::string m_head, m_tail;
    bool m_leftOut = false;
};

} // namespace opscope::magictrace
