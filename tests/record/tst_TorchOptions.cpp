#include <QTest>

#include "core/record/torch/TorchOptions.h"

using namespace opscope;

/// The settings of all ways to record PyTorch, and what they ask for.
class TstTorchOptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theyAreTheSameOnesInTheSameOrder();
    void everyStandardIsAValueOfItsOption();
    void withoutAnythingOperatorsKernelsAndShapesAreRecorded();
    void whatIsAskedForIsRead();
    void operatorsArePartedByCommas();
    void sensibleWishesAreTaken_data();
    void sensibleWishesAreTaken();
    void senselessWishesHaveASentence_data();
    void senselessWishesHaveASentence();
};

void TstTorchOptions::theyAreTheSameOnesInTheSameOrder()
{
    QByteArray all;
    for (const RecordOption& option : torch::options()) {
        all += option.id + (option.standard.empty() ? "" : "=" + option.standard) + " ";
        QVERIFY2(option.title.size() >= 5 && option.title.size() <= 30, option.title.c_str());
        QVERIFY2(option.help.ends_with('.') || option.help.ends_with(')'), option.help.c_str());
    }
    QCOMPARE(all, QByteArray("ops=on kernels=on shapes=on stacks=off memory=off modules=off flops=off et=off integral integral-range=off warmup=0 profile-all-threads=off "));
}

void TstTorchOptions::everyStandardIsAValueOfItsOption()
{
    for (const RecordOption& option : torch::options()) {
        const Status fine = checkOption(option, option.standard);
        QVERIFY2(fine, option.id.c_str());
    }
    QVERIFY(torch::checkWish({}));
}

void TstTorchOptions::withoutAnythingOperatorsKernelsAndShapesAreRecorded()
{
    const torch::Wish wish = torch::wishOf({});
    QVERIFY(wish.ops && wish.kernels && wish.shapes && wish.kineto());
    QVERIFY(!wish.stacks && !wish.memory && !wish.modules && !wish.flops && !wish.executionTrace && !wish.integralRange && !wish.allThreads);
    QVERIFY(wish.integralOps.empty());
    QCOMPARE(wish.warmup, 0u);
    QCOMPARE(wish.steps, 0u);
    QVERIFY(!wish.duration);
}

void TstTorchOptions::whatIsAskedForIsRead()
{
    RecordRequest request;
    request.options = {{"ops", "off"}, {"kernels", "off"}, {"shapes", "off"}, {"stacks", "on"}, {"memory", "on"}, {"modules", "on"}, {"flops", "on"}, {"et", "on"},
                       {"integral-range", "on"}, {"warmup", "7"}, {"profile-all-threads", "on"}, {"frequency", "999"}};
    request.steps = 3;
    request.duration = std::chrono::milliseconds(1500);
    const torch::Wish wish = torch::wishOf(request);
    QVERIFY(!wish.ops && !wish.kernels && !wish.shapes && !wish.kineto());
    QVERIFY(wish.stacks && wish.memory && wish.modules && wish.flops && wish.executionTrace && wish.integralRange && wish.allThreads);
    QCOMPARE(wish.warmup, 7u);
    QCOMPARE(wish.steps, 3u);
    QCOMPARE(wish.duration->count(), 1500);
}

void TstTorchOptions::operatorsArePartedByCommas()
{
    RecordRequest request;
    request.options = {{"integral", " aten::embedding , ,aten::index_select,"}};
    const std::vector<std::string> names = torch::wishOf(request).integralOps;
    QCOMPARE(names, (std::vector<std::string>{"aten::embedding", "aten::index_select"}));
}

void TstTorchOptions::sensibleWishesAreTaken_data()
{
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("value");
    QTest::newRow("an execution trace alone") << "ops,kernels" << "off";
    QTest::newRow("kernels alone") << "ops" << "off";
    QTest::newRow("captured tensors") << "integral" << "aten::embedding,my_ops::größe";
    QTest::newRow("64 operators") << "integral" << QStringLiteral("a,").repeated(64);
    QTest::newRow("a name of 256 bytes") << "integral" << QString(256, QLatin1Char('a'));
    QTest::newRow("ranges") << "integral-range" << "on";
}

void TstTorchOptions::sensibleWishesAreTaken()
{
    QFETCH(QString, id);
    QFETCH(QString, value);
    OptionValues values{{"et", "on"}};
    for (const QString& one : id.split(QLatin1Char(','))) values[one.toStdString()] = value.toStdString();
    const Status fine = torch::checkWish(values);
    QVERIFY2(fine, fine ? "" : fine.error().message.c_str());
}

void TstTorchOptions::senselessWishesHaveASentence_data()
{
    QTest::addColumn<QString>("given"); // id=value, parted by ;
    QTest::addColumn<QString>("sentence");
    QTest::newRow("nothing") << "ops=off;kernels=off" << "There is nothing to record: choose CPU operators, GPU kernels or the execution trace";
    QTest::newRow("captured without a trace") << "integral=aten::embedding" << "Captured integral tensors belong to an execution trace: choose it as well (--et)";
    QTest::newRow("ranges without a trace") << "integral-range=on" << "Ranges of integral tensors are written into the execution trace: choose it as well (--et)";
    QTest::newRow("two words") << "et=on;integral=aten::a aten::b" << "Captured integral tensors: \"aten::a aten::b\" is no name of an operator; write aten::embedding,aten::index_select";
    QTest::newRow("a line end") << "et=on;integral=a\nb" << "Captured integral tensors: \"a␊b\" is no name of an operator; write aten::embedding,aten::index_select";
    QTest::newRow("65 operators") << QStringLiteral("et=on;integral=") + QStringLiteral("a,").repeated(65) << "Captured integral tensors: at most 64 operators, not 65";
    QTest::newRow("a name of 257 bytes") << QStringLiteral("et=on;integral=") + QString(257, QLatin1Char('a')) << "Captured integral tensors: the name of an operator has at most 256 bytes, not 257";
}

void TstTorchOptions::senselessWishesHaveASentence()
{
    QFETCH(QString, given);
    QFETCH(QString, sentence);
    OptionValues values;
    for (const QString& one : given.split(QLatin1Char(';'))) values[one.section(QLatin1Char('='), 0, 0).toStdString()] = one.section(QLatin1Char('='), 1).toStdString();
    const Status fine = torch::checkWish(values);
    QVERIFY(!fine);
    QCOMPARE(QString::fromStdString(fine.error().message), sentence);
}

QTEST_GUILESS_MAIN(TstTorchOptions)
#include "tst_TorchOptions.moc"
