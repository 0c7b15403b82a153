#include <QTest>

#include "core/io/Loader.h"
#include "core/tensor/CapturedTensor.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Golden.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <stop_token>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;
using Order = TensorStatistics::Order;

std::string sizesText(const std::vector<int>& sizes)
{
    std::string out;
    for (const int size : sizes) out += (out.empty() ? "" : ",") + std::to_string(size);
    return "[" + out + "]";
}

/// A trace with one node that has one captured input.
struct Capture
{
    EtFolder folder;
    TracePtr trace;
    NodeId node;

    Capture(const std::string& dtype, int elements, int itemSize, const std::vector<int>& shape, const std::string& bytes,
            const std::string& strides = "", const std::string& device = "cuda:0", int offset = 0)
    {
        EtText text{4, 2, "op", {"[" + etTensor(7, 8, elements, itemSize, device, offset) + "]", "[" + sizesText(shape) + "]", "['Tensor(" + dtype + ")']", ""}};
        if (!strides.empty()) text.inputs.strides = "[" + strides + "]";
        folder.put("nid_4_tid_0.dat", bytes);
        trace = folder.open({text});
        node = nodeNamed(*trace, "op");
    }
    std::shared_ptr<const CapturedTensor> open() const
    {
        auto opened = CapturedTensor::open(*trace, node, TensorId(trace->executionTrace()->node(node).firstTensor));
        return opened.ok() ? *opened : nullptr;
    }
    std::string file() const { return folder.folder() + "/nid_4_tid_0.dat"; }
};

template <class T>
Capture captureOf(const std::vector<T>& values, const std::string& dtype)
{
    return Capture(dtype, static_cast<int>(values.size()), sizeof(T), {static_cast<int>(values.size())}, bytesOfValues(values));
}

Strings logical(const CapturedTensor& tensor)
{
    Strings out;
    for (std::uint64_t i = 0; i < tensor.expectedElements(); ++i) {
        const auto value = tensor.at(i);
        out.push_back(value ? tensor.text(*value) : "-");
    }
    return out;
}

/// Everything again, the slow and plain way.
template <class T>
void compareWithPlain(const std::vector<T>& values, const TensorStatistics& s)
{
    std::vector<T> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    long double sum = 0;
    for (const T v : values) sum += static_cast<long double>(v);
    const auto countOf = [&](T value) {
        return static_cast<std::uint64_t>(std::upper_bound(sorted.begin(), sorted.end(), value) - std::lower_bound(sorted.begin(), sorted.end(), value));
    };
    std::uint64_t distinct = 1;
    for (std::size_t i = 1; i < sorted.size(); ++i) distinct += sorted[i] != sorted[i - 1];
    QCOMPARE(s.count, std::uint64_t{values.size()});
    QCOMPARE(s.minimum, static_cast<std::int64_t>(sorted.front()));
    QCOMPARE(s.maximum, static_cast<std::int64_t>(sorted.back()));
    QVERIFY(s.median.has_value());
    QCOMPARE(*s.median, static_cast<std::int64_t>(sorted[(sorted.size() - 1) / 2]));
    const double mean = static_cast<double>(sum / static_cast<long double>(values.size()));
    QVERIFY(std::abs(s.mean - mean) <= 1e-9 * std::max(1.0, std::abs(mean)));
    QCOMPARE(s.zeros, countOf(0));
    QCOMPARE(s.negatives, static_cast<std::uint64_t>(std::count_if(values.begin(), values.end(), [](T v) { return v < T{0}; })));
    if (s.distinctIsEstimate)
        QVERIFY(std::abs(static_cast<double>(s.distinct) / static_cast<double>(distinct) - 1) < 0.04);
    else
        QCOMPARE(s.distinct, distinct);
    QCOMPARE(s.duplicates, s.count - s.distinct);
    std::uint64_t inBins = 0;
    QVERIFY(!s.bins.empty() && s.bins.size() <= 64);
    QCOMPARE(s.bins.front().low, s.minimum);
    QCOMPARE(s.bins.back().high, s.maximum);
    for (std::size_t b = 0; b < s.bins.size(); ++b) {
        inBins += s.bins[b].count;
        const T low = static_cast<T>(s.bins[b].low), high = static_cast<T>(s.bins[b].high);
        QVERIFY(low <= high);
        if (b) QCOMPARE(s.bins[b].low, s.bins[b - 1].high + 1);
        const auto inside = std::upper_bound(sorted.begin(), sorted.end(), high) - std::lower_bound(sorted.begin(), sorted.end(), low);
        QCOMPARE(s.bins[b].count, static_cast<std::uint64_t>(inside));
    }
    QCOMPARE(inBins, s.count);
    for (std::size_t f = 0; f < s.frequent.size(); ++f) {
        QCOMPARE(s.frequent[f].count, countOf(static_cast<T>(s.frequent[f].value)));
        if (f) QVERIFY(s.frequent[f].count <= s.frequent[f - 1].count);
    }
    if (!s.frequentIsSampled) QCOMPARE(s.frequent.size(), static_cast<std::size_t>(std::min<std::uint64_t>(16, distinct)));
    QVERIFY(!s.changed);
}

