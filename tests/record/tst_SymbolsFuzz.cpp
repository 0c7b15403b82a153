#include <QTest>

#include "core/record/sampling/CodeModule.h"
#include "core/record/sampling/FrameRules.h"
#include "core/record/sampling/Names.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace opscope::sampling;

namespace {

std::string programBytes()
{
    return readSmallFile(OPSCOPE_PROGRAMS "/waiting");
}

FileHandle inMemory(std::string_view bytes)
{
    FileHandle file(memfd_create("mutant", MFD_CLOEXEC));
    if (write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return {};
    return file;
}

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kMostKiB = 800u << 10; // what is freed stays in quarantine
#else
constexpr std::size_t kMostKiB = 200u << 10;
#endif

/// In KiB, of this process at this moment.
std::size_t residentSize()
{
    const std::string status = readSmallFile("/proc/self/status");
    return static_cast<std::size_t>(std::atoll(status.c_str() + status.find("VmRSS:") + 6));
}

/// Everything that the recorder asks of a file. A number that depends on the answers, so that nothing is left out.
std::size_t askEverything(std::string_view bytes)
{
    CodeModule module(inMemory(bytes), "/x/mutant", nullptr);
    std::size_t sum = 0;
    if (!module.isElf()) return sum;
    for (std::uint64_t offset = 0; offset < bytes.size(); offset += 509) sum += module.addressOf(offset).value_or(0);
    const SymbolTable& symbols = module.symbols();
    for (std::size_t i = 0; i < std::min<std::size_t>(symbols.size(), 200); ++i) {
        const std::string name = functionName(symbols.name(i));
        if (name.empty() || name.find('\0') != std::string::npos) qFatal("a name is empty or has a control character");
        sum += name.size() + symbols.find(symbols[i].address);
    }
    FrameRules rules;
    for (std::uint64_t address = 0x1000; address < 0x1400; address += 3) {
        sum += module.functionStart(address).value_or(1) + module.followsCall(address);
        const FrameRule& rule = rules[rules.add(module, address)];
        sum += rule.known + rule.registers;
    }
    return sum;
}

using Random = std::mt19937;

/// Any bytes anywhere.
void strew(std::string& bytes, Random& random)
{
    for (std::size_t count = 1 + random() % 40; count > 0; --count) bytes[random() % bytes.size()] = static_cast<char>(random());
}

/// One field of the headers of file, segments or sections becomes a number that hurts.
void changeHeader(std::string& bytes, Random& random)
{
    static constexpr std::uint64_t kNumbers[] = {0, 1, 7, 0x7fffffff, 0x80000000u, 0xffffffffu, 0x7fffffffffffffffu, ~std::uint64_t{0}, std::uint64_t{1} << 40};
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::size_t starts[] = {0, header.e_phoff, header.e_shoff}, sizes[] = {sizeof header, header.e_phnum * sizeof(Elf64_Phdr), header.e_shnum * sizeof(Elf64_Shdr)};
    const std::size_t which = random() % 3, width = std::size_t{1} << (random() % 4), at = starts[which] + random() % (sizes[which] / width) * width;
    const std::uint64_t number = kNumbers[random() % std::size(kNumbers)] - random() % 2;
    if (at + width <= bytes.size()) std::memcpy(bytes.data() + at, &number, width);
}

/// Bytes of the tables that are parsed with most freedom: call frame information, notes, symbols.
void changeSections(std::string& bytes, Random& random)
{
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    for (int tries = 0; tries < 20; ++tries) {
        Elf64_Shdr section;
        std::memcpy(&section, bytes.data() + header.e_shoff + random() % header.e_shnum * sizeof section, sizeof section);
        if (section.sh_type == SHT_NOBITS || section.sh_size == 0 || (section.sh_flags & SHF_EXECINSTR) || section.sh_offset + section.sh_size > bytes.size()) continue;
        for (std::size_t count = 1 + random() % 8; count > 0; --count) bytes[section.sh_offset + random() % section.sh_size] = static_cast<char>(random());
        return;
    }
}

} // namespace

class TstSymbolsFuzz : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theProgramItselfHasAnswers()
    {
        const std::string bytes = programBytes();
        QVERIFY(bytes.size() > 4096);
        QVERIFY(askEverything(bytes) > 0);
        CodeModule module(inMemory(bytes), "/x/waiting", nullptr);
        QVERIFY(module.callFrames() != nullptr);
        QVERIFY(module.symbols().size() > 3);
    }

