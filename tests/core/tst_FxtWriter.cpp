#include <QTest>

#include "core/format/fxt/FxtWriter.h"
#include "tests/support/FxtText.h"

#include <cmath>
#include <cstring>

using namespace opscope;
using namespace opscope::test;
using Argument = FxtWriter::Argument;

namespace {

constexpr FxtWriter::Thread kMain{7, 8};

/// A file that is being written.
struct File
{
    std::string bytes;
    FxtWriter writer{bytes, {}};
    FxtText text() const { return fxtText(bytes); }
    /// Without what the constructor wrote.
    std::vector<std::string> lines() const
    {
        std::vector<std::string> all = text().lines;
        all.erase(all.begin(), all.begin() + 3);
        return all;
    }
};

std::string joined(const std::vector<std::string>& lines)
{
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
}

void compare(const std::vector<std::string>& lines, const std::vector<std::string>& expected)
{
    QCOMPARE(QString::fromStdString(joined(lines)), QString::fromStdString(joined(expected)));
}

std::string wordsOf(const std::string& bytes)
{
    std::string text;
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        char hex[20];
        std::snprintf(hex, sizeof hex, "%016lx\n", static_cast<unsigned long>(word));
        text += hex;
    }
    return text;
}

std::vector<std::string> numbered(const std::string& prefix, std::size_t count)
{
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(prefix + std::to_string(i));
    return all;
}

} // namespace

class tst_FxtWriter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theWordsAreThoseOfTheSpecification();
    void theStartSaysWhoWroteItAndWhen();
    void everyKindOfEventIsWritten();
    void switchesAndWakeupsNameTheirThreads();
    void switchesOfKnownThreadsAreShort();
    void integersTakeTheSmallestTypeThatHoldsThem();
    void argumentsPastTheFifteenthAreCounted();
    void aFullTableOfStringsGoesOnInline();
    void valuesOfArgumentsLeaveIndexesForNames();
    void aFullTableOfThreadsGoesOnInline();
    void longTextsAreCutBetweenCharacters();
    void noRecordIsLongerThanTheFormatAllows();
    void noBytesButUtf8AreWritten();
    void timesInFrontOfTheStartAreTheStart();
    void everythingBetweenTwoCallsIsWholeRecords();
};

/// The test vector of fxt.md section 10, in our order: strings are registered as they come.
void tst_FxtWriter::theWordsAreThoseOfTheSpecification()
{
    std::string bytes;
    FxtWriter writer(bytes, {"Opscope", 0x17});
    writer.processName(1, "demo [pid=7]");
    writer.threadName({1, 2}, "main");
    const Argument address{"address", FxtWriter::Pointer{0x401000}};
    writer.begin({1, 2}, 10, "", "f", {&address, 1});
    writer.end({1, 2}, 25, "", "f");
    QCOMPARE(QString::fromStdString(wordsOf(bytes)), QString("0016547846040010\n"
                                                             "0070000000110020\n" "0065706f6373704f\n" // provider 1 "Opscope"
                                                             "0000000000120010\n"                      // section 1
                                                             "0000000000000041\n" "000000003b9aca00\n" "0000000000000000\n" "0000000000000017\n"
                                                             "0000000c00010032\n" "69705b206f6d6564\n" "000000005d373d64\n" // string 1
                                                             "0000000001010027\n" "0000000000000001\n"                      // process 1, name #1
                                                             "0000000400020022\n" "000000006e69616d\n"                      // string 2 "main"
                                                             "0000000700030022\n" "00737365636f7270\n"                      // string 3 "process"
                                                             "0000010002020047\n" "0000000000000002\n" "0000000000030028\n" "0000000000000001\n"
                                                             "0000000000010033\n" "0000000000000001\n" "0000000000000002\n" // thread slot 1
                                                             "0000000100040022\n" "0000000000000066\n"                      // string 4 "f"
                                                             "0000000700050022\n" "0073736572646461\n"                      // string 5 "address"
                                                             "0004000001120044\n" "000000000000000a\n" "0000000000050027\n" "0000000000401000\n"
                                                             "0004000001030024\n" "0000000000000019\n"));
}

void tst_FxtWriter::theStartSaysWhoWroteItAndWhen()
{
    std::string bytes;
    FxtWriter(bytes, {"Opscope 1.0", 1'700'000'000'123'456'789});
    compare(fxtText(bytes).lines, {"provider 1 \"Opscope 1.0\"", "section 1", "ticks 1000000000 base 0 at 1700000000123456789"});
    bytes.clear();
    FxtWriter(bytes, {std::string(254, 'a') + "\xC3\xA4", {}});
    compare(fxtText(bytes).lines, {"provider 1 \"" + std::string(254, 'a') + "\"", "section 1", "ticks 1000000000"});
}