std::string readBack(const std::string& path) { return readFile(path); }

} // namespace

class tst_CapturedTensor : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void eachTypeIsReadAsItIs();
    void boolAndFloatAreNotCaptured();
    void bothSpellingsOfTypesAreTheSame();
    void aTransposedTensorIsReadThroughItsStrides();
    void anExpandedTensorIsReadThroughItsStrides();
    void aStridedTensorEndsBeforeItsLastValues();
    void withoutAShapeItIsOneRow();
    void aShapeThatDoesNotFitIsOneRow();
    void aShortFileShowsWhatIsThere();
    void aLongFileSaysSo();
    void half_a_valueAtTheEndIsNotOne();
    void anOffsetOnTheCpuIsNotTrusted();
    void hostileShapesAndStridesDoNoHarm();
    void outputsAndMissingFilesAreErrors();
    void pagesAreReadAtOnce();
    void aFileThatShrinksDoesNotCrash();
    void statisticsOfFewValuesAreExact();
    void statisticsAgreeWithThePlainWay();
    void ordersAreTold_data();
    void ordersAreTold();
    void statisticsOfNothing();
    void statisticsStopWhenAsked();
    void statisticsTellHowFarTheyAre();
    void npyIsWhatNumPyReads();
    void npyOfEveryType();
    void csvHasOneIndexADimension();
    void aShortFileIsSavedAsWhatIsThere();
    void savingLeavesNothingHalfDone();
    void rangesAreRead();
    void indicesAreComparedWithTheTable();
    void indicesAlongADimension();
    void offsetsMustRiseAndEndAtTheCount();
    void theSharedLookupsAreAsInThePicture();
};

void tst_CapturedTensor::eachTypeIsReadAsItIs()
{
    const auto check = [](const Capture& capture, IntegralType type, const Strings& values) {
        const auto tensor = capture.open();
        QVERIFY(tensor);
        QCOMPARE(title(tensor->type()), title(type));
        QCOMPARE(logical(*tensor), values);
        QCOMPARE(tensor->warnings(), Strings{});
    };
    check(captureOf<std::int8_t>({-128, 0, 127}, "signed char"), IntegralType::Int8, {"-128", "0", "127"});
    check(captureOf<std::uint8_t>({0, 128, 255}, "unsigned char"), IntegralType::UInt8, {"0", "128", "255"});
    check(captureOf<std::int16_t>({-32768, 1, 32767}, "short int"), IntegralType::Int16, {"-32768", "1", "32767"});
    check(captureOf<std::uint16_t>({0, 65535}, "short unsigned int"), IntegralType::UInt16, {"0", "65535"});
    check(captureOf<std::int32_t>({INT32_MIN, -1, INT32_MAX}, "int"), IntegralType::Int32, {"-2147483648", "-1", "2147483647"});
    check(captureOf<std::uint32_t>({0, UINT32_MAX}, "unsigned int"), IntegralType::UInt32, {"0", "4294967295"});
    check(captureOf<std::int64_t>({INT64_MIN, 1, INT64_MAX}, "long int"), IntegralType::Int64, {"-9223372036854775808", "1", "9223372036854775807"});
    check(captureOf<std::uint64_t>({0, UINT64_MAX}, "unsigned long"), IntegralType::UInt64, {"0", "18446744073709551615"});
}

void tst_CapturedTensor::boolAndFloatAreNotCaptured()
{
    for (const char* dtype : {"bool", "float", "c10::Half", "nullptr (uninitialized)", "c10::quint8", "nonsense"}) QVERIFY2(!integralType(dtype), dtype);
    QVERIFY(!captureOf<std::uint8_t>({0, 1}, "bool").open());
}

void tst_CapturedTensor::bothSpellingsOfTypesAreTheSame()
{
    QCOMPARE(integralType("long"), integralType("long int"));
    QCOMPARE(integralType("short"), integralType("short int"));
    QCOMPARE(integralType("unsigned long"), integralType("long unsigned int"));
}

