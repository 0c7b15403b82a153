#include "core/io/Redactor.h"
#include "tests/support/Gzip.h"
#include "tests/support/TraceFixture.h"

#include <QFile>
#include <QTest>

#include <nlohmann/json.hpp>

#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

using Json = nlohmann::json;

/// A run of PyTorch by alice, with the words that schedulers and programs leave behind.
constexpr const char* kTrace = R"({"schemaVersion": 1, "traceName": "/home/alice/runs/gpu7_40251.1732704788383329918.pt.trace.json",
"host_name": "gpu7.cluster.example.com", "username": "alice", "PT_PROFILER_JOB_NAME": "secretnet-4711", "tw_cluster": "tsp_pnb",
"displayTimeUnit": "ms", "trace_id": "C3AB6FAA", "distributedInfo": {"backend": "nccl", "rank": 0},
"metadata": {"env": {"HF_TOKEN": "hf_abcdefghijklmnopqrstuvwx1", "OMP_NUM_THREADS": "8", "USER": "alice"}, "argv": ["train.py", "--data=/home/alice/data"]},
"traceEvents": [
{"ph": "X", "cat": "python_function", "name": "/home/alice/src/train.py(12): step", "pid": 7, "tid": 8, "ts": 1, "dur": 99, "args": {"Python id": 1}},
{"ph": "X", "cat": "python_function", "name": "/home/alice/src/net.py(3): forward", "pid": 7, "tid": 8, "ts": 2, "dur": 90, "args": {}},
{"ph": "X", "cat": "cpu_op", "name": "aten::linear", "pid": 7, "tid": 8, "ts": 10, "dur": 20.5, "args": {"External id": 3}},
{"ph": "M", "name": "process_name", "pid": 7, "tid": 0, "ts": 0, "args": {"name": "python alice@gpu7.cluster.example.com"}}]})";

class Redacted
{
public:
    explicit Redacted(const char* trace = kTrace) : m_redactor(Redactor::of(*traceFromText(trace))) {}
    QByteArray event(std::string_view json) const { return value(json, ""); }
    QByteArray value(std::string_view json, std::string_view key) const
    {
        std::string out;
        m_redactor->apply(json, key, out);
        return QByteArray::fromStdString(out);
    }
    /// One text of an argument.
    QByteArray text(const QByteArray& text) const
    {
        QByteArray out = event(("{\"a\":\"" + text + "\"}").toStdString());
        return out.mid(6, out.size() - 8);
    }
    const Redactor& redactor() const { return *m_redactor; }
    QByteArray to(const char* what, const char* from) const
    {
        for (const Redactor::Replacement& r : m_redactor->replacements())
            if (r.what == what && r.from == from) return QByteArray::fromStdString(r.to);
        return {};
    }

private:
    std::shared_ptr<const Redactor> m_redactor;
};

QByteArray once(const Redactor& redactor, const QByteArray& json, const char* key = "")
{
    std::string out;
    redactor.apply(json.toStdString(), key, out);
    return QByteArray::fromStdString(out);
}

} // namespace

class tst_Redactor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsPrivateIsListedWithItsReplacement();
    void pathsGoAndFileNamesStay_data();
    void pathsGoAndFileNamesStay();
    void whatTellsNothingStaysAsItIs_data();
    void whatTellsNothingStaysAsItIs();
    void namesAreFoundWhereverTheyStand_data();
    void namesAreFoundWhereverTheyStand();
    void theSameTextHasTheSameReplacementEverywhere();
    void foldersStayApart();
    void bytesThatAreNotReplacedStayAsTheyWere();
    void keysThatNamePeopleAndMachinesAreReplacedAsAWhole();
    void environmentsAndSecretsAreNeverKept();
    void aUserWithTheNameOfAnOperatorLeavesOperatorsAlone();
    void sourceCodeIsLeftOut();
    void aSecondTimeChangesNothing();
    void numbersOfARedactedFileAreNotGivenAgain();
    void theOutcomeDoesNotDependOnTheOrderOfCalls();
    void whateverComesJsonStaysJson();
    void hostileTextsTakeNoLongerThanOthers();
    void nothingThatIsListedRemainsInARealTrace_data();
    void nothingThatIsListedRemainsInARealTrace();
};

