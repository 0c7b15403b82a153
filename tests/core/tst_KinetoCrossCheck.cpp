#include "core/format/text/TextDump.h"
#include "core/io/ByteSource.h"
#include "core/io/Loader.h"
#include "tests/support/Golden.h"

#include <QTest>
#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <simdjson.h>
#include <sstream>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

// The same files read by two parsers that share no code with ours, compared field by field.

namespace {

struct Expected
{
    std::string ph, name, cat, pid, tid, ts, dur, id; ///< pid, tid, id: JSON text; ts, dur: digits as written
    std::map<ArgField, std::int64_t> args;
    std::string dims, types, strides;
    friend bool operator==(const Expected&, const Expected&) = default;
};

const std::map<std::string, ArgField, std::less<>> kFields = {
    {"correlation", ArgField::Correlation}, {"External id", ArgField::ExternalId}, {"external id", ArgField::ExternalId},
    {"Record function id", ArgField::RecordFunctionId}, {"Sequence number", ArgField::SequenceNumber},
    {"Fwd thread id", ArgField::FwdThreadId}, {"Ev Idx", ArgField::EventIndex}, {"Profiler Event Index", ArgField::EventIndex},
    {"device", ArgField::Device}, {"stream", ArgField::Stream}, {"bytes", ArgField::Bytes}, {"Bytes", ArgField::Bytes},
    {"wait_on_cuda_event_record_corr_id", ArgField::WaitCorrelation}};

std::string unpacked(const std::string& path)
{
    auto source = ByteSource::openFile(path);
    std::string all;
    std::vector<char> block(1 << 20);
    while (source) {
        const auto got = (*source)->read(block);
        if (!got || *got == 0)
            break;
        all.append(block.data(), *got);
    }
    return all;
}

/// Of a number, or of a string of digits; what is neither is none.
std::optional<std::int64_t> whole(std::string text)
{
    if (text.ends_with(".0"))
        text.resize(text.size() - 2);
    const char* const end = text.data() + text.size();
    std::int64_t value = 0;
    if (auto [p, e] = std::from_chars(text.data(), end, value); e == std::errc() && p == end && !text.empty())
        return value;
    std::uint64_t big = 0;
    if (auto [p, e] = std::from_chars(text.data(), end, big); e == std::errc() && p == end && !text.empty())
        return static_cast<std::int64_t>(big);
    return {};
}

/// "12.3456" microseconds -> nanoseconds, the rest truncated; by text alone.
Nanos nanos(std::string digits)
{
    if (digits.starts_with('"'))
        digits = digits.substr(1, digits.size() - 2);
    const auto dot = digits.find('.');
    std::string decimals = dot == digits.npos ? "" : digits.substr(dot + 1);
    decimals.resize(3, '0');
    const bool negative = digits.starts_with('-');
    const Nanos value = std::stoll(digits.substr(negative, dot == digits.npos ? dot : dot - negative) + decimals);
    return negative ? -value : value;
}

std::string trimmed(std::string_view text)
{
    while (!text.empty() && std::string_view(" \n\r\t").find(text.back()) != std::string_view::npos)
        text.remove_suffix(1);
    return std::string(text);
}

std::string stringOf(simdjson::ondemand::value value)
{
    std::string_view text;
    return value.get_string().get(text) ? std::string() : std::string(text);
}

void readArgs(simdjson::ondemand::object args, Expected& out)
{
    for (auto field : args) {
        const std::string key(std::string_view(field.unescaped_key()));
        simdjson::ondemand::value value = field.value();
        const auto known = kFields.find(key);
        if (known != kFields.end()) {
            out.args.erase(known->second);
            const bool isText = value.type() == simdjson::ondemand::json_type::string;
            const auto number = whole(isText ? stringOf(value) : trimmed(value.raw_json_token()));
            if (number)
                out.args[known->second] = *number;
        } else if (key == "Input Dims" || key == "Input dims" || key == "Input type" || key == "Input Strides") {
            std::string_view raw;
            if (value.type() == simdjson::ondemand::json_type::array)
                raw = value.get_array().value().raw_json();
            else
                raw = value.raw_json_token();
            (key == "Input type" ? out.types : key == "Input Strides" ? out.strides : out.dims) = trimmed(raw);
        }
    }
}

Expected readEvent(simdjson::ondemand::object event)
{
    Expected e;
    for (auto field : event) {
        const std::string key(std::string_view(field.unescaped_key()));
        simdjson::ondemand::value value = field.value();
        if (key == "ph")
            e.ph = stringOf(value);
        else if (key == "name")
            e.name = stringOf(value);
        else if (key == "cat")
            e.cat = stringOf(value);
        else if (key == "pid")
            e.pid = trimmed(value.raw_json_token());
        else if (key == "tid")
            e.tid = trimmed(value.raw_json_token());
        else if (key == "ts")
            e.ts = trimmed(value.raw_json_token());
        else if (key == "dur")
            e.dur = trimmed(value.raw_json_token());
        else if (key == "id")
            e.id = trimmed(value.raw_json_token());
        else if (key == "args" && value.type() == simdjson::ondemand::json_type::object)
            readArgs(value.get_object(), e);
    }
    return e;
}

/// By offset of the event in the file.
std::map<std::uint64_t, Expected> readBySimdjson(const simdjson::padded_string& text)
{
    std::map<std::uint64_t, Expected> result;
    simdjson::ondemand::parser parser;
    auto document = parser.iterate(text).value();
    simdjson::ondemand::array events;
    if (document.type() == simdjson::ondemand::json_type::array)
        events = document.get_array();
    else
        events = document["traceEvents"].get_array();
    for (auto element : events) {
        simdjson::ondemand::object event = element.get_object();
        const std::string_view raw = event.raw_json();
        event.reset();
        result.emplace(static_cast<std::uint64_t>(raw.data() - text.data()), readEvent(event));
    }
    return result;
}

std::string jsonText(const nlohmann::json& event, const char* key)
{
    return event.contains(key) ? event[key].dump() : std::string();
}

// Everything but the exact digits, which nlohmann_json does not keep.
Expected readByNlohmann(const nlohmann::json& event)
{
    Expected e;
    e.ph = event.value("ph", "");
    e.name = event.contains("name") && event["name"].is_string() ? event["name"].get<std::string>() : "";
    e.cat = event.contains("cat") && event["cat"].is_string() ? event["cat"].get<std::string>() : "";
    e.pid = jsonText(event, "pid");
    e.tid = jsonText(event, "tid");
    e.id = jsonText(event, "id");
    if (!event.contains("args") || !event["args"].is_object())
        return e;
    for (const auto& [key, value] : event["args"].items()) {
        const auto known = kFields.find(key);
        if (known == kFields.end())
            continue;
        if (value.is_number_unsigned())
            e.args[known->second] = static_cast<std::int64_t>(value.get<std::uint64_t>());
        else if (value.is_number_integer())
            e.args[known->second] = value.get<std::int64_t>();
        else if (value.is_string() || value.is_number_float())
            if (const auto number = whole(value.is_string() ? value.get<std::string>() : value.dump()))
                e.args[known->second] = *number;
    }
    return e;
}

std::string keyText(const Trace& trace, const TrackKey& key)
{
    switch (key.kind) {
    case TrackKey::Kind::None: return "";
    case TrackKey::Kind::Number: return std::to_string(key.number);
    case TrackKey::Kind::Text: return nlohmann::json(std::string(trace.text(key.text))).dump();
    default: return std::string(trace.text(key.text));
    }
}

void checkPlace(const Trace& trace, TrackId track, const Expected& e)
{
    const Track& t = trace.track(track);
    if (t.kind != TrackKind::Thread && t.kind != TrackKind::Stream)
        return;
    QCOMPARE(keyText(trace, trace.process(t.process).pid), e.pid);
    QCOMPARE(keyText(trace, t.tid), e.tid);
}

void checkName(std::string_view ours, const std::string& expected)
{
    if (expected.size() <= 4096)
        QCOMPARE(QByteArray(ours.data(), qsizetype(ours.size())), QByteArray::fromStdString(expected));
    else
        QVERIFY(ours.starts_with(expected.substr(0, 4000)));
}

void checkArgs(const Trace& trace, SliceId slice, const Expected& e)
{
    for (std::size_t i = 0; i < kArgFields; ++i) {
        const auto field = static_cast<ArgField>(i);
        if (field == ArgField::Signature)
            continue;
        const auto at = e.args.find(field);
        QCOMPARE(trace.slices().arg(slice, field), at == e.args.end() ? BlockColumn::kNone : at->second);
    }
    const std::int64_t row = trace.slices().arg(slice, ArgField::Signature);
    const Signature signature = row == BlockColumn::kNone ? Signature() : trace.signatures()[SignatureId(static_cast<std::uint32_t>(row))];
    QCOMPARE(std::string(trace.text(signature.dims)), e.dims);
    QCOMPARE(std::string(trace.text(signature.types)), e.types);
    QCOMPARE(std::string(trace.text(signature.strides)), e.strides);
}

std::vector<std::string> sampleFiles()
{
    std::vector<std::string> files = {std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/training_step.pt.trace.json.gz"};
    for (const char* folder : {"traces/kineto", "traces/graphs", "traces/chrome"}) {
        const std::string root = sharedPath(folder);
        if (root.empty())
            continue;
        for (const auto& entry : fs::directory_iterator(root))
            if (entry.path().string().find(".facts.") == std::string::npos)
                files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

class tst_KinetoCrossCheck : public QObject
{
    Q_OBJECT

private slots:
    void everyFieldOfEveryEvent_data();
    void everyFieldOfEveryEvent();
    void tinyWindowsGiveTheSameDump_data();
    void tinyWindowsGiveTheSameDump();
};

void tst_KinetoCrossCheck::everyFieldOfEveryEvent_data()
{
    QTest::addColumn<QString>("path");
    for (const std::string& file : sampleFiles())
        QTest::newRow(fs::path(file).filename().c_str()) << QString::fromStdString(file);
}

void tst_KinetoCrossCheck::everyFieldOfEveryEvent()
{
    QFETCH(QString, path);
    const std::string bytes = unpacked(path.toStdString());
    if (bytes.size() > (20u << 20) && !qEnvironmentVariableIsSet("OPSCOPE_ALL_FILES"))
        QSKIP("skipped: larger than 20 MB: set OPSCOPE_ALL_FILES to read it as well");
    const simdjson::padded_string padded(bytes);
    std::map<std::uint64_t, Expected> events;
    try {
        events = readBySimdjson(padded);
    } catch (const simdjson::simdjson_error& error) {
        QSKIP(error.what()); // a file that strict readers refuse
    }

    // The two oracles agree with each other.
    const nlohmann::json document = nlohmann::json::parse(bytes);
    const nlohmann::json& list = document.is_array() ? document : document["traceEvents"];
    QCOMPARE(list.size(), events.size());
    std::size_t index = 0;
    for (auto& [offset, bySimdjson] : events) {
        Expected other = readByNlohmann(list[index++]);
        QCOMPARE(other.ph, bySimdjson.ph);
        QCOMPARE(other.name, bySimdjson.name);
        QCOMPARE(other.cat, bySimdjson.cat);
        QVERIFY(other.args == bySimdjson.args);
        bySimdjson.pid = other.pid; // its texts are normal: no blanks, no needless escapes
        bySimdjson.tid = other.tid;
        bySimdjson.id = other.id;
        if (!bySimdjson.ts.starts_with('"') && !bySimdjson.ts.empty())
            QVERIFY(std::abs(list[index - 1]["ts"].get<double>() - static_cast<double>(nanos(bySimdjson.ts)) / 1000) < 0.5);
    }

    const auto loaded = loadTrace(std::vector<std::string>{path.toStdString()});
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
    const Trace& trace = **loaded;
    QCOMPARE(trace.stats().elements, events.size());

    std::size_t complete = 0, instants = 0, flows = 0;
    for (const auto& [offset, e] : events) {
        complete += e.ph == "X" && !e.ts.empty();
        instants += (e.ph == "i" || e.ph == "I") && !e.ts.empty();
        flows += e.ph == "s" || e.ph == "t" || e.ph == "f";
    }
    std::size_t seen = 0;
    for (std::uint32_t i = 0; i < trace.slices().size(); ++i) {
        const SliceId slice(i);
        const auto at = events.find(trace.slices().sourceOffset(slice));
        QVERIFY(at != events.end());
        const Expected& e = at->second;
        QCOMPARE(trace.slices().start(slice), nanos(e.ts));
        checkName(trace.name(slice), e.name);
        QCOMPARE(trace.category(trace.slices().category(slice)).name, e.cat);
        checkPlace(trace, trace.trackOf(slice), e);
        if (e.ph == "X") {
            ++seen;
            QCOMPARE(trace.slices().duration(slice), e.dur.empty() ? 0 : nanos(e.dur));
            checkArgs(trace, slice, e);
        }
        if (QTest::currentTestFailed())
            return;
    }
    QCOMPARE(seen, complete);
    seen = 0;
    for (std::uint32_t i = 0; i < trace.instants().size(); ++i) {
        const InstantId instant(i);
        const Expected& e = events.at(trace.instants().sourceOffset(instant));
        seen += e.ph == "i" || e.ph == "I";
        QCOMPARE(trace.instants().time(instant), nanos(e.ts));
        checkName(trace.text(trace.instants().name(instant)), e.name);
        checkPlace(trace, trace.trackOf(instant), e);
        if (QTest::currentTestFailed())
            return;
    }
    QCOMPARE(seen, instants);
    for (const FlowPoint& point : trace.flows().points()) {
        const Expected& e = events.at(point.source);
        QCOMPARE(point.time, nanos(e.ts));
        QCOMPARE(std::string(1, static_cast<char>(point.phase)), e.ph);
        QCOMPARE(trace.category(point.category).name, e.cat);
        const auto kind = static_cast<TrackKey::Kind>(point.idKind);
        if (kind == TrackKey::Kind::Number)
            QCOMPARE(std::to_string(static_cast<std::int64_t>(point.id)), e.id);
        else if (kind == TrackKey::Kind::Text)
            QCOMPARE(nlohmann::json(std::string(trace.text(StringId(static_cast<std::uint32_t>(point.id))))).dump(), e.id);
    }
    QCOMPARE(trace.flows().points().size(), flows);
}

void tst_KinetoCrossCheck::tinyWindowsGiveTheSameDump_data()
{
    QTest::addColumn<QString>("path");
    for (const std::string& file : sampleFiles())
        if (fs::file_size(file) < 200'000)
            QTest::newRow(fs::path(file).filename().c_str()) << QString::fromStdString(file);
}

void tst_KinetoCrossCheck::tinyWindowsGiveTheSameDump()
{
    QFETCH(QString, path);
    const std::vector<std::string> paths{path.toStdString()};
    std::string expected;
    for (std::size_t window : {2u << 20, 64u, 1000u, 65536u}) {
        ImportOptions options;
        options.windowBytes = window;
        const auto trace = loadTrace(paths, {}, options);
        QVERIFY(trace.ok());
        std::ostringstream out;
        QVERIFY(writeDump(**trace, out).ok());
        if (expected.empty())
            expected = out.str();
        QVERIFY2(out.str() == expected, std::to_string(window).c_str());
    }
}

QTEST_GUILESS_MAIN(tst_KinetoCrossCheck)
#include "tst_KinetoCrossCheck.moc"
