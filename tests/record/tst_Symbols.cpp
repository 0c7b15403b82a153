#include <QTest>
#include <QProcess>
#include <QTemporaryDir>

#include "core/record/sampling/AddressSpace.h"
#include "core/record/sampling/Names.h"
#include "core/record/sampling/Symbols.h"
#include "core/record/sampling/TargetFiles.h"

#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope::sampling;

namespace shop {
template <class T>
[[gnu::noinline]] T doubled(T value)
{
    asm volatile("" : "+r"(value));
    return value + value;
}
} // namespace shop

namespace {

[[gnu::noinline]] int hidden(int value)
{
    asm volatile("" : "+r"(value));
    return value * 3;
}

template <class Function>
std::uint64_t addressOf(Function* function) { return reinterpret_cast<std::uint64_t>(function); }

Symbols ofThisProcess()
{
    Symbols symbols(getpid());
    [[maybe_unused]] const auto status = symbols.readMaps();
    return symbols;
}

std::string nameAt(Symbols& symbols, std::uint64_t address) { return symbols.frame(symbols.frameAt(address)).name; }
std::string moduleOf(Symbols& symbols, std::uint64_t address) { return symbols.frame(symbols.frameAt(address)).module; }

namespace fs = std::filesystem;
const std::string kProgram = OPSCOPE_PROGRAMS "/waiting";

/// tests/record/programs/waiting, or a copy of it, while it runs. It says itself where its functions are.
struct Waiting
{
    QProcess process;
    std::uint64_t innerLoop = 0, hidden = 0;

    explicit Waiting(const std::string& path, std::function<void()> before = {})
    {
        process.setChildProcessModifier(std::move(before));
        process.start(QString::fromStdString(path), QStringList());
        if (!process.waitForReadyRead(20000)) return;
        const QList<QByteArray> words = process.readLine().trimmed().split(' ');
        innerLoop = words.value(0).toULongLong(nullptr, 16);
        hidden = words.value(1).toULongLong(nullptr, 16);
    }
    ~Waiting()
    {
        process.closeWriteChannel();
        process.waitForFinished(20000);
    }
    bool runs() const { return innerLoop != 0; }
    Symbols symbols() const
    {
        Symbols its(static_cast<pid_t>(process.processId()));
        [[maybe_unused]] const auto status = its.readMaps();
        return its;
    }
};

bool tool(const QStringList& arguments)
{
    return QProcess::execute(QStringLiteral(OPSCOPE_OBJCOPY), arguments) == 0;
}

/// What symbols can be without: the executable alone, its debug file (as Debian's packages have it) in a folder beside it.
struct Stripped
{
    QTemporaryDir folder;
    std::string program = folder.filePath(QStringLiteral("stripped")).toStdString();
    std::string debug = folder.filePath(QStringLiteral(".debug/stripped.debug")).toStdString();
    bool made = false;

    Stripped()
    {
        if (std::string_view(OPSCOPE_OBJCOPY).empty()) return;
        fs::create_directory(fs::path(debug).parent_path());
        const QString original = QString::fromStdString(kProgram), from = QString::fromStdString(debug), to = QString::fromStdString(program);
        made = tool({QStringLiteral("--only-keep-debug"), original, from}) &&
               tool({QStringLiteral("--strip-all"), QStringLiteral("--add-gnu-debuglink=") + from, original, to});
    }
};

/// The first address of a function as the file has it, by the names of an unstripped copy in the same place.
std::string byAddress(const Waiting& waiting, std::uint64_t function)
{
    for (const Mapping& mapping : parseMaps(readSmallFile("/proc/" + std::to_string(waiting.process.processId()) + "/maps")))
        if (mapping.offset == 0 && lastPart(mapping.path) == "stripped")
            return "stripped+0x" + QByteArray::number(static_cast<qulonglong>(function - mapping.start), 16).toStdString();
    return {};
}

} // namespace

