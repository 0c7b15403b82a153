#include <QTest>
#include <QProcess>
#include <QTemporaryDir>

#include "core/record/sampling/AddressSpace.h"
#include "core/record/sampling/Names.h"
#include "core/record/sampling/Symbols.h"

#include <cstdlib>
#include <dlfcn.h>
#include <sys/mman.h>
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
        const auto address = reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, "qsort"));
        QCOMPARE(nameAt(symbols, address), std::string("qsort"));
        QVERIFY(moduleOf(symbols, address).starts_with("libc"));
        for (const Mapping& mapping : parseMaps(readSmallFile("/proc/self/maps")))
            if (mapping.path == "[vdso]") QCOMPARE(moduleOf(symbols, mapping.start + 0x800), std::string("[vdso]"));
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
        space.add({0x1000, 0x9000, 0, nullptr, false});
        space.add({0x3000, 0x4000, 0x77000, nullptr, true});
        space.remove(0x5000, 0x6000);
        QCOMPARE(space.find(0x2fff)->end, 0x3000u);
        QVERIFY(space.find(0x3000)->anonymous && !space.find(0x4000)->anonymous);
        QCOMPARE(space.find(0x4000)->offset, 0x3000u);
        QVERIFY(!space.find(0x5000) && !space.find(0x5fff) && !space.find(0x9000) && !space.find(0xfff));
        QCOMPARE(space.find(0x6000)->offset, 0x5000u);
        space.add({0x0, 0x10000, 0, nullptr, true});
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
