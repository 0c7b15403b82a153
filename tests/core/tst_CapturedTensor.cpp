#include <QTest>

#include "core/tensor/CapturedTensor.h"
#include "tests/support/Capture.h"

#include <filesystem>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

Strings logical(const CapturedTensor& tensor)
{
    Strings out;
    for (std::uint64_t i = 0; i < tensor.expectedElements(); ++i) {
        const auto value = tensor.at(i);
        out.push_back(value ? tensor.text(*value) : "-");
    }
    return out;
}

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

QTEST_GUILESS_MAIN(tst_CapturedTensor)
#include "tst_CapturedTensor.moc"