    void mutantsNeverCrashNorEatMemory_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("bytes anywhere") << 0;
        QTest::newRow("numbers in headers") << 1;
        QTest::newRow("bytes of sections") << 2;
    }
    void mutantsNeverCrashNorEatMemory()
    {
        QFETCH(int, kind);
        const std::string original = programBytes();
        Random random(20 + static_cast<unsigned>(kind));
        const std::size_t before = residentSize();
        std::size_t answered = 0;
        for (int i = 0; i < 1500; ++i) {
            std::string bytes = original;
            (kind == 0 ? strew : kind == 1 ? changeHeader : changeSections)(bytes, random);
            answered += askEverything(bytes) != 0;
        }
        QVERIFY(answered > 100); // most are still ELF files
        QVERIFY2(residentSize() < before + kMostKiB, "memory grew by hundreds of megabytes");
    }

    void filesCutAnywhereAreRead()
    {
        const std::string bytes = programBytes();
        std::size_t answered = 0;
        for (std::size_t size = 0; size < bytes.size(); size += 97) answered += askEverything(std::string_view(bytes).substr(0, size)) != 0;
        QVERIFY(answered > 0);
    }

    void hugeFilesWithHolesAreNotReadWhole_data()
    {
        QTest::addColumn<bool>("segments");
        QTest::newRow("sections") << false;
        QTest::newRow("segments too") << true;
    }
    /// A file with a hole costs nothing on disk, so parts of any size can be had.
    void hugeFilesWithHolesAreNotReadWhole()
    {
        QFETCH(bool, segments);
        std::string bytes = programBytes();
        Elf64_Ehdr header;
        std::memcpy(&header, bytes.data(), sizeof header);
        constexpr std::uint64_t kHuge = std::uint64_t{1} << 31; // what memory has room for, so that reading it shows
        for (std::size_t i = 1; i < header.e_shnum; ++i)
            (reinterpret_cast<Elf64_Shdr*>(bytes.data() + header.e_shoff) + i)->sh_size = kHuge;
        for (std::size_t i = 0; segments && i < header.e_phnum; ++i)
            (reinterpret_cast<Elf64_Phdr*>(bytes.data() + header.e_phoff) + i)->p_filesz = kHuge;
        FileHandle file = inMemory(bytes);
        QCOMPARE(ftruncate(file.get(), off_t{1} << 36), 0);
        const std::size_t before = residentSize();
        CodeModule module(std::move(file), "/x/huge", nullptr);
        QVERIFY(module.isElf());
        QVERIFY(module.symbols().empty());
        QCOMPARE(module.callFrames() != nullptr, !segments); // found by the segments, if those can be believed
        QVERIFY(residentSize() < before + (100u << 10));
    }

    void whatIsNoProgramHasNoAnswers()
    {
        for (const std::string_view text : {"", "#!/bin/sh\n", "\x7f" "ELF"}) QCOMPARE(askEverything(text), 0u);
        std::string bytes = programBytes();
        bytes[EI_DATA] = ELFDATA2MSB;
        QCOMPARE(askEverything(bytes), 0u);
        bytes = programBytes();
        bytes[offsetof(Elf64_Ehdr, e_type)] = ET_CORE;
        QCOMPARE(askEverything(bytes), 0u);
    }
};

QTEST_GUILESS_MAIN(TstSymbolsFuzz)
#include "tst_SymbolsFuzz.moc"