void tst_Redactor::whatIsPrivateIsListedWithItsReplacement()
{
    const Redacted r;
    QCOMPARE(r.to("host", "gpu7.cluster.example.com"), "host1");
    QCOMPARE(r.to("user", "alice"), "user1");
    QCOMPARE(r.to("job", "secretnet-4711"), "job1");
    QVERIFY(r.to("path", "/home/alice/src").startsWith("/path"));
    QVERIFY(r.to("environment", "tsp_pnb").startsWith("environment"));
    for (const Redactor::Replacement& one : r.redactor().replacements()) QVERIFY2(one.from.find("hf_") == std::string::npos, "a secret is never shown");
    QCOMPARE(r.to("environment", "HF_TOKEN, a secret"), "withheld");
}

void tst_Redactor::pathsGoAndFileNamesStay_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("kept"); // behind "/pathN"
    const auto row = [](const char* name, const char* text, const char* kept) { QTest::newRow(name) << QByteArray(text) << QByteArray(kept); };
    row("a frame", "/home/alice/src/train.py(12): step", "/train.py(12): step");
    row("a package", "/home/alice/env/lib/python3.12/site-packages/torch/nn/modules/linear.py(9): forward", "/site-packages/torch/nn/modules/linear.py(9): forward");
    row("the library of python", "/home/alice/env/lib/python3.12/threading.py(3): run", "/python3.12/threading.py(3): run");
    row("a checkout of torch", "/home/alice/pytorch/torch/autograd/profiler.py", "/torch/autograd/profiler.py");
    row("a folder called torch", "/home/alice/torch/secret/train.py", "/train.py");
    row("a folder", "/home/alice/secret", "");
    row("a home", "/home/alice", "");
    row("a home with a full stop", "/home/alice.smith", "");
    row("a Mac", "/Users/alice/src/a.py", "/a.py");
    row("Windows", "C:\\\\Users\\\\alice\\\\src\\\\a.py(3): f", "/a.py(3): f");
    row("Windows, without escapes", "C:\\Users\\alice\\src\\a.py(3): f", "/a.py(3): f");
    row("Windows, with what looks like an escape", "C:\\Users\\bob\\new\\train.py", "/train.py");
    row("Windows, a blank in the name", "C:\\\\Users\\\\John Smith\\\\My Documents (old)\\\\a.py(3): f", "/a.py(3): f");
    row("Windows, slashes", "C:/Users/alice/src/a.py", "/a.py");
    row("a share", "\\\\\\\\server\\\\share\\\\alice\\\\a.py", "/a.py");
    row("escaped slashes", "\\/home\\/alice\\/src\\/train.py", "/train.py");
    row("a tilde", "~/src/train.py", "/train.py");
    row("upwards", "../../home/alice/src/train.py", "/train.py");
    row("a home further down", "/private/home/anupamb/step_based.json", "/step_based.json");
    row("users of a file server", "/zhang-x3/users/ml2585/eg_logs/linear_trace.json", "/linear_trace.json");
    row("a root of its own", "/sgl-workspace/sglang/python/srt/scheduler.py(3): f", "/scheduler.py(3): f");
    row("below root", "/root/repos/x/trace.json", "/trace.json");
    row("below tmp", "/tmp/run_of_alice/x/a.json", "/a.json");
}

void tst_Redactor::pathsGoAndFileNamesStay()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, kept);
    const QByteArray got = Redacted().text(text);
    QVERIFY2(got.startsWith("/path"), got.constData());
    const qsizetype end = got.indexOf('/', 1) < 0 ? got.size() : got.indexOf('/', 1);
    QCOMPARE(got.mid(end), kept);
    QCOMPARE(Redacted().text(got), got);
}