void tst_FxtWriter::everyKindOfEventIsWritten()
{
    File file;
    const Argument some[] = {{"none", {}}, {"yes", true}, {"text", "value"}, {"half", 0.5}, {"owner", FxtWriter::Koid{9}}, {"at", FxtWriter::Pointer{255}}};
    const Argument series[] = {{"used", std::int64_t{5}}, {"nan", std::nan("")}};
    file.writer.slice(kMain, 10, 25, "cat", "name", some);
    file.writer.begin(kMain, 11, "", "open");
    file.writer.end(kMain, 12, "", "open");
    file.writer.instant(kMain, 13, "cat", "");
    file.writer.counter(kMain, 14, "cat", "memory", 77, series);
    file.writer.linked(fxt::EventType::AsyncBegin, kMain, 15, "cat", "async", 1);
    file.writer.linked(fxt::EventType::AsyncEnd, kMain, 16, "cat", "async", UINT64_MAX);
    file.writer.linked(fxt::EventType::FlowBegin, kMain, 17, "cat", "flow", 3);
    file.writer.linked(fxt::EventType::FlowEnd, kMain, 18, "cat", "flow", 3);
    file.writer.log(kMain, 19, "exactly8");
    file.writer.log(kMain, 20, "");
    file.writer.bufferFilledUp();
    compare(file.lines(), {R"(complete 7/8 10 "cat" "name" {none=null, yes=true, text="value", half=double:0.5, owner=koid:9, at=pointer:255} tail 25)",
                           R"(begin 7/8 11 "" "open" {})",
                           R"(end 7/8 12 "" "open" {})",
                           R"(instant 7/8 13 "cat" "" {})",
                           R"(counter 7/8 14 "cat" "memory" {used=int32:5, nan=double:nan} tail 77)",
                           R"(async-begin 7/8 15 "cat" "async" {} tail 1)",
                           R"(async-end 7/8 16 "cat" "async" {} tail 18446744073709551615)",
                           R"(flow-begin 7/8 17 "cat" "flow" {} tail 3)",
                           R"(flow-end 7/8 18 "cat" "flow" {} tail 3)",
                           R"(log 7/8 19 "exactly8")",
                           R"(log 7/8 20 "")",
                           R"(provider 1 event 0)"});
    QCOMPARE(file.text().inlineStrings, 0u);
    QCOMPARE(file.text().inlineThreads, 0u);
}

void tst_FxtWriter::switchesAndWakeupsNameTheirThreads()
{
    File file;
    const Argument weight{"incoming_weight", std::int64_t{4}};
    const Argument waker{"waker", FxtWriter::Koid{8}};
    file.writer.contextSwitch(3, 100, 8, fxt::ThreadState::Blocked, 9, {&weight, 1});
    file.writer.contextSwitch(65535, 200, 9, fxt::ThreadState::Running, 0);
    file.writer.contextSwitch(0, 300, 0, fxt::ThreadState::New, 8);
    file.writer.wakeup(2, 400, 9, {&waker, 1});
    compare(file.lines(), {"switch cpu 3 at 100: 8 (blocked) -> 9 {incoming_weight=int32:4}",
                           "switch cpu 65535 at 200: 9 (running) -> 0 {incoming_weight=int32:-2147483648}",
                           "switch cpu 0 at 300: 0 (new) -> 8 {outgoing_weight=int32:-2147483648}",
                           "wakeup cpu 2 at 400: 9 {waker=koid:8}"});
}

void tst_FxtWriter::switchesOfKnownThreadsAreShort()
{
    File file;
    const FxtWriter::Thread other{7, 9}, nobody;
    file.writer.contextSwitch(255, 100, kMain, fxt::ThreadState::Blocked, other);
    const std::size_t before = file.bytes.size();
    file.writer.contextSwitch(0, 200, other, fxt::ThreadState::Running, kMain);
    QCOMPARE(file.bytes.size() - before, std::size_t{16});
    file.writer.contextSwitch(0, 300, nobody, fxt::ThreadState::New, other);
    file.writer.contextSwitch(256, 400, nobody, fxt::ThreadState::New, other); // the old form has eight bits for it
    for (std::uint64_t i = 0; i < 300; ++i) file.writer.instant({10, 1000 + i}, 500, "", "");
    file.writer.contextSwitch(1, 600, {10, 2000}, fxt::ThreadState::Dead, nobody);
    file.writer.contextSwitch(1, 700, {10, 2000}, fxt::ThreadState::Dead, {10, 2001}); // neither has an index
    std::vector<std::string> lines = file.lines();
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("instant "); });
    compare(lines, {"legacy-switch cpu 255 at 100: 7/8 (blocked) -> 7/9",
                    "legacy-switch cpu 0 at 200: 7/9 (running) -> 7/8",
                    "legacy-switch cpu 0 at 300: 0/0 (new) -> 7/9",
                    "switch cpu 256 at 400: 0 (new) -> 9 {outgoing_weight=int32:-2147483648}",
                    "legacy-switch cpu 1 at 600: 10/2000 (dead) -> 0/0",
                    "switch cpu 1 at 700: 2000 (dead) -> 2001 {}"});
}