class TstSymbols : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void functionsOfThisProgramHaveTheirNames()
    {
        Symbols symbols = ofThisProcess();
        QCOMPARE(nameAt(symbols, addressOf(&shop::doubled<long>)), std::string("long shop::doubled<long>(long)"));
        QCOMPARE(nameAt(symbols, addressOf(&hidden)), std::string("(anonymous namespace)::hidden(int)"));
        QCOMPARE(moduleOf(symbols, addressOf(&hidden)), std::string("tst_Symbols"));
        QCOMPARE(symbols.offsetIn(addressOf(&hidden) + 3), 3u);
        QCOMPARE(symbols.frameAt(addressOf(&hidden)), symbols.frameAt(addressOf(&hidden) + 3));
        QVERIFY(symbols.isCode(addressOf(&hidden)));
        const int onStack = 0;
        QVERIFY(!symbols.isCode(reinterpret_cast<std::uint64_t>(&onStack)));
        QCOMPARE(hidden(2) + shop::doubled(3L), 12L);
    }

    void librariesAndTheKernelsOwnHaveTheirNames()
    {
        Symbols symbols = ofThisProcess();
        const auto address = reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, "a64l")); // sanitizers have a qsort of their own
        QCOMPARE(nameAt(symbols, address), std::string("a64l"));
        QVERIFY(moduleOf(symbols, address).starts_with("libc"));
        for (const Mapping& mapping : parseMaps(readSmallFile("/proc/self/maps")))
            if (mapping.path == "[vdso]") QCOMPARE(moduleOf(symbols, mapping.start + 0x800), std::string("[vdso]"));
    }

    void anotherProcessHasItsNames()
    {
        Waiting waiting(kProgram);
        QVERIFY(waiting.runs());
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.innerLoop), std::string("waiting::innerLoop(int)"));
        QCOMPARE(nameAt(symbols, waiting.hidden + 2), std::string("waiting::hidden(int)"));
        QCOMPARE(moduleOf(symbols, waiting.hidden), std::string("waiting"));
    }

    void theLinkersStubsHaveTheNameOfWhatTheyCall()
    {
        Waiting waiting(kProgram);
        Symbols symbols = waiting.symbols();
        std::string stubs;
        for (std::uint64_t address = waiting.innerLoop & ~std::uint64_t{0xFFF}; address < waiting.innerLoop; address += 16)
            if (const std::string name = nameAt(symbols, address); name.ends_with("@plt")) stubs += name + " ";
        QVERIFY2(stubs.find("printf@plt") != std::string::npos && stubs.find("fflush@plt") != std::string::npos, stubs.c_str());
    }

    void whatAProcessKnewStaysWhenItHasEnded()
    {
        auto waiting = std::make_unique<Waiting>(kProgram);
        const std::uint64_t address = waiting->innerLoop;
        Symbols symbols = waiting->symbols();
        waiting.reset();
        QCOMPARE(nameAt(symbols, address), std::string("waiting::innerLoop(int)"));
    }

    void aStrippedProgramHasTheNamesOfItsDebugFile()
    {
        Stripped files;
        if (!files.made) QSKIP("skipped: no objcopy");
        Waiting waiting(files.program);
        QVERIFY(waiting.runs());
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.hidden), std::string("waiting::hidden(int)"));
        QCOMPARE(moduleOf(symbols, waiting.hidden), std::string("stripped"));
    }

    void aDebugFileOfAnotherBuildIsNotBelieved()
    {
        Stripped files;
        if (!files.made) QSKIP("skipped: no objcopy");
        fs::copy_file("/proc/self/exe", files.debug, fs::copy_options::overwrite_existing); // has names, but of this test
        Waiting waiting(files.program);
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.hidden), byAddress(waiting, waiting.hidden));
    }

    void withoutNamesAFunctionIsWhereItBegins()
    {
        Stripped files;
        if (!files.made) QSKIP("skipped: no objcopy");
        fs::remove(files.debug);
        Waiting waiting(files.program);
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.innerLoop + 5), byAddress(waiting, waiting.innerLoop));
        QCOMPARE(symbols.frameAt(waiting.innerLoop), symbols.frameAt(waiting.innerLoop + 5));
        QCOMPARE(symbols.offsetIn(waiting.innerLoop + 5), 5u);
    }

    void aDeletedProgramKeepsItsNames()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("doomed")).toStdString();
        fs::copy_file(kProgram, path);
        Waiting waiting(path);
        fs::remove(path);
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.hidden), std::string("waiting::hidden(int)"));
        QCOMPARE(moduleOf(symbols, waiting.hidden), std::string("doomed"));
    }

    /// As when a package is updated under a running program: the new file under the old name would give wrong names.
    void aReplacedProgramHasItsOwnNames()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("updated")).toStdString();
        fs::copy_file(kProgram, path);
        Waiting waiting(path);
        fs::copy_file("/proc/self/exe", path + ".new");
        fs::rename(path + ".new", path);
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.hidden), std::string("waiting::hidden(int)"));
        Mapping mapping; // and if there is no other way to the old file, then no names
        mapping.path = path;
        struct stat info{};
        QCOMPARE(stat(path.c_str(), &info), 0);
        mapping.inode = info.st_ino + 1;
        QVERIFY(!TargetFiles(getpid()).openMapped(mapping));
        mapping.inode = info.st_ino;
        QVERIFY(TargetFiles(getpid()).openMapped(mapping));
    }

    void filesAreThoseOfTheTargetsMountNamespace()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("mounted")).toStdString();
        fs::copy_file("/bin/true", path); // what we see there
        Waiting waiting(path, [path] {
            if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(77);
            if (mount(kProgram.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) _exit(77);
        });
        if (!waiting.runs()) QSKIP("skipped: no other mount namespace without rights of root");
        Symbols symbols = waiting.symbols();
        QCOMPARE(nameAt(symbols, waiting.hidden), std::string("waiting::hidden(int)"));
    }

    void noPathLeadsOutOfTheTargetsRoot()
    {
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString();
        fs::copy_file(kProgram, root + "/inside");
        fs::copy_file(kProgram, root + "-outside", fs::copy_options::overwrite_existing);
        fs::create_symlink(root + "-outside", root + "/absolute");
        fs::create_symlink("../" + fs::path(root).filename().string() + "-outside", root + "/relative");
        fs::create_symlink("inside", root + "/sound");
        const pid_t child = fork();
        if (child == 0) {
            if (chroot(root.c_str()) != 0) _exit(77);
            raise(SIGSTOP);
            pause();
        }
        int status = 0;
        waitpid(child, &status, WUNTRACED);
        const TargetFiles files(child);
        const bool chrooted = WIFSTOPPED(status);
        const bool inside = bool(files.open("/inside")), sound = bool(files.open("/sound"));
        const bool plain = bool(files.openPlain("/inside")), link = bool(files.openPlain("/sound"));
        const bool absolute = bool(files.open("/absolute")), relative = bool(files.open("/relative"));
        const bool dots = bool(files.open("/../../../.." + root + "-outside"));
        if (chrooted) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
        }
        fs::remove(root + "-outside");
        if (!chrooted) QSKIP("skipped: only root can have another root");
        QVERIFY(inside && sound && plain);
        QVERIFY(!link && !absolute && !relative && !dots);
    }

    void devicesAndPipesAreNotOpened()
    {
        QTemporaryDir folder;
        const std::string pipe = folder.filePath(QStringLiteral("pipe")).toStdString();
        QCOMPARE(mkfifo(pipe.c_str(), 0600), 0);
        const TargetFiles files(getpid());
        for (const std::string& path : {pipe, std::string("/dev/zero"), std::string("/"), std::string("relative"), std::string()}) QVERIFY(!files.open(path));
        QVERIFY(!files.open("/proc/self/exe")); // a link of the kernel's that leads anywhere
    }

    void aProcessOfAnotherUserIsRefusedInASentence()
    {
        if (geteuid() == 0) QSKIP("skipped: root may look at everything");
        Symbols symbols(1);
        QCOMPARE(symbols.readMaps().error().message, std::string("You may record only your own processes."));
    }

    void whatIsNowhereSaysSo()
    {
        Symbols symbols = ofThisProcess();
        QCOMPARE(nameAt(symbols, 0x10), std::string("[unknown]"));
        QVERIFY(moduleOf(symbols, 0xffffffff81000000u).starts_with("["));
        QCOMPARE(nameAt(symbols, 0xffffffffff600400u), std::string("[vsyscall]"));
        Symbols none(0x7ffffff0);
        QVERIFY(!none.readMaps().ok());
        QCOMPARE(none.readMaps().error().message, std::string("Process 2147483632 has ended."));
    }

    void laterMappingsCutEarlierOnes()
    {
        AddressSpace space;
        space.add({0x1000, 0x9000, 0, nullptr});
        space.add({0x3000, 0x4000, 0x77000, nullptr});
        space.remove(0x5000, 0x6000);
        QCOMPARE(space.find(0x2fff)->end, 0x3000u);
        QCOMPARE(space.find(0x3000)->offset, 0x77000u);
        QCOMPARE(space.find(0x4000)->offset, 0x3000u);
        QVERIFY(!space.find(0x5000) && !space.find(0x5fff) && !space.find(0x9000) && !space.find(0xfff));
        QCOMPARE(space.find(0x6000)->offset, 0x5000u);
        space.add({0x0, 0x10000, 0, nullptr});
        QCOMPARE(space.find(0x6000)->start, 0u);
    }

    void linesOfMapsAreRead()
    {
        const auto all = parseMaps("55d0-55e0 r-xp 00001000 fe:02 42        /a b/c\\012d (deleted)\n55e0-55f0 rwxp 00000000 00:00 0 \nnonsense\n"
                                   "7ff0-7fe0 r-xp 0 0:0 0\n55f0-5600 r--p 00000000 00:00 0    [heap]");
        QCOMPARE(all.size(), 3u);
        QCOMPARE(all[0].path, std::string("/a b/c\nd (deleted)"));
        QCOMPARE(all[0].offset, 0x1000u);
        QCOMPARE(all[0].inode, 42u);
        QVERIFY(all[0].executable && all[1].executable && !all[2].executable);
        QCOMPARE(all[1].path, std::string());
        QCOMPARE(all[2].path, std::string("[heap]"));
    }

    void namesAreReadable()
    {
        QCOMPARE(functionName("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE"), std::string("core::fmt::Write::write_fmt"));
        QCOMPARE(functionName("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE"),
                 std::string("<alloc::string::String as core::fmt::Display>::fmt"));
        QCOMPARE(functionName("main"), std::string("main"));
        QCOMPARE(functionName("_ZSt4sortIPiEvT_S1_.isra.0"), std::string("void std::sort<int*>(int*, int*) [clone .isra.0]"));
        QCOMPARE(functionName("_Znonsense"), std::string("_Znonsense"));
        QCOMPARE(functionName(std::string_view("a\nb\x1b[31m\xff", 9)), std::string("a\xE2\x90\x8A" "b\xE2\x90\x9B[31m\xEF\xBF\xBD"));
        QCOMPARE(functionName(""), std::string("[no name]"));
        QVERIFY(functionName(std::string(1 << 20, 'x')).size() < 4100);
    }

    /// 400 characters that __cxa_demangle would make 2^40 of.
    void namesThatUnfoldToGigabytesStayAsTheyAre()
    {
        std::string name = "_Z1f1SIiiE";
        const std::string digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (std::size_t i = 0; i < 36; ++i) {
            const std::string last = i == 0 ? "S_" : std::string("S") + digits[i - 1] + "_";
            name += "S_I" + last + last + "E";
        }
        QCOMPARE(functionName(name), name);
        QVERIFY(functionName(name.substr(0, 10 + 10 * 4 - 1)) != "");
    }
};

QTEST_GUILESS_MAIN(TstSymbols)
#include "tst_Symbols.moc"
