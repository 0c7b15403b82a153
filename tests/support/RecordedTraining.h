#pragma once

#include <QStandardPaths>
#include <QTest>

#include "core/io/Loader.h"
#include "core/trace/Trace.h"
#include "tests/support/RecordedPython.h"
#include "tests/support/TorchPython.h"

#include <memory>
#include <string>
#include <vector>

namespace opscope::test {

/// Where the programs are that are recorded.
inline const QString kLive = QStringLiteral(OPSCOPE_TEST_DATA "/../live");
inline const QString kTrain = kLive + QStringLiteral("/train.py");

inline TracePtr load(const std::vector<std::string>& paths)
{
    const auto trace = loadTrace(paths);
    if (!trace) qFatal("%s", trace.error().message.c_str());
    return *trace;
}

/// For tests of the recorder in training loops, which inherit it beside QObject.
class RecordedTraining
{
protected:
    RecordedTraining() { QStandardPaths::setTestModeEnabled(true); }

    /// A training loop that has begun.
    static std::unique_ptr<RecordedPython> training(const QStringList& words = {})
    {
        auto program = std::make_unique<RecordedPython>(torchPython(), RecordedPython::inDeliver(kLive, QStringList{kTrain} + words));
        if (!program->prints(3)) qFatal("no training: %s", program->errors().constData());
        return program;
    }
    /// One that many tests record, one behind the other, and that must come out of it unharmed.
    RecordedPython* shared()
    {
        if (!m_shared) m_shared = training();
        if (!m_shared->prints(1)) qFatal("the training has ended: %s", m_shared->errors().constData());
        return m_shared.get();
    }
    /// Behind the last test.
    void endShared()
    {
        if (!m_shared) return;
        QCOMPARE(m_shared->end(), 0);
        QVERIFY2(m_shared->lines().back() == nlohmann::json("ended"), (m_shared->tail() + m_shared->errors()).constData());
    }

private:
    std::unique_ptr<RecordedPython> m_shared;
};

} // namespace opscope::test
