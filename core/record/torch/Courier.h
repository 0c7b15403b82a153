#pragma once

#include <QObject>

#include "core/record/RecorderBackend.h"
#include "core/record/torch/Exchange.h"

namespace opscope::torch {

/// How the request reaches one process: the only thing in which inject, helper and launch differ. Lives in the event loop of the session.
class Courier : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;
    /// Makes `target` run the script with the request that lies in `exchange` (files of README.md are there already).
    virtual void deliver(const RecordTarget& target, const Exchange& exchange) = 0;
    /// Tries once more, when nothing of the script was seen for a while (harmless: the script claims its request). False: makes no sense here.
    virtual bool deliverAgain() { return false; }
    /// Takes back what was not begun yet. Called on cancel and failure, before the exchange folder goes.
    virtual void takeBack() {}
    /// Passes on at once what the command has printed by now: called before the end of the recording is told. May end in a cancel.
    virtual void catchUp() {}

Q_SIGNALS:
    void delivered();                      ///< on its way: the script will run at the next chance
    void refused(const opscope::RecordFailure& failure);
    void waitingFor(const QString& what);  ///< "native code", "sleep": why it does not run yet; presentable
    void started(pid_t pid);               ///< launch only: the command runs
    void ended(int status);                ///< launch only: the command has ended, as wait(2) gives it
    void printed(const QString& text);     ///< launch only
};

} // namespace opscope::torch
