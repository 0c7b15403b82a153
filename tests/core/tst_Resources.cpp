#include <QTest>

#include "core/io/Loader.h"
#include "core/tensor/KernelSource.h"
#include "core/tensor/Resources.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"

#include <filesystem>
#include <sys/stat.h>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

std::string textOf(const Result<ResourceFile>& file)
{
    if (!file.ok()) return "error: " + file.error().text();
    const auto text = file->read(0, 1000);
    return text.ok() ? *text : "error: " + text.error().text();
}

EtText lookup(int id, const std::string& device = "cuda:0", int offset = 0)
{
    return {id, 2, "aten::embedding",
            {"[" + etTensor(5, 6, 12, 4) + "," + etTensor(7, 8, 3, 8, device, offset) + "]", "[[4,3],[3]]", "['Tensor(float)','Tensor(long int)']", "[[3,1],[1]]"}};
}

EtText kernel(int id, const std::string& file)
{
    return {id, 2, "triton_poi_fused_" + std::to_string(id), {}, {}, "", etAttr("kernel_backend", "'triton'") + etAttr("kernel_file", "'" + file + "'")};
}

} // namespace

class tst_Resources : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void foldersAreLookedForUnderEverySpelling();
    void withoutAFolderThereIsNothing();
    void anEmptyFolderExists();
    void namesAreListedByKind();
    void twoFoldersCountAsOne();
    void aPlainFileIsRead();
    void nothingOutsideIsOpened_data();
    void nothingOutsideIsOpened();
    void linksPipesAndFoldersAreNotOpened();
    void aFolderThatIsALinkIsNotFollowedUnlessChosen();
    void aFileThatShrinksReadsShort();
    void whatIsMissingSurplusOrShortIsNotedWhenATraceIsOpened();
    void unsafeKernelFilesAreNotedEvenWithoutAFolder();
    void aFolderThatFitsIsSilent();
    void theSharedLookupsAreAsTheCatalogueSays();
    void theSharedEscapesReadNothingOutside();
};

void tst_Resources::foldersAreLookedForUnderEverySpelling()
{
    QCOMPARE(Resources::likelyFolders("/d/a.et.json"), (Strings{"/d/a.et_resources", "/d/a.et.json_resources"}));
    QCOMPARE(Resources::likelyFolders("/d/a.et.json.gz"), (Strings{"/d/a.et.json_resources", "/d/a.et_resources"}));
    QCOMPARE(Resources::likelyFolders("/d.e/trace"), (Strings{"/d.e/trace_resources"}));
    QCOMPARE(Resources::likelyFolders(".hidden"), (Strings{".hidden_resources"}));
    for (const char* suffix : {"a.et.json_resources", "a.et_resources"}) {
        const EtFolder folder("a.et.json.gz");
        fs::create_directories(folder.at(suffix));
        folder.write(gzip(etDocument({lookup(4)})));
        QVERIFY(writeFile(folder.at(suffix) + "/nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 3})));
        const auto trace = loadTrace(std::vector{folder.path()});
        QVERIFY(trace.ok());
        const Resources found = Resources::of(**trace, nodeNamed(**trace, "aten::embedding"));
        QVERIFY2(found.folder().ends_with(suffix), suffix);
        QVERIFY(found.open("nid_4_tid_1.dat").ok());
    }
}

void tst_Resources::withoutAFolderThereIsNothing()
{
    const EtFolder folder;
    const TracePtr trace = folder.open({lookup(4)});
    const Resources none = Resources::of(*trace, SourceId(0));
    QVERIFY(!none.exists() && none.folder().empty() && none.names().empty());
    QCOMPARE(textOf(none.open("a.py")), std::string("error: there is no resources folder beside the trace"));
    QCOMPARE(defectsOf(*trace), Strings{});
}

void tst_Resources::anEmptyFolderExists()
{
    const EtFolder folder;
    fs::create_directories(folder.folder());
    const TracePtr trace = folder.open({lookup(4)});
    const Resources empty = Resources::of(*trace, SourceId(0));
    QVERIFY(empty.exists() && empty.names().empty());
    QCOMPARE(textOf(empty.open("a.py")), std::string("error: a.py is not in the resources folder"));
}

void tst_Resources::namesAreListedByKind()
{
    const EtFolder folder;
    for (const char* name : {"nid_4_tid_0.dat", "nid_04_tid_0.dat", "nid_-4_tid_0.dat", "nid_4_tid_0.dat.bak", "nid_4_tid_.dat", "a.py",
                             "nid_99999999999999999999_tid_0.dat", "notes.txt", "new\nline.py"})
        folder.put(name, "12345678");
    fs::create_directory(folder.folder() + "/folder");
    fs::create_symlink("a.py", folder.folder() + "/link.py");
    const Resources found = Resources::beside(folder.path());
    Strings kinds;
    for (const ResourceName& name : found.names()) {
        static constexpr const char* kKinds[] = {"capture", "code", "other", "unsafe"};
        kinds.push_back(name.name + " " + kKinds[static_cast<int>(name.kind)]);
    }
    QCOMPARE(kinds, (Strings{"a.py code", "folder unsafe", "link.py unsafe", "new\nline.py code", "nid_-4_tid_0.dat other", "nid_04_tid_0.dat other",
                             "nid_4_tid_.dat other", "nid_4_tid_0.dat capture", "nid_4_tid_0.dat.bak other",
                             "nid_99999999999999999999_tid_0.dat other", "notes.txt other"}));
    const ResourceName* capture = found.capture(4, 0);
    QVERIFY(capture && capture->node == 4 && capture->tensor == 0 && capture->size == 8);
    QVERIFY(!found.capture(4, 1));
}

void tst_Resources::twoFoldersCountAsOne()
{
    const EtFolder folder("a.et.json");
    folder.put("a.py", "first");
    fs::create_directories(folder.at("a.et.json_resources"));
    QVERIFY(writeFile(folder.at("a.et.json_resources/a.py"), "second"));
    QVERIFY(writeFile(folder.at("a.et.json_resources/b.py"), "only here"));
    const Resources found = Resources::beside(folder.path());
    QCOMPARE(found.names().size(), 2u);
    QCOMPARE(textOf(found.open("a.py")), std::string("first"));
    QCOMPARE(textOf(found.open("b.py")), std::string("only here"));
}

void tst_Resources::aPlainFileIsRead()
{
    const EtFolder folder;
    folder.put("a.py", "0123456789");
    const auto file = Resources::beside(folder.path()).open("a.py");
    QVERIFY(file.ok());
    QCOMPARE(file->size(), std::uint64_t{10});
    QCOMPARE(*file->read(4, 3), std::string("456"));
    QCOMPARE(*file->read(8, 100), std::string("89"));
    QCOMPARE(*file->read(11, 1), std::string());
    QCOMPARE(*file->read(UINT64_MAX, 1), std::string());
}

void tst_Resources::nothingOutsideIsOpened_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char* name : {"../canary.txt", "..", ".", "", "/etc/passwd", "sub/file", "./a.py", "..\\canary.txt", "a.py/", "/", "\\", "a.py/../../canary.txt"})
        QTest::newRow(*name ? name : "empty") << QByteArray(name);
    QTest::newRow("zero byte") << QByteArray("a.py\0../canary.txt", 18);
    QTest::newRow("too long") << QByteArray(300, 'x');
}