void tst_CapturedTensor::aTransposedTensorIsReadThroughItsStrides()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({0, 1, 2, 3, 4, 5}), "[1,3]");
    const auto tensor = capture.open();
    QVERIFY(tensor && tensor->storageOrderDiffers() && tensor->holdsAll());
    QCOMPARE(logical(*tensor), (Strings{"0", "3", "1", "4", "2", "5"}));
    QCOMPARE(tensor->stored(1), std::int64_t{1});
}

void tst_CapturedTensor::anExpandedTensorIsReadThroughItsStrides()
{
    const Capture capture("long int", 6, 8, {2, 3}, bytesOfValues<std::int64_t>({7, 8, 9, 1, 1, 1}), "[0,1]");
    const auto tensor = capture.open();
    QVERIFY(tensor && tensor->warnings().size() == 1);
    QCOMPARE(logical(*tensor), (Strings{"7", "8", "9", "7", "8", "9"}));
}

void tst_CapturedTensor::aStridedTensorEndsBeforeItsLastValues()
{
    const Capture capture("long int", 4, 8, {4}, bytesOfValues<std::int64_t>({0, 1, 2, 3}), "[2]");
    const auto tensor = capture.open();
    QVERIFY(tensor && !tensor->holdsAll() && tensor->warnings().size() == 1);
    QCOMPARE(logical(*tensor), (Strings{"0", "2", "-", "-"}));
}

void tst_CapturedTensor::withoutAShapeItIsOneRow()
{
    const Capture capture("long int", 3, 8, {}, bytesOfValues<std::int64_t>({4, 5, 6}));
    const auto tensor = capture.open();
    QVERIFY(tensor);
    QCOMPARE(tensor->shape(), std::vector<std::int64_t>{3});
    QCOMPARE(tensor->warnings(), (Strings{"Its shape was not recorded: shown as one row"}));
    QCOMPARE(logical(*tensor), (Strings{"4", "5", "6"}));
    const auto scalar = Capture("long int", 1, 8, {}, bytesOfValues<std::int64_t>({4})).open();
    QVERIFY(scalar && scalar->shape().empty() && scalar->warnings().empty());
    QCOMPARE(logical(*scalar), Strings{"4"});
}

void tst_CapturedTensor::aShapeThatDoesNotFitIsOneRow()
{
    const auto tensor = Capture("long int", 4, 8, {3, 2}, bytesOfValues<std::int64_t>({1, 2, 3, 4}), "[1,3]").open();
    QVERIFY(tensor && tensor->warnings().size() == 1 && !tensor->storageOrderDiffers());
    QCOMPARE(logical(*tensor), (Strings{"1", "2", "3", "4"}));
}

void tst_CapturedTensor::aShortFileShowsWhatIsThere()
{
    const auto tensor = Capture("long int", 4, 8, {4}, bytesOfValues<std::int64_t>({1, 2})).open();
    QVERIFY(tensor);
    QCOMPARE(tensor->warnings(), (Strings{"The file holds 16 of 32 bytes"}));
    QCOMPARE(logical(*tensor), (Strings{"1", "2", "-", "-"}));
    QCOMPARE(tensor->fileElements(), std::uint64_t{2});
    const auto empty = Capture("long int", 4, 8, {4}, "").open();
    QVERIFY(empty && empty->fileElements() == 0 && !empty->at(0));
}

void tst_CapturedTensor::aLongFileSaysSo()
{
    const auto tensor = Capture("long int", 1, 8, {1}, bytesOfValues<std::int64_t>({1, 2})).open();
    QVERIFY(tensor);
    QCOMPARE(tensor->warnings(), (Strings{"The file holds 16 of 8 bytes: more than the tensor has"}));
    QCOMPARE(logical(*tensor), Strings{"1"});
    QCOMPARE(tensor->stored(1), std::int64_t{2});
}

void tst_CapturedTensor::half_a_valueAtTheEndIsNotOne()
{
    const auto tensor = Capture("long int", 2, 8, {2}, bytesOfValues<std::int64_t>({1}) + "abc").open();
    QVERIFY(tensor);
    QCOMPARE(tensor->fileElements(), std::uint64_t{1});
    QCOMPARE(logical(*tensor), (Strings{"1", "-"}));
}

void tst_CapturedTensor::anOffsetOnTheCpuIsNotTrusted()
{
    const auto cpu = Capture("long int", 1, 8, {1}, bytesOfValues<std::int64_t>({1}), "[1]", "cpu", 3).open();
    QVERIFY(cpu && cpu->warnings().size() == 1 && cpu->warnings()[0].find("these are not its values") != std::string::npos);
    const auto gpu = Capture("long int", 1, 8, {1}, bytesOfValues<std::int64_t>({1}), "[1]", "cuda:0", 3).open();
    QVERIFY(gpu && gpu->warnings().empty());
}