void tst_FxtWriter::integersTakeTheSmallestTypeThatHoldsThem()
{
    File file;
    const Argument numbers[] = {{"a", std::int64_t{-1}},         {"b", std::int64_t{INT32_MIN}},  {"c", std::int64_t{INT32_MIN} - 1}, {"d", std::int64_t{INT32_MAX} + 1},
                                {"e", std::int64_t{UINT32_MAX}}, {"f", std::int64_t{UINT32_MAX} + 1}, {"g", INT64_MIN},               {"h", std::uint64_t{7}},
                                {"i", std::uint64_t{1} << 63}};
    file.writer.instant(kMain, 0, "", "", numbers);
    compare(file.lines(), {"instant 7/8 0 \"\" \"\" {a=int32:-1, b=int32:-2147483648, c=int64:-2147483649, d=uint32:2147483648, e=uint32:4294967295, "
                           "f=int64:4294967296, g=int64:-9223372036854775808, h=int32:7, i=uint64:9223372036854775808}"});
}

void tst_FxtWriter::argumentsPastTheFifteenthAreCounted()
{
    const std::vector<std::string> names = numbered("a", 40);
    std::vector<Argument> all;
    for (const std::string& name : names) all.push_back({name, std::int64_t{1}});
    File file;
    file.writer.instant(kMain, 1, "", "fits", FxtWriter::Arguments(all).first(15));
    file.writer.instant(kMain, 2, "", "one more", FxtWriter::Arguments(all).first(16));
    file.writer.threadName(kMain, "many", all); // and the process
    std::string fourteen;
    for (int i = 0; i < 14; ++i) fourteen += "a" + std::to_string(i) + "=int32:1, ";
    compare(file.lines(), {"instant 7/8 1 \"\" \"fits\" {" + fourteen + "a14=int32:1}",
                           "instant 7/8 2 \"\" \"one more\" {" + fourteen + "arguments left out=int32:2}",
                           "thread 8 \"many\" {process=koid:7, " + fourteen.substr(0, fourteen.rfind("a13")) + "arguments left out=int32:27}"});
}