void tst_Redactor::whatTellsNothingStaysAsItIs_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char* text :
         {"aten::linear", "aten::_foreach_add_", "autograd::engine::evaluate_function: AddmmBackward0", "torch/nn/modules/module.py(1773): _wrapped_call_impl",
          "transformers/models/owlv2/modeling_owlv2.py(3): forward", "<built-in method linear of type object at 0x7f3e>", "nn.Module: Linear_3",
          "/usr/lib/python3.12/threading.py(12): run", "/opt/rocm/lib/libamdhip64.so", "void at::native::elementwise_kernel<128, 4>(int, at::detail::Array<char*, 2>)",
          "/model/layers.0/self_attn/q_proj/MatMul", "/layer1/Conv", "nvidia-cublas-cu12==12.8.4.1", "Chrome/156.0.0.0", "threading.local", "https://pytorch.org/docs/stable/x.html",
          "c10::d2::f", "12:30:45.123", "a/b", "1/2", "and/or", "ProfilerStep#4", "user_annotation", "Memcpy HtoD (Pageable -> Device)", "/tmp/torchinductor_root/mw/cmw.py",
          "XBLOCK=128,num_keys=3", "sorted(key=len)", "root", "/tmp/tmpkgvvssf3.json", "src/users/models/a.py", "\\d+\\w", "C:", "//", "/", "~Foo", "lambda x: x @ y.T", "127.0.0.1:29500", "resnet.layer1.0.conv2"})
        QTest::newRow(text) << QByteArray(text);
}

void tst_Redactor::whatTellsNothingStaysAsItIs()
{
    QFETCH(QByteArray, text);
    QCOMPARE(Redacted().text(text), text);
}

void tst_Redactor::namesAreFoundWhereverTheyStand_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* text, const char* expected) { QTest::newRow(name) << QByteArray(text) << QByteArray(expected); };
    row("a host in words", "on gpu7.cluster.example.com, rank 0", "on host1, rank 0");
    row("its short name", "gpu7: ready", "host1: ready");
    row("part of another word", "gpu77 and mygpu7", "gpu77 and mygpu7");
    row("an address to mail", "alice@gpu7.cluster.example.com", "user1@host1");
    row("a user in a name", "run of alice (3)", "run of user1 (3)");
    row("a user in a folder that is kept", "logs/alice/x.json", "logs/user1/x.json");
    row("part of a name", "malice alicent", "malice alicent");
    row("inductor", "/tmp/torchinductor_alice/mw/cmw.py", "/tmp/torchinductor_user1/mw/cmw.py");
    row("a job", "job secretnet-4711 done", "job job1 done");
    row("a secret in words", "run HF_TOKEN=abc123 next", "run HF_TOKEN=withheld next");
    row("a token that shows what it is", "--token hf_abcdefghijklmnopqrstuvwx1", "--token withheld");
}

void tst_Redactor::namesAreFoundWhereverTheyStand()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    const Redacted r;
    QCOMPARE(r.text(text), expected);
    QCOMPARE(r.text(expected), expected);
}

void tst_Redactor::theSameTextHasTheSameReplacementEverywhere()
{
    const Redacted r;
    const QByteArray folder = r.to("path", "/home/alice/src");
    QCOMPARE(r.text("/home/alice/src/x.py"), folder + "/x.py");
    QCOMPARE(r.text("a (/home/alice/src/y.py:8)"), "a (" + folder + "/y.py:8)");
    QCOMPARE(r.value("{\"cwd\": \"/home/alice/src\"}", "metadata"), "{\"cwd\": \"" + folder + "\"}");
    // What nothing but this event shows has a name too, the same in every file.
    const QByteArray unseen = r.text("tcp://10.1.2.3:29500");
    QVERIFY2(unseen.startsWith("tcp://host-") && unseen.endsWith(":29500"), unseen.constData());
    QCOMPARE(Redacted().text("tcp://10.1.2.3:29500"), unseen);
    QVERIFY(r.text("tcp://10.1.2.4:29500") != unseen);
    QVERIFY(r.text("ip-10-0-1-7.ec2.internal").startsWith("host-"));
    QVERIFY(r.text("[fe80::1c2d:3e4f]:80").startsWith("[host-"));
}

