#include <QTest>

#include "core/tensor/KernelSource.h"
#include "tests/support/EtFolder.h"

using namespace opscope;
using namespace opscope::test;

namespace {

using Strings = std::vector<std::string>;

constexpr const char* kHead = "# AOT ID: ['0_inference']\n"
                              "import torch\n"
                              "async_compile = AsyncCompile()\n\n";

/// As PyTorch's own test of the FX graph has it: with annotations and placeholders.
constexpr const char* kAnnotated =
    "# kernel path: /tmp/torchinductor/xx/cxx.py\n"
    "# Topologically Sorted Source Nodes: [sin, permute, mul, add, cos], Original ATen: [aten.sin, aten.permute]\n"
    "# Source node to ATen node mapping:\n"
    "#   add => add\n"
    "# Graph fragment:\n"
    "#   %mm : Tensor \"f32[4, 4][4, 1]cuda:0\" = PlaceHolder[target=mm]\n"
    "#   %arg2_1 : Tensor \"f32[4, 4][4, 1]cuda:0\" = PlaceHolder[target=arg2_1]\n"
    "#   %sin : Tensor \"f32[4, 4][4, 1]cuda:0\"[num_users=1] = call_function[target=torch.ops.aten.sin.default](args = (%mm,), kwargs = {})\n"
    "#   %mul : Tensor \"f32[4, 4][4, 1]cuda:0\"[num_users=1] = call_function[target=torch.ops.aten.mul.Tensor](args = (%arg2_1, 1111), kwargs = {})\n"
    "#   %add : Tensor \"f32[4, 4][4, 1]cuda:0\"[num_users=1] = call_function[target=torch.ops.aten.add.Tensor](args = (%sin, %mul), kwargs = {})\n"
    "#   return %add\n"
    "triton_poi_fused_add_0 = async_compile.triton('triton_poi_fused_add_0', '''\n"
    "import triton\n"
    "@triton.jit\n"
    "def triton_poi_fused_add_0(in_ptr0, out_ptr0, xnumel, XBLOCK : tl.constexpr):\n"
    "    pass\n"
    "''', device_str='cuda')\n\n";

/// The older form: no annotations, no placeholders.
constexpr const char* kPlain =
    "# Topologically Sorted Source Nodes: [relu], Original ATen: [aten.relu]\n"
    "# Graph fragment:\n"
    "#   %relu : [num_users=2] = call_function[target=torch.ops.aten.relu.default](args = (%add, %arg0_1, %add), kwargs = {})\n"
    "#   %le : [num_users=1] = call_function[target=torch.ops.aten.le.Scalar](args = (%relu, 0), kwargs = {})\n"
    "#   return %relu,%le\n"
    "triton_poi_fused_relu_1 = async_compile.triton('triton_poi_fused_relu_1', '''\n"
    "''')\n";

Strings shown(const FxGraph& graph)
{
    Strings out;
    for (const FxNode& node : graph.nodes) {
        std::string line = node.name + " | " + node.annotation + " | " + node.target + " |";
        for (const std::uint32_t input : node.inputs) line += " " + graph.nodes[input].name;
        out.push_back(line);
    }
    return out;
}

EtText kernelNode(int id, const std::string& name, const std::string& file)
{
    return {id, 2, name, {}, {}, "", etAttr("kernel_backend", "'triton'") + etAttr("kernel_file", "'" + file + "'")};
}

} // namespace

class tst_KernelSource : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theKernelIsFoundInItsFile_data();
    void theKernelIsFoundInItsFile();
    void textIsSafeToShow();
    void aHugeFileIsCut();
    void aNodeWithoutAKernelSaysSo();
    void theGraphWithAnnotationsIsRead();
    void theGraphWithoutAnnotationsHasPlaceholders();
    void aGraphBelongsToTheKernelBehindItOnly();
    void theGraphIsFoundInWhicheverFile();
    void aFragmentThatIsCutOrOddStillReads();
    void aGraphOfManyNodesIsCut();
};

