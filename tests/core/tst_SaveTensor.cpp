#include <QTest>

#include "core/tensor/CapturedTensor.h"
#include "tests/support/Capture.h"
#include "tests/support/Golden.h"

#include <filesystem>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

class tst_SaveTensor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void npyIsWhatNumPyReads();
    void npyOfEveryType();
    void csvHasOneIndexADimension();
    void aShortFileIsSavedAsWhatIsThere();
    void savingLeavesNothingHalfDone();
};

void tst_SaveTensor::npyIsWhatNumPyReads()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({0, 1, 2, 3, 4, 5}), "[1,3]");
    const std::string path = capture.folder.at("out.npy");
    QVERIFY(saveNpy(*capture.open(), path).ok());
    const std::string bytes = readFile(path);
    QCOMPARE(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t header = static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
    QCOMPARE((10 + header) % 64, std::size_t{0});
    const std::string text = bytes.substr(10, header);
    QVERIFY(text.starts_with("{'descr': '<i8', 'fortran_order': False, 'shape': (3, 2), }"));
    QVERIFY(text.ends_with("\n"));
    QCOMPARE(bytes.substr(10 + header), bytesOfValues<std::int64_t>({0, 3, 1, 4, 2, 5}));
}

void tst_SaveTensor::npyOfEveryType()
{
    const auto check = [](const Capture& capture, const char* head, const std::string& data) {
        const std::string path = capture.folder.at("out.npy");
        QVERIFY(saveNpy(*capture.open(), path).ok());
        const std::string bytes = readFile(path);
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

void tst_SaveTensor::csvHasOneIndexADimension()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({0, 1, 2, 3, 4, 5}), "[1,3]");
    const std::string path = capture.folder.at("out.csv");
    QVERIFY(saveCsv(*capture.open(), path).ok());
    QCOMPARE(readFile(path), std::string("index0,index1,value\n0,0,0\n0,1,3\n1,0,1\n1,1,4\n2,0,2\n2,1,5\n"));
    QVERIFY(saveCsv(*captureOf<std::uint64_t>({UINT64_MAX, 1}, "unsigned long").open(), path).ok());
    QCOMPARE(readFile(path), std::string("index,value\n0,18446744073709551615\n1,1\n"));
}

void tst_SaveTensor::aShortFileIsSavedAsWhatIsThere()
{
    const Capture capture("long int", 6, 8, {3, 2}, bytesOfValues<std::int64_t>({5, 6, 7}), "[2,1]");
    const std::string path = capture.folder.at("out.csv");
    QVERIFY(saveCsv(*capture.open(), path).ok());
    QCOMPARE(readFile(path), std::string("index,value\n0,5\n1,6\n2,7\n"));
}

void tst_SaveTensor::savingLeavesNothingHalfDone()
{
    const Capture capture = captureOf<std::int64_t>({1}, "long int");
    const auto missing = saveNpy(*capture.open(), capture.folder.at("no/such/folder.npy"));
    QVERIFY(!missing.ok());
    QCOMPARE(missing.error().code, ErrorCode::CannotWrite);
    QVERIFY(writeFile(capture.folder.at("out.npy"), "before"));
    QVERIFY(saveNpy(*capture.open(), capture.folder.at("out.npy")).ok());
    QVERIFY(readFile(capture.folder.at("out.npy")).starts_with("\x93NUMPY"));
    QCOMPARE(std::distance(fs::directory_iterator(capture.folder.at("")), {}), 3);
}

QTEST_GUILESS_MAIN(tst_SaveTensor)
#include "tst_SaveTensor.moc"
