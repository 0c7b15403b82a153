#include <QTest>

#include "core/record/daemon/ConfigText.h"
#include "core/record/daemon/DaemonProtocol.h"
#include "tests/support/KinetoClient.h"

#include <random>

using namespace opscope;
using namespace opscope::daemon;
using opscope::test::KinetoClient;

namespace {

std::string text(const Configuration& configuration)
{
    const auto made = configText(configuration);
    return made ? *made : "error: " + made.error().message;
}

Configuration configuration() { return {.logFile = "/tmp/opscope-0/r/host.pt.trace.json", .traceId = "0123456789abcdef"}; }

bool has(const std::string& text, const std::string& line) { return ("\n" + text).find("\n" + line + "\n") != std::string::npos; }

} // namespace

class tst_DaemonProtocol : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRequestOfSevenProcessesHas84Bytes()
    {
        const std::string bytes = KinetoClient::request(2, {4054, 3000, 200, 100, 50, 20, 10}, 77);
        QCOMPARE(bytes.size(), 84u); // as it was observed
        const auto message = parseDatagram(bytes);
        QVERIFY(message);
        QCOMPARE(message->kind, ClientMessage::Kind::Ask);
        QCOMPARE(message->pids, (std::vector<pid_t>{4054, 3000, 200, 100, 50, 20, 10}));
        QCOMPARE(message->job, 77);
        QVERIFY(message->ready);
    }

    void onlyTheBitOfActivitiesMakesItReady()
    {
        QVERIFY(!parseDatagram(KinetoClient::request(0, {5}))->ready);
        QVERIFY(!parseDatagram(KinetoClient::request(1, {5}))->ready);
        QVERIFY(parseDatagram(KinetoClient::request(3, {5}))->ready);
    }

    void oldClientsRegister()
    {
        const auto message = parseDatagram(KinetoClient::registration(4054, 9));
        QVERIFY(message);
        QCOMPARE(message->kind, ClientMessage::Kind::Register);
        QCOMPARE(message->pids, std::vector<pid_t>{4054});
        QCOMPARE(message->job, 9);
        const std::string answer = answerToRegister();
        QCOMPARE(answer, KinetoClient::datagram("ctxt", KinetoClient::number(std::int32_t{1})));
    }

    void anAnswerIsHeaderAndText()
    {
        QCOMPARE(answerTo("A=b\n"), KinetoClient::datagram("req", "A=b\n"));
        QCOMPARE(answerTo({}).size(), 40u);
        QCOMPARE(answerTo({}), KinetoClient::datagram("req", {}));
    }

    void badDatagrams_data()
    {
        using C = KinetoClient;
        const auto rest = [](std::int32_t count, std::size_t pids) {
            return C::number(std::int32_t{2}) + C::number(count) + C::number(std::int64_t{0}) + std::string(pids * 4, '\1');
        };
        QTest::addColumn<QByteArray>("bytes");
        const auto row = [](const char* name, const std::string& bytes) { QTest::newRow(name) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size())); };
        row("nothing", {});
        row("half a header", std::string(39, '\0'));
        row("no type", C::datagram("", rest(1, 1)));
        row("another type", C::datagram("data", rest(1, 1)));
        row("a header alone", C::datagram("req", {}));
        row("size too large", C::number(std::uint64_t{21}) + C::datagram("req", rest(1, 1)).substr(8));
        row("size beyond everything", C::number(~std::uint64_t{0}) + C::datagram("req", rest(1, 1)).substr(8));
        row("no process", C::datagram("req", rest(0, 0)));
        row("a negative number of processes", C::datagram("req", rest(-1, 1)));
        row("more processes than bytes", C::datagram("req", rest(2, 1)));
        row("fewer processes than bytes", C::datagram("req", rest(1, 2)));
        row("number whose bytes wrap around", C::datagram("req", rest(0x40000001, 1)));
        row("half a process", C::datagram("req", rest(1, 1) + "ab"));
        row("process 0", C::request(2, {0}));
        row("process -1", C::request(2, {-1}));
        row("registration too short", C::datagram("ctxt", std::string(15, '\1')));
        row("registration too long", C::datagram("ctxt", std::string(17, '\1')));
        row("registration of nobody", C::registration(0));
        row("longer than any", C::request(2, std::vector<std::int32_t>(200, 7)));
    }
    void badDatagrams()
    {
        QFETCH(QByteArray, bytes);
        QVERIFY(!parseDatagram({bytes.constData(), static_cast<std::size_t>(bytes.size())}));
    }

    void whateverComesIsTakenOrLeft()
    {
        std::mt19937 random(6);
        const std::vector<std::string> good{KinetoClient::request(2, {4054, 3000, 200}, 5), KinetoClient::registration(12)};
        int taken = 0;
        for (int round = 0; round < 200'000; ++round) {
            std::string bytes = good[random() % good.size()];
            for (auto flips = random() % 4; flips > 0; --flips) bytes[random() % bytes.size()] = static_cast<char>(random());
            if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
            const auto message = parseDatagram(std::string(bytes)); // a copy of exactly its size: the sanitizer sees its end
            if (!message) continue;
            ++taken;
            QVERIFY(!message->pids.empty() && message->pids.size() <= 3 && message->pids.front() > 0);
        }
        QVERIFY(taken > 1000);
    }

    void theTextOfARecordingByTime()
    {
        Configuration wanted = configuration();
        wanted.warmup = 5;
        wanted.startUnixMs = 1'790'000'000'123;
        QCOMPARE(text(wanted), std::string("ACTIVITIES_LOG_FILE=/tmp/opscope-0/r/host.pt.trace.json\n"
                                           "REQUEST_TRACE_ID=0123456789abcdef\n"
                                           "REQUEST_GROUP_TRACE_ID=0123456789abcdef\n"
                                           "ACTIVITIES_DURATION_MSECS=2000\n"
                                           "ACTIVITIES_WARMUP_PERIOD_SECS=5\n"
                                           "PROFILE_START_TIME=1790000000123\n"
                                           "PROFILE_REPORT_INPUT_SHAPES=true\n"
                                           "PROFILE_PROFILE_MEMORY=false\n"
                                           "PROFILE_WITH_STACK=false\n"
                                           "PROFILE_WITH_FLOPS=false\n"
                                           "PROFILE_WITH_MODULES=false\n"));
    }

    void theTextOfARecordingByStepsTellsNoTime()
    {
        Configuration wanted = configuration();
        wanted.steps = 3;
        wanted.warmup = 2;
        wanted.startUnixMs = 5;
        const std::string lines = text(wanted);
        QVERIFY(has(lines, "PROFILE_START_ITERATION=0"));
        QVERIFY(has(lines, "ACTIVITIES_ITERATIONS=3"));
        QVERIFY(has(lines, "ACTIVITIES_WARMUP_ITERATIONS=2"));
        QVERIFY(has(lines, "ACTIVITIES_DURATION_MSECS=2000")); // of programs that tell of no steps
        QVERIFY(has(lines, "ACTIVITIES_WARMUP_PERIOD_SECS=0"));
        QVERIFY(lines.find("PROFILE_START_TIME") == lines.npos);
    }

    void switchesAndKindsAreAsChosen()
    {
        Configuration wanted = configuration();
        wanted.wish = {.kernels = false, .shapes = false, .stacks = true, .memory = true, .modules = true, .flops = true};
        const std::string lines = text(wanted);
        for (const char* line : {"PROFILE_REPORT_INPUT_SHAPES=false", "PROFILE_PROFILE_MEMORY=true", "PROFILE_WITH_STACK=true", "PROFILE_WITH_FLOPS=true",
                                 "PROFILE_WITH_MODULES=true", "ACTIVITY_TYPES=cpu_op,user_annotation,cpu_instant_event,python_function,overhead"})
            QVERIFY2(has(lines, line), line);
        wanted.wish = {.ops = false};
        QVERIFY(text(wanted).find(",kernel,") != std::string::npos);
        QVERIFY(text(wanted).find("cpu_op") == std::string::npos);
        wanted.wish = {};
        QVERIFY(text(wanted).find("ACTIVITY_TYPES") == std::string::npos);
    }

    void whatWouldEndTheParsingIsRefused_data()
    {
        QTest::addColumn<QString>("file");
        for (const char* file : {"/tmp/a=b.json", "/tmp/a#b.json", "/tmp/a\nACTIVITIES_DURATION_SECS.json", "/tmp/a\r.json", " /tmp/a.json", "/tmp/a.json ", ""})
            QTest::newRow(file) << QString::fromLatin1(file);
    }
    void whatWouldEndTheParsingIsRefused()
    {
        QFETCH(QString, file);
        Configuration wanted = configuration();
        wanted.logFile = file.toStdString();
        const auto made = configText(wanted);
        QVERIFY(!made);
        QVERIFY(made.error().message.find('\n') == std::string::npos);
    }

    void timesThatKinetoDoesNotHoldAreRefused()
    {
        Configuration wanted = configuration();
        wanted.duration = std::chrono::hours(24 * 30);
        QVERIFY(!configText(wanted));
        wanted.duration = std::chrono::milliseconds(0);
        QVERIFY(!configText(wanted));
    }
};

QTEST_GUILESS_MAIN(tst_DaemonProtocol)
#include "tst_DaemonProtocol.moc"