void tst_KernelSource::theKernelIsFoundInItsFile_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("line");
    QTest::newRow("by name") << "import triton\n\n@triton.jit\ndef k_0(a):\n    pass\n" << 4;
    QTest::newRow("old versions call it triton_") << "import triton\n@triton.jit\ndef triton_(a):\n    pass\n" << 3;
    QTest::newRow("of a module") << "a = 1\nk_0 = async_compile.triton('k_0', '''\n" << 2;
    QTest::newRow("a name that goes on is another") << "def k_01(a):\n    pass\n" << 0;
    QTest::newRow("only in a comment") << "# k_0(a, b)\n" << 0;
    QTest::newRow("carriage returns") << "import triton\r\n@triton.jit\r\ndef k_0(a):\r\n" << 3;
}

void tst_KernelSource::theKernelIsFoundInItsFile()
{
    QFETCH(QString, text);
    QFETCH(int, line);
    const EtFolder folder;
    folder.put("cabc.py", text.toStdString());
    const TracePtr trace = folder.open({kernelNode(4, "k_0", "cabc.py")});
    const auto source = kernelSource(*trace, nodeNamed(*trace, "k_0"));
    QVERIFY(source.ok());
    QCOMPARE(source->fileName, std::string("cabc.py"));
    QCOMPARE(source->kernelLine, static_cast<std::uint32_t>(line));
    QVERIFY(source->text.find('\r') == std::string::npos);
}

void tst_KernelSource::textIsSafeToShow()
{
    const EtFolder folder;
    folder.put("c.py", std::string("a\x1b[31m\tb\n\xff\xfe \0 c\x7f\n", 17));
    const auto source = sourceFile(Resources::beside(folder.path()), "c.py", "");
    QVERIFY(source.ok());
    for (const char c : source->text) QVERIFY(static_cast<unsigned char>(c) >= 32 || c == '\n' || c == '\t');
    QVERIFY(source->text.find("\t") != std::string::npos && source->text.find("\x7f") == std::string::npos);
    QCOMPARE(std::count(source->text.begin(), source->text.end(), '\n'), 2);
}

void tst_KernelSource::aHugeFileIsCut()
{
    const EtFolder folder;
    folder.put("c.py", std::string(KernelSource::kMaxBytes + 5, 'x'));
    const auto source = sourceFile(Resources::beside(folder.path()), "c.py", "k");
    QVERIFY(source.ok() && source->cut);
    QCOMPARE(source->text.size(), KernelSource::kMaxBytes);
}

void tst_KernelSource::aNodeWithoutAKernelSaysSo()
{
    const EtFolder folder;
    const TracePtr trace = folder.open({{4, 2, "aten::relu"}, kernelNode(5, "k_0", "c.py")});
    QCOMPARE(kernelSource(*trace, nodeNamed(*trace, "aten::relu")).error().message, std::string("this node names no kernel file"));
    QCOMPARE(fxGraph(*trace, nodeNamed(*trace, "aten::relu")).error().message, std::string("this node names no kernel file"));
    QCOMPARE(kernelSource(*trace, nodeNamed(*trace, "k_0")).error().message, std::string("there is no resources folder beside the trace"));
    QVERIFY(!kernelSource(*trace, NodeId(99)).ok());
}

void tst_KernelSource::theGraphWithAnnotationsIsRead()
{
    const auto graph = fxGraphOf(std::string(kHead) + kAnnotated + kPlain, "triton_poi_fused_add_0");
    QVERIFY(graph.has_value());
    const std::string f32 = "Tensor \"f32[4, 4][4, 1]cuda:0\"";
    QCOMPARE(shown(*graph), (Strings{"mm | " + f32 + " | PlaceHolder[target=mm] |", "arg2_1 | " + f32 + " | PlaceHolder[target=arg2_1] |",
                                     "sin | " + f32 + " | call_function[target=torch.ops.aten.sin.default] | mm",
                                     "mul | " + f32 + " | call_function[target=torch.ops.aten.mul.Tensor] | arg2_1",
                                     "add | " + f32 + " | call_function[target=torch.ops.aten.add.Tensor] | sin mul", " |  | return | add"}));
    QCOMPARE(graph->sourceNodes, (Strings{"sin", "permute", "mul", "add", "cos"}));
    QCOMPARE(graph->line, 9u);
    QCOMPARE(graph->kernelLine, 16u);
    QCOMPARE(graph->nodes[4].text.substr(0, 6), std::string("%add :"));
}