void tst_Resources::nothingOutsideIsOpened()
{
    QFETCH(QByteArray, name);
    const EtFolder folder;
    folder.put("a.py", "inside");
    fs::create_directories(folder.folder() + "/sub");
    QVERIFY(writeFile(folder.folder() + "/sub/file", "below"));
    QVERIFY(writeFile(folder.at("canary.txt"), "CANARY"));
    const std::string text = textOf(Resources::beside(folder.path()).open(name.toStdString()));
    QVERIFY2(text.starts_with("error: ") && text.find("leaves the resources folder") != std::string::npos, text.c_str());
    QVERIFY(text.size() < 400 && text.find('\n') == std::string::npos && text.find('\0') == std::string::npos);
}

void tst_Resources::linksPipesAndFoldersAreNotOpened()
{
    const EtFolder folder;
    folder.put("a.py", "inside");
    QVERIFY(writeFile(folder.at("canary.txt"), "CANARY"));
    fs::create_symlink("../canary.txt", folder.folder() + "/out.py");
    fs::create_symlink("a.py", folder.folder() + "/in.py");
    fs::create_symlink("nowhere", folder.folder() + "/dangling.py");
    fs::create_directory(folder.folder() + "/folder.py");
    QCOMPARE(mkfifo((folder.folder() + "/pipe.py").c_str(), 0600), 0);
    const Resources found = Resources::beside(folder.path());
    for (const char* link : {"out.py", "in.py", "dangling.py"})
        QCOMPARE(textOf(found.open(link)), "error: " + std::string(link) + " is a link that may leave the resources folder; it is not followed");
    for (const char* other : {"folder.py", "pipe.py"})
        QCOMPARE(textOf(found.open(other)), "error: " + std::string(other) + " is not a plain file and is not read");
}