void tst_FxtWriter::aFullTableOfStringsGoesOnInline()
{
    File file;
    const std::vector<std::string> names = numbered("name ", 32'767 + 3);
    for (int round = 0; round < 2; ++round)
        for (const std::string& name : names) file.writer.instant(kMain, 1, "", name);
    const FxtText text = file.text();
    QCOMPARE(QString::fromStdString(text.error), QString());
    QCOMPARE(text.registrations.size(), 32'767u + 1); // and the thread
    QCOMPARE(text.inlineStrings, 6u);
    QCOMPARE(text.lines.size(), 3 + 2 * names.size());
    for (std::size_t i = 0; i < 2 * names.size(); ++i)
        QCOMPARE(text.lines[3 + i], "instant 7/8 1 \"\" \"" + names[i % names.size()] + "\" {}");
}

void tst_FxtWriter::valuesOfArgumentsLeaveIndexesForNames()
{
    File file;
    for (const std::string& value : numbered("value ", 40'000)) {
        const Argument argument{"v", std::string_view(value)};
        file.writer.instant(kMain, 1, "", "same", {&argument, 1});
    }
    const std::size_t inlineValues = file.text().inlineStrings;
    for (const std::string& name : numbered("name ", 5000)) file.writer.instant(kMain, 1, "", name);
    const FxtText text = file.text();
    QCOMPARE(QString::fromStdString(text.error), QString());
    QVERIFY(inlineValues > 10'000);
    QCOMPARE(text.inlineStrings, inlineValues);
    QCOMPARE(text.lines[3 + 39'999], R"(instant 7/8 1 "" "same" {v="value 39999"})");
}

void tst_FxtWriter::aFullTableOfThreadsGoesOnInline()
{
    File file;
    for (std::uint64_t round = 0; round < 2; ++round)
        for (std::uint64_t id = 0; id < 300; ++id) {
            file.writer.slice({5, id}, 1, 2, "", "s");
            file.writer.log({5, id}, 3, "text");
        }
    const FxtText text = file.text();
    QCOMPARE(QString::fromStdString(text.error), QString());
    QCOMPARE(text.registrations.size(), 255u + 1); // and the name
    QCOMPARE(text.inlineThreads, 2u * 2 * 45);
    for (std::size_t i = 0; i < 600; ++i) {
        const std::string who = "5/" + std::to_string(i % 300);
        QCOMPARE(text.lines[3 + 2 * i], "complete " + who + " 1 \"\" \"s\" {} tail 2");
        QCOMPARE(text.lines[4 + 2 * i], "log " + who + " 3 \"text\"");
    }
}

void tst_FxtWriter::longTextsAreCutBetweenCharacters()
{
    for (const std::string character : {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x94\xA5"}) {
        std::string longText = "abc"; // so that 32,000 is inside a character of three or four bytes
        while (longText.size() < 33'000) longText += character;
        File file;
        file.writer.instant(kMain, 1, "", longText);
        file.writer.log(kMain, 2, longText);
        const FxtText text = file.text();
        QCOMPARE(QString::fromStdString(text.error), QString()); // it looks at the UTF-8 of what is inline
        const std::string kept = longText.substr(0, 3 + (32'000 - 3) / character.size() * character.size());
        QCOMPARE(text.lines[3], "instant 7/8 1 \"\" \"" + kept + "\" {}");
        QCOMPARE(text.lines[4], "log 7/8 2 \"" + kept + "\"");
    }
}

void tst_FxtWriter::noRecordIsLongerThanTheFormatAllows()
{
    File file;
    for (const std::string& name : numbered("n", 32'767)) file.writer.instant(kMain, 1, "", name); // from here on all is inline
    const std::string text(40'000, 'x');
    std::vector<Argument> arguments, smaller;
    const std::vector<std::string> names = numbered(std::string(5000, 'k'), 15);
    for (const std::string& name : names) {
        arguments.push_back({name, std::string_view(text)});
        smaller.push_back({name, std::string_view("v")});
    }
    file.bytes.clear(); // what was written is written; records go on
    file.writer.slice({1, 2}, 1, 2, text, text, arguments);
    file.writer.slice({1, 2}, 1, 2, "c", std::string(20'000, 'y'), smaller);
    file.writer.processName(3, text, arguments);
    std::string whole;
    FxtWriter(whole, {});
    const FxtText read = fxtText(whole + file.bytes);
    QCOMPARE(QString::fromStdString(read.error), QString());
    QVERIFY(read.longestRecord <= 4095);
    QCOMPARE(read.lines.size(), 3u + 3);
    QVERIFY(read.lines[3].ends_with("{arguments left out=int32:15} tail 2"));
    QVERIFY(read.lines[4].ends_with("=\"v\", arguments left out=int32:13} tail 2"));
    QVERIFY(read.lines[5].ends_with("{arguments left out=int32:15}"));
}

void tst_FxtWriter::noBytesButUtf8AreWritten()
{
    File file;
    const std::string bad = "a\xFF\xC3";
    file.writer.instant(kMain, 1, "", bad);
    file.writer.instant(kMain, 2, "", bad);
    file.writer.log(kMain, 3, bad);
    const std::string repaired = "a\xEF\xBF\xBD\xEF\xBF\xBD";
    compare(file.lines(), {"instant 7/8 1 \"\" \"" + repaired + "\" {}", "instant 7/8 2 \"\" \"" + repaired + "\" {}", "log 7/8 3 \"" + repaired + "\""});
    QCOMPARE(file.text().registrations.size(), 2u);
    QVERIFY(file.bytes.find('\xFF') == std::string::npos || file.bytes.find(bad) == std::string::npos);
}

void tst_FxtWriter::timesInFrontOfTheStartAreTheStart()
{
    File file;
    file.writer.slice(kMain, -5, -1, "", "early");
    file.writer.slice(kMain, 10, 9, "", "turned");
    file.writer.slice(kMain, 10, INT64_MAX, "", "long");
    compare(file.lines(), {R"(complete 7/8 0 "" "early" {} tail 0)", R"(complete 7/8 10 "" "turned" {} tail 10)",
                           R"(complete 7/8 10 "" "long" {} tail 9223372036854775807)"});
}

/// Somebody who empties the buffer after each call and is killed leaves a file that can be read.
void tst_FxtWriter::everythingBetweenTwoCallsIsWholeRecords()
{
    File file;
    std::size_t last = file.bytes.size();
    for (std::uint64_t i = 0; i < 600; ++i) {
        const std::string name = "event " + std::to_string(i % 50);
        const Argument argument{"n", static_cast<std::int64_t>(i)};
        file.writer.slice({1, i % 300}, static_cast<Nanos>(i), static_cast<Nanos>(i + 1), "c", name, {&argument, 1});
        QVERIFY(file.bytes.size() > last);
        last = file.bytes.size();
        QCOMPARE(fxtText(file.bytes).error, std::string());
    }
}

QTEST_GUILESS_MAIN(tst_FxtWriter)
#include "tst_FxtWriter.moc"