void tst_KernelSource::theGraphWithoutAnnotationsHasPlaceholders()
{
    const auto graph = fxGraphOf(std::string(kHead) + kAnnotated + kPlain, "triton_poi_fused_relu_1");
    QVERIFY(graph.has_value());
    QCOMPARE(shown(*graph), (Strings{"add |  | placeholder |", "arg0_1 |  | placeholder |",
                                     "relu |  | call_function[target=torch.ops.aten.relu.default] | add arg0_1",
                                     "le |  | call_function[target=torch.ops.aten.le.Scalar] | relu", " |  | return | relu le"}));
    QCOMPARE(graph->sourceNodes, (Strings{"relu"}));
}

void tst_KernelSource::aGraphBelongsToTheKernelBehindItOnly()
{
    const std::string without = "triton_poi_fused_x_2 = async_compile.triton('triton_poi_fused_x_2', '''\n''')\n";
    QVERIFY(!fxGraphOf(std::string(kHead) + kAnnotated + without, "triton_poi_fused_x_2"));
    QVERIFY(!fxGraphOf(std::string(kHead) + kAnnotated, "triton_poi_fused_add"));
    QVERIFY(!fxGraphOf(std::string(kHead) + kAnnotated, ""));
    QVERIFY(!fxGraphOf("", "k"));
}

void tst_KernelSource::theGraphIsFoundInWhicheverFile()
{
    const EtFolder folder;
    folder.put("ca.py", "import triton\n@triton.jit\ndef triton_(a):\n    pass\n");
    folder.put("cb.py", std::string(kHead) + kPlain);
    folder.put("cz.py", std::string(kHead) + kAnnotated);
    const TracePtr trace = folder.open({kernelNode(4, "triton_poi_fused_add_0", "ca.py"), kernelNode(5, "triton_poi_other", "ca.py")});
    const auto graph = fxGraph(*trace, nodeNamed(*trace, "triton_poi_fused_add_0"));
    QVERIFY(graph.ok());
    QCOMPARE(graph->fileName, std::string("cz.py"));
    QCOMPARE(graph->nodes.size(), 6u);
    QCOMPARE(fxGraph(*trace, nodeNamed(*trace, "triton_poi_other")).error().message,
             std::string("no file of the resources folder has a graph for this kernel"));
}

void tst_KernelSource::aFragmentThatIsCutOrOddStillReads()
{
    const auto graph = fxGraphOf("# Graph fragment:\n"
                                 "#\n"
                                 "#   %\n"
                                 "#   %a : =\n"
                                 "#   %b = call_function[target=f](args = (%a, %b\n"
                                 "#     , %a), kwargs = {})\n"
                                 "#   return\n"
                                 "k_0 = async_compile.triton('k_0', '''\n",
                                 "k_0");
    QVERIFY(graph.has_value());
    QVERIFY(graph->nodes.size() >= 3);
    for (const FxNode& node : graph->nodes)
        for (const std::uint32_t input : node.inputs) QVERIFY(input < graph->nodes.size());
}

void tst_KernelSource::aGraphOfManyNodesIsCut()
{
    std::string text = "# Graph fragment:\n";
    for (int i = 0; i < 20'000; ++i) text += "#   %n" + std::to_string(i) + " : [num_users=1] = call_function[target=f](args = (%n" + std::to_string(i - 1) + ",), kwargs = {})\n";
    const auto graph = fxGraphOf(text + "k_0 = async_compile.triton('k_0', '''\n", "k_0");
    QVERIFY(graph && graph->cut);
    QCOMPARE(graph->nodes.size(), FxGraph::kMaxNodes + 1); // %n-1 reads as n
    QCOMPARE(graph->nodes[5].inputs, std::vector<std::uint32_t>{4});
}

QTEST_GUILESS_MAIN(tst_KernelSource)
#include "tst_KernelSource.moc"