void tst_Redactor::foldersStayApart()
{
    const Redacted r;
    QVERIFY(r.text("/home/alice/a/x.py") != r.text("/home/alice/b/x.py"));
    QCOMPARE(r.text("/home/alice/a/x.py"), r.text("\\/home\\/alice\\/a\\/x.py"));
    QCOMPARE(r.text("C:/Users/alice/a/x.py"), r.text("C:\\\\Users\\\\alice\\\\a\\\\x.py"));
    QCOMPARE(r.text("/home/alice/a/x.py;/home/alice/b/y.py"), r.text("/home/alice/a/x.py") + ";" + r.text("/home/alice/b/y.py"));
}

void tst_Redactor::bytesThatAreNotReplacedStayAsTheyWere()
{
    const Redacted r;
    for (const QByteArray& json : {QByteArray("{ \"ph\":\"X\" ,\"name\": \"aten::\\u006dm\" , \"ts\": 12.500, \"args\":{\"a\":[1.0e5, -0, \"\\/x\"], \"b\": null}}"),
                                  QByteArray("[ \"gpu77\", {\"id\": \"alice\", \"cat\": \"alice\", \"ph\": \"alice\"}, \"4711\", 4711]"), QByteArray("{\"a\": \"\xff\xfe\x01\"}"),
                                  QByteArray(""), QByteArray("\""), QByteArray("{\"a\": \"x\\"), QByteArray("nonsense } ] \" : {")})
        QCOMPARE(r.event(json.toStdString()), json);
    const QByteArray folder = r.to("path", "/home/alice/src");
    QCOMPARE(r.event("{\"a\": \"\\u00e9\xff \\/home\\/alice\\/src\\/x.py \\\"\\u00e9\"}"), "{\"a\": \"\\u00e9\xff " + folder + "/x.py \\\"\\u00e9\"}");
    QCOMPARE(r.event("{\"a\": \"/home/alice/src/x.py"), "{\"a\": \"" + folder + "/x.py");
}

void tst_Redactor::keysThatNamePeopleAndMachinesAreReplacedAsAWhole()
{
    const Redacted r;
    QCOMPARE(r.value("\"alice\"", "username"), "\"user1\"");
    QCOMPARE(r.value("\"gpu7.cluster.example.com\"", "host_name"), "\"host1\"");
    QCOMPARE(r.value("\"secretnet-4711\"", "PT_PROFILER_JOB_NAME"), "\"job1\"");
    QVERIFY(r.value("\"tsp_pnb\"", "tw_cluster").startsWith("\"environment"));
    QCOMPARE(r.value("\"ms\"", "displayTimeUnit"), "\"ms\"");
    QCOMPARE(r.value("\"C3AB6FAA\"", "trace_id"), "\"C3AB6FAA\"");
    QCOMPARE(r.value("{\"backend\": \"nccl\", \"rank\": 0}", "distributedInfo"), "{\"backend\": \"nccl\", \"rank\": 0}");
    QVERIFY(r.value("{\"hosts\": [\"n1\", \"n2\"]}", "metadata").count("host-") == 2);
    QCOMPARE(r.event("{\"args\": {\"user\": \"alice\", \"hostname\": \"root\", \"key\": \"aten\", \"query\": \"x\"}}"), "{\"args\": {\"user\": \"user1\", \"hostname\": \"root\", \"key\": \"aten\", \"query\": \"x\"}}");
}

void tst_Redactor::environmentsAndSecretsAreNeverKept()
{
    const Redacted r;
    const QByteArray env = r.value("{\"env\": {\"HF_TOKEN\": \"hf_abcdefghijklmnopqrstuvwx1\", \"OMP_NUM_THREADS\": \"8\", \"USER\": \"alice\", \"PATH\": \"/home/alice/bin:/usr/bin\", \"A\": {\"B\": \"zzz\"}}, \"kind\": \"fp8\"}", "metadata");
    const Json json = Json::parse(env.toStdString());
    QCOMPARE(json["env"]["HF_TOKEN"].get<std::string>(), "withheld");
    QCOMPARE(json["env"]["USER"].get<std::string>(), "user1");
    QVERIFY(json["env"]["OMP_NUM_THREADS"].get<std::string>().starts_with("environment"));
    QVERIFY(json["env"]["A"]["B"].get<std::string>().starts_with("environment"));
    QVERIFY(json["env"]["PATH"].get<std::string>().ends_with(":/usr/bin"));
    QCOMPARE(json["kind"].get<std::string>(), "fp8");
    QVERIFY(!env.contains("alice") && !env.contains("hf_"));
    QCOMPARE(r.event("{\"args\": {\"WANDB_API_KEY\": \"abc\", \"password\": \"p\\\"q\"}}"), "{\"args\": {\"WANDB_API_KEY\": \"withheld\", \"password\": \"withheld\"}}");
}

