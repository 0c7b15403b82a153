#pragma once

#include <QFile>
#include <QObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTimer>

#include <memory>
#include <string>

namespace opscope::magictrace {

/// On another thread, as long as that may take.
void removeFolder(std::unique_ptr<QTemporaryDir> folder);

/// A program in a process group of its own. It prints into a file that we follow: a pipe would stop it when nobody reads, and end it when we die.
/// Lines come one by one, and are kept for error reports, the beginning and the end of them. Gets SIGINT when we die, so that it saves what it has.
class Child : public QObject
{
    Q_OBJECT

public:
    static constexpr qsizetype kKept = 32 << 10;  ///< bytes of the beginning, and as many of the end
    static constexpr qsizetype kLine = 16 << 10;  ///< longer lines are cut

    explicit Child(QObject* parent = nullptr);
    ~Child() override;                            ///< SIGKILL to its group, and waits for the program's end; then the folder that leave() gave goes

    /// `folder`: for what it prints, and for its temporary files.
    void start(const QString& program, const QStringList& arguments, const QString& folder);
    /// SIGINT, to the program alone: it ends perf itself.
    void interrupt();
    /// SIGKILL to its group, and nothing is heard of it any more. It deletes itself once it has ended, which may take a second, and then
    /// `folder`, which may be null, is removed.
    void leave(std::unique_ptr<QTemporaryDir> folder);
    bool running() const { return m_process.state() != QProcess::NotRunning; }
    std::string output() const;                   ///< of both channels as they came, "[...]" where something was left out
    std::string commandLine() const;              ///< as a shell would take it

Q_SIGNALS:
    void line(const QByteArray& line);
    void notStarted(const QString& reason);
    /// Behind its last line.
    void ended(bool signalled, int status);

private:
    /// False: it does not run.
    bool kill();
    void follow();
    void take(const QByteArray& bytes);
    void tell(const QByteArray& line);

    std::unique_ptr<QTemporaryDir> m_folder;
    QProcess m_process;
    QFile m_log;
    QTimer m_looks;
    QByteArray m_rest;             // a line that is not whole yet
    std::string m_head, m_tail;
    bool m_leftOut = false, m_dropped = false;
};

} // namespace opscope::magictrace