void tst_CapturedTensor::hostileShapesAndStridesDoNoHarm()
{
    const std::string bytes = bytesOfValues<std::int64_t>({1, 2, 3, 4});
    for (const char* strides : {"[-1]", "[9223372036854775807]", "[99999999999999999999]", "[]", "[1,1]", "['x']", "[[1]]", "7"}) {
        const auto tensor = Capture("long int", 4, 8, {4}, bytes, strides).open();
        QVERIFY2(tensor, strides);
        for (std::uint64_t i = 0; i < 6; ++i) tensor->at(i);
        QVERIFY(!tensor->at(4) && !tensor->at(UINT64_MAX));
        QVERIFY(statisticsOf(*tensor).has_value());
    }
    EtText text{4, 2, "op", {"[[7,8,0,9223372036854775807,8,'cpu']]", "[[9223372036854775807,9223372036854775807]]", "['Tensor(long int)']", ""}};
    const EtFolder folder;
    folder.put("nid_4_tid_0.dat", bytes);
    const TracePtr trace = folder.open({text});
    const auto tensor = CapturedTensor::open(*trace, nodeNamed(*trace, "op"), TensorId(0));
    QVERIFY(tensor.ok());
    QCOMPARE((*tensor)->at(3), std::optional<std::int64_t>(4));
    QVERIFY(!(*tensor)->at(4));
    const auto statistics = statisticsOf(**tensor);
    QVERIFY(statistics.has_value() && statistics->count == 4);
    QVERIFY(!checksOf(*trace, nodeNamed(*trace, "op"), TensorId(0), **tensor, *statistics).front().good);
}

void tst_CapturedTensor::outputsAndMissingFilesAreErrors()
{
    const EtFolder folder;
    const EtText text{4, 2, "op", {"[" + etTensor(7, 8, 1, 8) + "]", "[[1]]", "['Tensor(long int)']", ""},
                      {"[" + etTensor(9, 10, 1, 8) + "]", "[[1]]", "['Tensor(long int)']", ""}};
    fs::create_directories(folder.folder());
    const TracePtr trace = folder.open({text});
    const NodeId node = nodeNamed(*trace, "op");
    QCOMPARE(CapturedTensor::open(*trace, node, TensorId(0)).error().message, std::string("nid_4_tid_0.dat is not in the resources folder"));
    QCOMPARE(CapturedTensor::open(*trace, node, TensorId(1)).error().message, std::string("only inputs are captured"));
    for (const auto& [n, t] : {std::pair(NodeId(), TensorId(0)), std::pair(NodeId(77), TensorId(0)), std::pair(node, TensorId()), std::pair(node, TensorId(9))})
        QVERIFY(!CapturedTensor::open(*trace, n, t).ok());
}