void tst_Redactor::aUserWithTheNameOfAnOperatorLeavesOperatorsAlone()
{
    const Redacted r("{\"username\": \"linear\", \"traceEvents\": ["
        "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"aten::linear\", \"pid\": 7, \"tid\": 8, \"ts\": 10, \"dur\": 20}]}");
    QCOMPARE(r.text("aten::linear"), "aten::linear");
    QCOMPARE(r.text("nn.Module: linear"), "nn.Module: linear");
    QVERIFY(r.text("/home/linear/x.py").startsWith("/path"));
    QCOMPARE(r.text("logs/linear/x.py"), "logs/user1/x.py");
    const Redacted root("{\"username\": \"root\", \"host_name\": \"localhost\", \"traceEvents\": ["
        "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"f\", \"pid\": 7, \"tid\": 8, \"ts\": 10, \"dur\": 20}]}");
    QVERIFY(root.redactor().replacements().empty());
}

void tst_Redactor::sourceCodeIsLeftOut()
{
    const QByteArray out = Redacted().value("{\"files\": {\"/home/alice/src/a.py\": [\"import os\\nkey = 1\\n\", 2]}}", "file_info");
    QVERIFY2(out.contains("source left out") && !out.contains("import os") && !out.contains("alice"), out.constData());
}

void tst_Redactor::aSecondTimeChangesNothing()
{
    const Json trace = Json::parse(kTrace);
    const Redacted r;
    Json redacted = Json::object();
    for (const auto& [key, value] : trace.items())
        redacted[key] = Json::parse(once(r.redactor(), QByteArray::fromStdString(value.dump()), key == "traceEvents" ? "" : key.c_str()).toStdString());
    const std::string text = redacted.dump();
    QVERIFY(text.find("alice") == std::string::npos && text.find("gpu7") == std::string::npos && text.find("4711") == std::string::npos);
    const Redacted again(text.c_str());
    QVERIFY2(again.redactor().replacements().empty(), again.redactor().replacements().empty() ? "" : again.redactor().replacements()[0].from.c_str());
    for (const auto& [key, value] : redacted.items()) {
        std::string out;
        QCOMPARE(again.redactor().apply(value.dump(), key == "traceEvents" ? "" : key, out), std::uint64_t{0});
        QCOMPARE(out, value.dump());
    }
}

void tst_Redactor::numbersOfARedactedFileAreNotGivenAgain()
{
    const Redacted r("{\"username\": \"user3\", \"traceEvents\": ["
        "{\"ph\": \"X\", \"cat\": \"python_function\", \"name\": \"/path8/a.py(1): f\", \"pid\": 7, \"tid\": 8, \"ts\": 10, \"dur\": 20},"
        "{\"ph\": \"X\", \"cat\": \"python_function\", \"name\": \"/home/bob/a.py(1): f\", \"pid\": 7, \"tid\": 8, \"ts\": 10, \"dur\": 20}]}");
    QCOMPARE(r.to("user", "bob"), "user4");
    QCOMPARE(r.text("/home/bob/a.py"), "/path9/a.py");
    QCOMPARE(r.text("/path8/a.py"), "/path8/a.py");
    QVERIFY(r.text("/path8/secret/a.py") != "/path8/secret/a.py");
}

void tst_Redactor::theOutcomeDoesNotDependOnTheOrderOfCalls()
{
    const Redacted a, b;
    const QByteArray one = "/mnt/x1/a.py", two = "/mnt/x2/a.py";
    const QByteArray oneFirst = a.text(one);
    a.text(two);
    b.text(two);
    QCOMPARE(b.text(one), oneFirst);
}

