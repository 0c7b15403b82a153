#include "tests/support/CheckFormat.h"

#include <QTest>

using namespace opscope::test;

/// Every sample file through the one strict helper. To add a format: samples in tests/data/<format>/, a line each here.
class tst_Formats : public QObject
{
    Q_OBJECT

private slots:
    void twoStreams() { checkFormat("kineto/two-streams.json"); }
    void beginAndEnd() { checkFormat("kineto/begin-end.json"); }
    void asyncAndObjects() { checkFormat("kineto/async.json"); }
    void counters() { checkFormat("kineto/counters.json"); }
    void oddIds() { checkFormat("kineto/odd-ids.json"); }
    void irregularities() { checkFormat("kineto/irregular.json"); }
    void anArrayThatIsNeverClosed() { checkFormat("kineto/unclosed-array.json"); }
    void compactWithTwoArrays() { checkFormat("kineto/compact.json"); }
    void oneEventALine() { checkFormat("kineto/lines.json", CutBetweenLines::DoesNotShow); }
    void noEvents() { checkFormat("kineto/no-events.json"); }

    void executionTrace100() { checkFormat("et/flat_1.0.0.json"); }
    void executionTrace101() { checkFormat("et/flat_1.0.1.json"); }
    void executionTrace102() { checkFormat("et/attrs_1.0.2.json"); }
    void executionTrace103() { checkFormat("et/attrs_1.0.3.json"); }
    void executionTrace110() { checkFormat("et/attrs_1.1.0.json"); }
    void executionTrace111() { checkFormat("et/attrs_1.1.1.json"); }
    void linkedHostTrace() { checkFormat("et/linked_host_trace.json"); }
    void executionTraceOfTwoWindows() { checkFormat("et/torch213_two_windows.json"); }
    void executionTraceThatWasCutOff() { checkFormat("et/torch213_cut_off.json"); }
    void executionTraceWithUnescapedNames() { checkFormat("et/torch213_unescaped_names.json"); }
    void executionTraceWithAnUnfinishedScope() { checkFormat("et/torch213_unfinished_scope.json"); }
    void executionTraceOfNothing() { checkFormat("et/torch213_nothing_captured.json"); }
};

QTEST_GUILESS_MAIN(tst_Formats)
#include "tst_Formats.moc"