void tst_Resources::aFolderThatIsALinkIsNotFollowedUnlessChosen()
{
    const EtFolder folder;
    fs::create_directories(folder.at("elsewhere"));
    QVERIFY(writeFile(folder.at("elsewhere/a.py"), "elsewhere"));
    fs::create_symlink("elsewhere", folder.folder());
    const TracePtr trace = folder.open({kernel(4, "a.py")});
    const Resources beside = Resources::of(*trace, SourceId(0));
    QVERIFY(!beside.exists());
    QCOMPARE(beside.refusedFolders().size(), 1u);
    QCOMPARE(defectsOf(*trace), (Strings{"unsafe-path 1: a_et_resources is a link"}));
    QCOMPARE(textOf(Resources::inFolder(folder.folder()).open("a.py")), std::string("elsewhere"));
}

void tst_Resources::aFileThatShrinksReadsShort()
{
    const EtFolder folder;
    folder.put("a.py", std::string(1 << 20, 'x'));
    const auto file = Resources::beside(folder.path()).open("a.py");
    QVERIFY(file.ok());
    fs::resize_file(folder.folder() + "/a.py", 10);
    QCOMPARE(*file->read(0, 100), std::string(10, 'x'));
    QCOMPARE(*file->read(4096, 100), std::string());
}

void tst_Resources::whatIsMissingSurplusOrShortIsNotedWhenATraceIsOpened()
{
    const EtFolder folder;
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 3}));      // as it should be
    folder.put("nid_6_tid_1.dat", bytesOfValues<std::int64_t>({0, 1}));         // short; on the CPU with an offset
    folder.put("nid_4_tid_0.dat", "");                                          // of floats
    folder.put("nid_4_tid_9.dat", "");                                          // no such input
    folder.put("nid_77_tid_0.dat", "");                                         // no such node
    folder.put("a.py", "");
    const TracePtr trace = folder.open({lookup(4), lookup(5), lookup(6, "cpu", 2), kernel(7, "a.py"), kernel(8, "b.py"), kernel(9, "b.py")});
    QCOMPARE(defectsOf(*trace), (Strings{"missing-capture 1: nid_5_tid_1.dat", "wrong-size-capture 1: nid_6_tid_1.dat holds 16 of 24 bytes",
                                         "capture-offset 1: nid_6_tid_1.dat", "surplus-capture 3: nid_77_tid_0.dat", "missing-kernel-file 1: b.py"}));
    const auto& place = trace->diagnostics().places(Defect::MissingCapture).front();
    QCOMPARE(place.offset, trace->executionTrace()->node(trace->executionTrace()->byId(5)).sourceOffset);
}

void tst_Resources::unsafeKernelFilesAreNotedEvenWithoutAFolder()
{
    const EtFolder folder;
    const TracePtr trace = folder.open({kernel(4, "../x.py"), kernel(5, "a.py")});
    QCOMPARE(defectsOf(*trace), (Strings{"unsafe-path 1: ../x.py"}));
}

void tst_Resources::aFolderThatFitsIsSilent()
{
    const EtFolder folder;
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 3}));
    folder.put("a.py", "");
    QCOMPARE(defectsOf(*folder.open({lookup(4), kernel(5, "a.py")})), Strings{});
}

void tst_Resources::theSharedLookupsAreAsTheCatalogueSays()
{
    const std::string path = sharedPath("traces/et/resources_lookups/lookups_a.json");
    if (path.empty()) QSKIP("skipped: no shared traces");
    const auto trace = loadTrace(std::vector{path});
    QVERIFY(trace.ok());
    QCOMPARE(defectsOf(**trace), (Strings{"missing-capture 1: nid_4_tid_2.dat", "wrong-size-capture 1: nid_84_tid_4.dat holds 776 of 1,552 bytes",
                                          "surplus-capture 1: nid_999999_tid_0.dat"}));
}

void tst_Resources::theSharedEscapesReadNothingOutside()
{
    const std::string path = sharedPath("traces/bad/et_escape/in/et_escape.json");
    if (path.empty()) QSKIP("skipped: no shared traces");
    const auto trace = loadTrace(std::vector{path});
    QVERIFY(trace.ok());
    QCOMPARE((*trace)->diagnostics().count(Defect::UnsafePath), std::uint64_t{4});
    int shown = 0, refused = 0;
    const auto nodes = (*trace)->executionTrace()->nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!nodes[i].kernelFile.valid()) continue;
        const auto source = kernelSource(**trace, NodeId(i));
        shown += source.ok();
        if (source.ok()) QVERIFY(source->text.find("CANARY") == std::string::npos && source->fileName == "ok.py");
        else refused += source.error().message.find("leaves the resources folder") != std::string::npos;
        QVERIFY(!fxGraph(**trace, NodeId(i)).ok());
    }
    QCOMPARE(shown, 1);
    QCOMPARE(refused, 4);
}

QTEST_GUILESS_MAIN(tst_Resources)
#include "tst_Resources.moc"