/// Pieces of private and other texts, put together at random and cut anywhere.
void tst_Redactor::whateverComesJsonStaysJson()
{
    const Redacted r;
    const std::vector<std::string> pieces{"/home/alice/src/", "alice", "gpu7", "C:\\Users\\John Smith\\", "train.py", "(12): f", " ", "\\", "/", "\"", "\n", "\x01", "10.1.2.3",
                                         "HF_TOKEN=", "x", "::", "site-packages/", "/path1/", "user1", "é", "~/", "..", "s3://b/", "@", "fe80::1:2", "(", "hf_abcdefghijklmnopqrstuvwx1", "="};
    std::mt19937 random(7);
    for (int round = 0; round < 4000; ++round) {
        std::string text;
        for (unsigned n = random() % 12; n; --n) text += pieces[random() % pieces.size()];
        const Json value = {{"name", text}, {"args", {{"user", text}, {text, {1, text, nullptr}}}}};
        std::string out, again;
        r.redactor().apply(value.dump(), "", out);
        QVERIFY2(Json::accept(out), (text + "\n" + out).c_str());
        r.redactor().apply(out, "", again);
        QVERIFY2(again == out, (text + "\n" + out + "\n" + again).c_str());
        std::string cut = value.dump().substr(0, random() % (value.dump().size() + 1)), ofCut;
        r.redactor().apply(cut, "metadata", ofCut); // must return
    }
}

void tst_Redactor::hostileTextsTakeNoLongerThanOthers()
{
    const Redacted r;
    const auto repeated = [](std::string_view piece) {
        std::string text = "{\"a\":\"";
        while (text.size() < 300'000) text += piece;
        return text + "\"}";
    };
    // Each of these would take hours were any step quadratic; the limit is the test program's own.
    for (const char* piece : {"/a b", "/home/alice/", "a@", "gpu7", "gpu7.cluster.example.co", "\\\\", "\\\"", "/home/a (", "1.2.3.", "a:", "AB:", "fe80:", "/path1", "user", "K_TOKEN=", "hf_a", "x "}) {
        std::string out;
        r.redactor().apply(repeated(piece), "", out);
        QVERIFY(!out.empty());
    }
}

void tst_Redactor::nothingThatIsListedRemainsInARealTrace_data()
{
    QTest::addColumn<QByteArray>("file");
    for (const char* file : {"kineto/cpu_only_rank34.pt.trace.json.gz", "kineto/ns_resolution_rank0.pt.trace.json.gz", "kineto/mi300_bert_small.json.gz",
                             "kineto/particle_transformer_cpu.pt.trace.json", "kineto/torch_compile_triton_rocm.json.gz", "chrome/viztracer_multithread.json",
                             "graphs/sglang_qwen3_8b_decode.json.gz", "pairs/linear/linear_kineto.json.gz"})
        QTest::newRow(file) << QByteArray(file);
}

void tst_Redactor::nothingThatIsListedRemainsInARealTrace()
{
    QFETCH(QByteArray, file);
    const std::string path = std::string(OPSCOPE_SHARED "/traces/") + file.constData();
    if (!QFile::exists(QString::fromStdString(path))) QSKIP("skipped: no shared traces");
    const std::string text = readUnpacked(path);
    const std::shared_ptr<const Redactor> redactor = Redactor::of(*traceFromFile(path));
    const Json trace = Json::parse(text);
    std::string all;
    for (const auto& [key, value] : trace.items()) {
        all += key + "\n";
        redactor->apply(value.dump(), key == "traceEvents" ? "" : key, all);
    }
    for (const Redactor::Replacement& one : redactor->replacements()) {
        if (one.from.size() < 5 || one.what == "environment") continue; // "8" and "prod" are words elsewhere
        QVERIFY2(all.find(one.from) == std::string::npos, one.from.c_str());
    }
    QVERIFY(!redactor->replacements().empty());
}

QTEST_GUILESS_MAIN(tst_Redactor)
#include "tst_Redactor.moc"