void tst_CapturedTensor::pagesAreReadAtOnce()
{
    std::vector<std::int32_t> values(100'000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int32_t>(i * 7) - 1000;
    const Capture capture = captureOf(values, "int");
    const auto tensor = capture.open();
    std::vector<std::int64_t> page(50'000);
    QCOMPARE(tensor->read(60'000, page), std::size_t{40'000});
    for (std::size_t i = 0; i < 40'000; ++i) QCOMPARE(page[i], std::int64_t{values[60'000 + i]});
    QCOMPARE(tensor->read(100'000, page), std::size_t{0});
    QCOMPARE(tensor->read(UINT64_MAX, page), std::size_t{0});
}

void tst_CapturedTensor::aFileThatShrinksDoesNotCrash()
{
    const Capture capture = captureOf(std::vector<std::int64_t>(500'000, 3), "long int");
    const auto tensor = capture.open();
    fs::resize_file(capture.file(), 16);
    QCOMPARE(tensor->at(1), std::optional<std::int64_t>(3));
    QVERIFY(!tensor->at(400'000));
    QCOMPARE(tensor->stored(400'000), std::int64_t{0});
    const auto statistics = statisticsOf(*tensor);
    QVERIFY(statistics.has_value());
    QCOMPARE(statistics->count, std::uint64_t{2});
    QVERIFY(!saveNpy(*tensor, capture.folder.at("out.npy")).ok());
    QVERIFY(!fs::exists(capture.folder.at("out.npy")));
}

void tst_CapturedTensor::statisticsOfFewValuesAreExact()
{
    const auto s = statisticsOf(*captureOf<std::int64_t>({3, -1, 3, 0, 3, 7}, "long int").open());
    QVERIFY(s.has_value());
    QCOMPARE(*s->median, std::int64_t{3});
    QCOMPARE(s->distinct, std::uint64_t{4});
    QCOMPARE(s->duplicates, std::uint64_t{2});
    QCOMPARE(s->frequent.front().value, std::int64_t{3});
    QCOMPARE(s->frequent.front().count, std::uint64_t{3});
    QCOMPARE(s->frequent[1].value, std::int64_t{-1}); // of equally frequent ones the smallest
    QVERIFY(!s->distinctIsEstimate && !s->frequentIsSampled);
}

void tst_CapturedTensor::statisticsAgreeWithThePlainWay()
{
    std::mt19937_64 random(7);
    const auto values = [&]<class T>(T, std::size_t count, std::uint64_t range, std::uint64_t low) {
        std::vector<T> out(count);
        for (T& v : out) v = static_cast<T>(low + (range ? random() % range : random()));
        return out;
    };
    const auto check = [](const auto& v, const std::string& dtype, bool estimate, bool sampled) {
        const auto s = statisticsOf(*captureOf(v, dtype).open());
        QVERIFY(s.has_value());
        QCOMPARE(s->distinctIsEstimate, estimate);
        QCOMPARE(s->frequentIsSampled, sampled);
        compareWithPlain(v, *s);
    };
    check(values(std::int8_t{}, 10'000, 0, 0), "signed char", false, false);
    check(values(std::uint8_t{}, 300'000, 200, 0), "unsigned char", false, false);
    check(values(std::int16_t{}, 200'000, 0, 0), "short int", false, false);
    check(values(std::uint16_t{}, 1'000'000, 0, 0), "unsigned short", false, false);
    check(values(std::int32_t{}, 300'000, 1'000'000, std::uint64_t(-500'000)), "int", false, false); // a counter each
    check(values(std::int64_t{}, 300'000, 0, 0), "long int", false, false);                          // sorted
    check(values(std::uint64_t{}, 100'000, 0, 0), "unsigned long", false, false);
    check(values(std::int64_t{}, 1, 0, 0), "long int", false, false);
    // More than are sorted: a bit each, and an estimate.
    auto bits = values(std::int32_t{}, 4'300'000, 100'000'000, 5);
    std::fill(bits.begin(), bits.begin() + 500'000, 77'777);
    check(bits, "int", false, true);
    auto wide = values(std::int64_t{}, 4'300'000, 0, 0);
    std::fill(wide.begin() + 1'000'000, wide.begin() + 1'900'000, -5);
    check(wide, "long int", true, true);
    const auto s = statisticsOf(*captureOf(wide, "long int").open());
    QCOMPARE(s->frequent.front().value, std::int64_t{-5});
    QCOMPARE(s->frequent.front().count, std::uint64_t{900'000});
}

void tst_CapturedTensor::ordersAreTold_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("expected");
    for (const auto& [kind, expected] : {std::pair("constant", "constant"), std::pair("up", "strictly rising"), std::pair("up, twice each", "rising"),
                                         std::pair("down", "strictly falling"), std::pair("down, twice each", "falling"),
                                         std::pair("one out of place", "unsorted"), std::pair("one out of place at a chunk's edge", "unsorted")})
        QTest::newRow(kind) << QString::fromLatin1(kind) << QString::fromLatin1(expected);
}

void tst_CapturedTensor::ordersAreTold()
{
    QFETCH(QString, kind);
    QFETCH(QString, expected);
    std::vector<std::int64_t> values(400'000); // three chunks of 1 MiB
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto n = static_cast<std::int64_t>(i);
        values[i] = kind == QStringLiteral("constant") ? 5 : kind.endsWith(QStringLiteral("each")) ? n / 2 : n;
    }
    if (kind.startsWith(QStringLiteral("down"))) std::reverse(values.begin(), values.end());
    if (kind == QStringLiteral("one out of place")) std::swap(values[1000], values[1001]);
    if (kind.endsWith(QStringLiteral("edge"))) std::swap(values[131'071], values[131'072]);
    const auto s = statisticsOf(*captureOf(values, "long int").open());
    QVERIFY(s.has_value());
    QCOMPARE(QString::fromStdString(std::string(title(s->order))), expected);
}

void tst_CapturedTensor::statisticsOfNothing()
{
    const auto s = statisticsOf(*Capture("long int", 4, 8, {4}, "").open());
    QVERIFY(s.has_value());
    QVERIFY(s->count == 0 && !s->median && s->bins.empty() && s->frequent.empty());
}

void tst_CapturedTensor::statisticsStopWhenAsked()
{
    const Capture capture = captureOf(std::vector<std::int64_t>(300'000, 3), "long int");
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(!statisticsOf(*capture.open(), {nullptr, stop.get_token()}));
    QCOMPARE(saveCsv(*capture.open(), capture.folder.at("out.csv"), {nullptr, stop.get_token()}).error().code, ErrorCode::Cancelled);
    QCOMPARE(std::distance(fs::directory_iterator(capture.folder.at("")), {}), 2); // the trace and its folder
}

void tst_CapturedTensor::statisticsTellHowFarTheyAre()
{
    Progress progress;
    QVERIFY(statisticsOf(*captureOf(std::vector<std::int64_t>(300'000, 3), "long int").open(), {&progress, {}}));
    QCOMPARE(progress.done.load(), std::uint64_t{4'800'000}); // two passes
    QCOMPARE(progress.total.load(), progress.done.load());
}

void tst_CapturedTensor::npyIsWhatNumPyReads()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({0, 1, 2, 3, 4, 5}), "[1,3]");
    const std::string path = capture.folder.at("out.npy");
    QVERIFY(saveNpy(*capture.open(), path).ok());
    const std::string bytes = readBack(path);
    QCOMPARE(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t header = static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
    QCOMPARE((10 + header) % 64, std::size_t{0});
    const std::string text = bytes.substr(10, header);
    QVERIFY(text.starts_with("{'descr': '<i8', 'fortran_order': False, 'shape': (3, 2), }"));
    QVERIFY(text.ends_with("\n"));
    QCOMPARE(bytes.substr(10 + header), bytesOfValues<std::int64_t>({0, 3, 1, 4, 2, 5}));
}

void tst_CapturedTensor::npyOfEveryType()
{
    const auto check = [](const Capture& capture, const char* head, const std::string& data) {
        const std::string path = capture.folder.at("out.npy");
        QVERIFY(saveNpy(*capture.open(), path).ok());
        const std::string bytes = readBack(path);
        QVERIFY2(bytes.substr(10).starts_with(head), bytes.substr(10, 64).c_str());
        QVERIFY(bytes.ends_with(data));
        QCOMPARE((bytes.size() - data.size()) % 64, std::size_t{0});
    };
    check(captureOf<std::int8_t>({-1, 1}, "signed char"), "{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }", "\xff\x01");
    check(captureOf<std::uint8_t>({255}, "unsigned char"), "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", "\xff");
    check(captureOf<std::int16_t>({-2}, "short"), "{'descr': '<i2'", bytesOfValues<std::int16_t>({-2}));
    check(captureOf<std::uint16_t>({65534}, "unsigned short"), "{'descr': '<u2'", bytesOfValues<std::uint16_t>({65534}));
    check(captureOf<std::int32_t>({-3}, "int"), "{'descr': '<i4'", bytesOfValues<std::int32_t>({-3}));
    check(captureOf<std::uint32_t>({4'000'000'000u}, "unsigned int"), "{'descr': '<u4'", bytesOfValues<std::uint32_t>({4'000'000'000u}));
    check(captureOf<std::uint64_t>({UINT64_MAX}, "unsigned long"), "{'descr': '<u8'", bytesOfValues<std::uint64_t>({UINT64_MAX}));
    check(Capture("long int", 1, 8, {}, bytesOfValues<std::int64_t>({9})), "{'descr': '<i8', 'fortran_order': False, 'shape': (), }",
          bytesOfValues<std::int64_t>({9}));
}

void tst_CapturedTensor::csvHasOneIndexADimension()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({0, 1, 2, 3, 4, 5}), "[1,3]");
    const std::string path = capture.folder.at("out.csv");
    QVERIFY(saveCsv(*capture.open(), path).ok());
    QCOMPARE(readBack(path), std::string("index0,index1,value\n0,0,0\n0,1,3\n1,0,1\n1,1,4\n2,0,2\n2,1,5\n"));
    QVERIFY(saveCsv(*captureOf<std::uint64_t>({UINT64_MAX, 1}, "unsigned long").open(), path).ok());
    QCOMPARE(readBack(path), std::string("index,value\n0,18446744073709551615\n1,1\n"));
}

void tst_CapturedTensor::aShortFileIsSavedAsWhatIsThere()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({5, 6, 7}), "[2,1]");
    const std::string path = capture.folder.at("out.csv");
    QVERIFY(saveCsv(*capture.open(), path).ok());
    QCOMPARE(readBack(path), std::string("index,value\n0,5\n1,6\n2,7\n"));
}

void tst_CapturedTensor::savingLeavesNothingHalfDone()
{
    const Capture capture = captureOf<std::int64_t>({1}, "long int");
    const auto missing = saveNpy(*capture.open(), capture.folder.at("no/such/folder.npy"));
    QVERIFY(!missing.ok());
    QCOMPARE(missing.error().code, ErrorCode::CannotWrite);
    QVERIFY(writeFile(capture.folder.at("out.npy"), "before"));
    QVERIFY(saveNpy(*capture.open(), capture.folder.at("out.npy")).ok());
    QVERIFY(readBack(capture.folder.at("out.npy")).starts_with("\x93NUMPY"));
    QCOMPARE(std::distance(fs::directory_iterator(capture.folder.at("")), {}), 3);
}

namespace {

/// What is said of the captured input `index` of a node, one line a check.
Strings checked(const EtFolder& folder, const EtText& text, std::uint32_t index)
{
    const TracePtr trace = folder.open({text});
    const NodeId node = nodeNamed(*trace, text.name);
    const TensorId tensor(trace->executionTrace()->node(node).firstTensor + index);
    const auto captured = CapturedTensor::open(*trace, node, tensor);
    if (!captured.ok()) return {captured.error().text()};
    Strings out;
    for (const TensorCheck& check : checksOf(*trace, node, tensor, **captured, *statisticsOf(**captured)))
        out.push_back((check.good ? "ok: " : "WRONG: ") + check.text + ": " + check.numbers);
    return out;
}

EtText embeddingBag(const std::string& includeLast, int values, int offsets)
{
    return {4, 2, "aten::_embedding_bag",
            {"[" + etTensor(5, 6, 40, 4) + "," + etTensor(7, 8, values, 8) + "," + etTensor(9, 10, offsets, 8) + ",false,0,false,'<None>'," + includeLast + ",-1]",
             "[[10,4],[" + std::to_string(values) + "],[" + std::to_string(offsets) + "],[],[],[],[],[],[]]",
             "['Tensor(float)','Tensor(long int)','Tensor(long int)','Bool','Int','Bool','None','Bool','Int']", ""}};
}

} // namespace

void tst_CapturedTensor::rangesAreRead()
{
    const EtFolder folder;
    folder.put("nid_4_tid_0.dat", bytesOfValues<std::int64_t>({1, 4, 2}));
    EtText text{4, 2, "op", {"[" + etTensor(7, 8, 3, 8) + "]", "[[3]]", "['Tensor(long int)']", ""}};
    text.attrs = etAttr("tensor_range", "'{\\'0\\':[1,4]}'");
    const std::string size = "ok: File size agrees with shape and type: 3 × 8 B";
    QCOMPARE(checked(folder, text, 0), (Strings{size, "ok: Values lie in the declared range: 1 … 4"}));
    text.attrs = etAttr("tensor_range", "'{\\'0\\':[1,3],\\'1\\':[0,1]}'");
    QCOMPARE(checked(folder, text, 0), (Strings{size, "WRONG: Values lie outside of the declared range: 1 … 4, declared 1 … 3"}));
    const TracePtr trace = folder.open({text});
    const auto range = declaredRange(*trace, nodeNamed(*trace, "op"), 1);
    QVERIFY(range && range->minimum == "0" && range->maximum == "1");
    QVERIFY(!declaredRange(*trace, nodeNamed(*trace, "op"), 2));
    for (const char* odd : {"'nonsense'", "'{\\'0\\':[1]}'", "'{\\'0\\':[[],{}]}'", "'[1,2]'", "'{\\'0\\':7}'", "''"}) {
        text.attrs = etAttr("tensor_range", odd);
        QCOMPARE(checked(folder, text, 0), Strings{size});
    }
}

void tst_CapturedTensor::indicesAreComparedWithTheTable()
{
    const EtFolder folder;
    EtText text{4, 2, "aten::embedding",
                {"[" + etTensor(5, 6, 12, 4) + "," + etTensor(7, 8, 3, 8) + "]", "[[4,3],[3]]", "['Tensor(float)','Tensor(long int)']", ""}};
    const std::string size = "ok: File size agrees with shape and type: 3 × 8 B";
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 3, 1}));
    QCOMPARE(checked(folder, text, 1), (Strings{size, "ok: Every index exists in the table: < 4"}));
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 4, 9}));
    QCOMPARE(checked(folder, text, 1), (Strings{size, "WRONG: 2 of 3 indices lie outside of the table: 9 ≥ 4"}));
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, -1, 3}));
    QCOMPARE(checked(folder, text, 1), (Strings{size, "WRONG: 1 of 3 indices lie outside of the table: -1 < 0"}));
    EtText list{4, 2, "aten::index",
                {"[" + etTensor(5, 6, 12, 4) + ",[[3,0,0,0,0,'']," + etTensor(7, 8, 3, 8) + "]]", "[[4,3],[[],[3]]]",
                 "['Tensor(float)','GenericList[Tensor(nullptr (uninitialized)),Tensor(long int)]']", ""}};
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, -3, 2}));
    QCOMPARE(checked(folder, list, 2), (Strings{size, "ok: Every index exists in the table: < 3"}));
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, -4, 2}));
    QCOMPARE(checked(folder, list, 2), (Strings{size, "WRONG: 1 of 3 indices lie outside of the table: -4 < -3"}));
}

void tst_CapturedTensor::indicesAlongADimension()
{
    const EtFolder folder;
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 2, 0}));
    const std::string size = "ok: File size agrees with shape and type: 4 × 8 B";
    for (const auto& [dimension, line] : {std::pair("0", "WRONG: 1 of 4 indices lie outside of the table: 2 ≥ 2"), std::pair("1", "ok: Every index exists in the table: < 3"),
                                          std::pair("-1", "ok: Every index exists in the table: < 3")}) {
        EtText text{4, 2, "aten::gather",
                    {"[" + etTensor(5, 6, 6, 4) + "," + dimension + "," + etTensor(7, 8, 4, 8) + ",false]", "[[2,3],[],[2,2],[]]",
                     "['Tensor(float)','Int','Tensor(long int)','Bool']", ""}};
        QCOMPARE(checked(folder, text, 1), (Strings{size, line}));
    }
}

void tst_CapturedTensor::offsetsMustRiseAndEndAtTheCount()
{
    const EtFolder folder;
    folder.put("nid_4_tid_1.dat", bytesOfValues<std::int64_t>({0, 1, 2, 3}));
    const Strings indices{"ok: File size agrees with shape and type: 4 × 8 B", "ok: Every index exists in the table: < 10"};
    const auto with = [&](const std::string& last) {
        Strings all = indices;
        all.push_back(last);
        return all;
    };
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, 2, 4}));
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 1), with("ok: Offsets rise and end at the count: 0 … 4"));
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 2),
             (Strings{"ok: File size agrees with shape and type: 3 × 8 B", "ok: Offsets rise and end at the count: 0 … 4"}));
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, 2, 3}));
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 1), with("WRONG: Offsets do not go from 0 to the count: 0 … 3, count 4"));
    QCOMPARE(checked(folder, embeddingBag("false", 4, 3), 1), with("ok: Offsets rise and stay within the count: 0 … 3, count 4"));
    folder.put("nid_4_tid_2.dat", bytesOfValues<std::int64_t>({0, 3, 2}));
    QCOMPARE(checked(folder, embeddingBag("false", 4, 3), 1), with("WRONG: Offsets fall in 1 place: 0 … 2"));
    fs::remove(folder.folder() + "/nid_4_tid_2.dat");
    QCOMPARE(checked(folder, embeddingBag("true", 4, 3), 1), indices);
}

