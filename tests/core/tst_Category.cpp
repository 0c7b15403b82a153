#include "core/trace/Category.h"
#include "core/trace/TensorDesc.h"

#include <QtTest>

using namespace opscope;

class tst_Category : public QObject
{
    Q_OBJECT

private slots:
    void oldAndNewSpellingsMeanTheSame()
    {
        QCOMPARE(classify("Kernel"), classify("kernel"));
        QCOMPARE(classify("Operator"), CategoryClass::CpuOp);
        QCOMPARE(classify("cpu_op"), CategoryClass::CpuOp);
        QCOMPARE(classify("User"), CategoryClass::UserAnnotation);
        QCOMPARE(classify("Memcpy"), CategoryClass::Memcpy);
        QCOMPARE(classify("GPU_MEMCPY"), CategoryClass::Memcpy);
        QCOMPARE(classify("Runtime"), CategoryClass::Runtime);
        QCOMPARE(classify("xpu_kernel"), CategoryClass::Kernel);
        QCOMPARE(classify("mtia_ccp_events"), CategoryClass::Kernel);
    }

    void runtimesOfUnknownDevicesAreKnownByTheirEnding()
    {
        QCOMPARE(classify("newdevice_runtime"), CategoryClass::Runtime);
        QCOMPARE(classify("newdevice_driver"), CategoryClass::Driver);
        QCOMPARE(classify("runtimes"), CategoryClass::Other);
    }

    void onlyTheWholeRecordingIsASpan()
    {
        QCOMPARE(classify("Trace"), CategoryClass::Span);
        QCOMPARE(classify("trace"), CategoryClass::Other);
    }

    void otherProducersKeepAClassOfTheirOwn()
    {
        QCOMPARE(classify(""), CategoryClass::None);
        QCOMPARE(classify("disabled-by-default-devtools.timeline"), CategoryClass::Other);
        QCOMPARE(classify(std::string(100'000, 'x')), CategoryClass::Other);
        QCOMPARE(classify("k\xC3\xA9rnel"), CategoryClass::Other);
    }

    void hostAndDeviceAreToldApart()
    {
        QCOMPARE(sideOf(classify("cpu_op")), Side::Host);
        QCOMPARE(sideOf(classify("cuda_runtime")), Side::Host);
        QCOMPARE(sideOf(classify("python_function")), Side::Host);
        QCOMPARE(sideOf(classify("kernel")), Side::Device);
        QCOMPARE(sideOf(classify("gpu_user_annotation")), Side::Device);
        QCOMPARE(sideOf(classify("cuda_sync")), Side::Device);
        QCOMPARE(sideOf(classify("ac2g")), Side::Unknown);
        QCOMPARE(sideOf(classify("hpu_op")), Side::Unknown);
    }

    void everyClassHasATitle()
    {
        for (int i = 0; i <= static_cast<int>(CategoryClass::Span); ++i)
            QVERIFY(!title(static_cast<CategoryClass>(i)).empty());
        QCOMPARE(title(CategoryClass::CpuOp), "CPU op");
    }

    void knownTypesGetShortNamesAndOthersStay()
    {
        QCOMPARE(shortDtype("long int"), "i64");
        QCOMPARE(shortDtype("long"), "i64");
        QCOMPARE(shortDtype("float"), "f32");
        QCOMPARE(shortDtype("c10::BFloat16"), "bf16");
        QCOMPARE(shortDtype("c10::complex<float>"), "c64");
        QCOMPARE(shortDtype("c10::SomethingNew"), "c10::SomethingNew");
        QCOMPARE(shortDtype(""), "");
    }
};

QTEST_GUILESS_MAIN(tst_Category)
#include "tst_Category.moc"
