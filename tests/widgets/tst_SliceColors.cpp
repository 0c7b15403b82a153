#include "widgets/common/SliceColors.h"

#include "tests/support/TraceFixture.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace opscope;

namespace {

Family host(std::string_view name) { return familyOf(name, CategoryClass::CpuOp); }
Family kernel(std::string_view name) { return familyOf(name, CategoryClass::Kernel); }

double linear(int channel)
{
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}
double luminance(QRgb c) { return 0.2126 * linear(qRed(c)) + 0.7152 * linear(qGreen(c)) + 0.0722 * linear(qBlue(c)); }
double contrast(QRgb a, QRgb b)
{
    const double high = std::max(luminance(a), luminance(b));
    const double low = std::min(luminance(a), luminance(b));
    return (high + 0.05) / (low + 0.05);
}

} // namespace

class tst_SliceColors : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void operatorsFindTheirFamily()
    {
        QCOMPARE(host("aten::addmm"), Family::Matmul);
        QCOMPARE(host("aten::mm"), Family::Matmul);
        QCOMPARE(host("aten::linear"), Family::Matmul);
        QCOMPARE(host("aten::convolution_backward"), Family::Matmul);
        QCOMPARE(host("ConvolutionBackward0"), Family::Matmul);
        QCOMPARE(host("aten::add_"), Family::Elementwise);
        QCOMPARE(host("aten::add.Tensor"), Family::Elementwise);
        QCOMPARE(host("aten::mul"), Family::Elementwise);
        QCOMPARE(host("MulBackward0"), Family::Elementwise);
        QCOMPARE(host("aten::to"), Family::Memory);
        QCOMPARE(host("aten::_to_copy"), Family::Memory);
        QCOMPARE(host("aten::empty_strided"), Family::Memory);
        QCOMPARE(host("aten::embedding"), Family::Memory);
        QCOMPARE(host("aten::softmax"), Family::Reduction);
        QCOMPARE(host("aten::batch_norm"), Family::Reduction);
        QCOMPARE(host("aten::sum"), Family::Reduction);
        QCOMPARE(host("aten::scaled_dot_product_attention"), Family::Attention);
        QCOMPARE(host("record_param_comms"), Family::Communication);
        QCOMPARE(host("c10d::allreduce_"), Family::Communication);
        QCOMPARE(host("autograd::engine::evaluate_function: AddmmBackward0"), Family::Matmul);
    }
    void shortWordsNeedTheirPlace()
    {
        QCOMPARE(host("AccumulateGrad"), Family::Other);      // holds "mul"
        QCOMPARE(host("aten::topk"), Family::Reduction);      // begins with "to"
        QCOMPARE(host("aten::stft"), Family::Other);
        QCOMPARE(host("torch_compile_region"), Family::Other);
        QCOMPARE(host("aten::subtract_many"), Family::Other);
    }
    void kernelsFindTheirFamily()
    {
        QCOMPARE(kernel("ampere_sgemm_128x64_tn"), Family::Matmul);
        QCOMPARE(kernel("void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float> >(int)"), Family::Elementwise);
        QCOMPARE(kernel("void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float> >(int)"), Family::Memory);
        QCOMPARE(kernel("void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::MeanOps> >"), Family::Reduction);
        QCOMPARE(kernel("ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevComm*)"), Family::Communication);
        QCOMPARE(kernel("flash_fwd_kernel"), Family::Attention);
        QCOMPARE(kernel("void cudnn::nchwToNhwcKernel<float>(cudnn::conv)"), Family::Memory);
        QCOMPARE(familyOf("Memcpy HtoD (Pageable -> Device)", CategoryClass::Memcpy), Family::Memory);
    }
    void theCategorySpeaksFirst()
    {
        QCOMPARE(familyOf("cudaMemcpyAsync", CategoryClass::Runtime), Family::Runtime);
        QCOMPARE(familyOf("cudaStreamSynchronize", CategoryClass::Runtime), Family::Sync);
        QCOMPARE(familyOf("hipDeviceSynchronize", CategoryClass::Driver), Family::Sync);
        QCOMPARE(familyOf("nn.Module: Linear_0", CategoryClass::PythonFunction), Family::Python);
        QCOMPARE(familyOf("## gemm ##", CategoryClass::UserAnnotation), Family::Annotation);
        QCOMPARE(familyOf("nccl:all_reduce", CategoryClass::GpuAnnotation), Family::Annotation);
    }
    void shortNames_data()
    {
        QTest::addColumn<QByteArray>("full");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* full, const char* expected) { QTest::newRow(full) << QByteArray(full) << QByteArray(expected); };
        row("void at::native::(anonymous namespace)::cunn_SoftMaxForward<8, float, at::native::X>(float*, int)", "cunn_SoftMaxForward");
        row("autograd::engine::evaluate_function: ConvolutionBackward0", "ConvolutionBackward0");
        row("aten::conv2d", "aten::conv2d");
        row("nn.Module: Linear_0", "Linear_0");
        row("torch::autograd::AccumulateGrad", "AccumulateGrad");
        row("ncclKernel_AllReduce_RING_LL_Sum_float(ncclDevComm*, unsigned long, ncclWork*)", "ncclKernel_AllReduce_RING_LL_Sum_float");
        row("void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_256x64_nt_align4>(cutlass_80::Params)", "cutlass_80_tensorop_s1688gemm_256x64_nt_align4");
        row("_ZN2at6native13reduce_kernelILi512EEEvi", "reduce_kernel");
        row("torch/nn/functional.py(2103): softmax", "torch/nn/functional.py(2103): softmax");
        row("<built-in method addmm of type object at 0x7f>", "<built-in method addmm of type object at 0x7f>");
        row("ampere_sgemm_128x64_tn", "ampere_sgemm_128x64_tn");
        row("void other::Kernel<8>(int)", "Kernel");
        row("Memcpy DtoH (Device -> Pageable)", "Memcpy DtoH (Device -> Pageable)");
        row("std::enable_if<true, void>::type internal::gemvx<float>(int)", "enable_if");
        row("", "");
        row("void <", "<");
    }
    void shortNames()
    {
        QFETCH(QByteArray, full);
        QFETCH(QByteArray, expected);
        QCOMPARE(QByteArray::fromStdString(shortName(full.toStdString())), expected);
    }
    void sameNameSameColourInEveryTrace()
    {
        test::TraceFixture first;
        const TrackId a = first.thread(1, 1);
        first.slice(a, 0, 5, "aten::mm").slice(a, 5, 5, "aten::addmm");
        test::TraceFixture second;
        const TrackId b = second.thread(9, 9);
        second.slice(b, 0, 5, "aten::relu").slice(b, 7, 5, "aten::mm");
        const TracePtr one = first.finish();
        const TracePtr two = second.finish();
        const SliceColors colorsOne(*one, Theme::dark(), ColorBy::Family);
        const SliceColors colorsTwo(*two, Theme::dark(), ColorBy::Family);
        QCOMPARE(colorsOne.style(test::sliceNamed(*one, "aten::mm"), *one).fill, colorsTwo.style(test::sliceNamed(*two, "aten::mm"), *two).fill);
    }
    void oneNameMayHaveTwoFamiliesByCategory()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        f.slice(t, 0, 5, "linear", "cpu_op").slice(t, 10, 5, "linear", "user_annotation");
        const TracePtr trace = f.finish();
        const SliceColors colors(*trace, Theme::light(), ColorBy::Family);
        QCOMPARE(colors.style(SliceId(0), *trace).family, Family::Matmul);
        QCOMPARE(colors.style(SliceId(1), *trace).family, Family::Annotation);
        QCOMPARE(colors.style(SliceId(1), *trace).kind, Fill::Outline);
    }
    void otherProducersGetManyColours()
    {
        test::TraceFixture f;
        const TrackId t = f.thread(1, 1);
        for (int i = 0; i < 40; ++i) f.slice(t, i * 10, 5, "step " + std::to_string(i), "toplevel");
        const TracePtr trace = f.finish();
        const SliceColors colors(*trace, Theme::dark(), ColorBy::Family);
        std::set<QRgb> fills;
        for (int i = 0; i < 40; ++i) fills.insert(colors.style(SliceId(i), *trace).fill);
        QVERIFY(fills.size() > 8);
    }
    void everyShadeCanCarryItsTextAndStandsOutFromTheCanvas()
    {
        for (const Theme& theme : {Theme::dark(), Theme::light()}) {
            int count = 0;
            for (std::size_t family = 0; family < kFamilies; ++family)
                for (const QRgb fill : shades(static_cast<Family>(family), theme.isDark)) {
                    ++count;
                    QVERIFY(contrast(fill, theme.sliceText.rgb()) >= 4.5);
                    QVERIFY(contrast(fill, theme.canvas.rgb()) >= 3.0);
                }
            QCOMPARE(count, 30);
        }
    }
};

QTEST_GUILESS_MAIN(tst_SliceColors)
#include "tst_SliceColors.moc"