void tst_CapturedTensor::theSharedLookupsAreAsInThePicture()
{
    const std::string path = sharedPath("traces/et/resources_lookups/lookups_a.json");
    if (path.empty()) QSKIP("skipped: no shared traces");
    const auto trace = loadTrace(std::vector{path});
    QVERIFY(trace.ok());
    const NodeId node = (*trace)->executionTrace()->byId(36);
    const TensorId indices((*trace)->executionTrace()->node(node).firstTensor + 1);
    const auto captured = CapturedTensor::open(**trace, node, indices);
    QVERIFY(captured.ok());
    const auto s = statisticsOf(**captured);
    QVERIFY(s.has_value());
    QCOMPARE(s->count, std::uint64_t{412});
    QCOMPARE(s->maximum, std::int64_t{111});
    QCOMPARE(*s->median, std::int64_t{1});
    QCOMPARE(s->distinct, std::uint64_t{31});
    QCOMPARE(s->bins.size(), std::size_t{37});
    QCOMPARE(s->bins.front().count, std::uint64_t{314});
    QCOMPARE(s->frequent.front().count, std::uint64_t{210});
    Strings checks;
    for (const TensorCheck& check : checksOf(**trace, node, indices, **captured, *s)) checks.push_back(check.text + " " + check.numbers);
    QCOMPARE(checks, (Strings{"File size agrees with shape and type 412 × 8 B", "Values lie in the declared range 1 … 111",
                              "Every index exists in the table < 5,000", "Offsets rise and end at the count 0 … 412"}));
    const auto bags = bagsOf(**trace, node);
    QVERIFY(bags && bags->values == indices && bags->offsets.value == indices.value + 1 && bags->tableRows == 5000);
}

QTEST_GUILESS_MAIN(tst_CapturedTensor)
#include "tst_CapturedTensor.moc"
