#include "tests/app/RunOpscope.h"

#include <QDir>
#include <QImage>
#include <QXmlStreamReader>
#include <QtTest>

#include <set>

using namespace opscope;
using namespace opscope::test;

namespace {

constexpr const char* kTrace = R"({"schemaVersion": 1, "traceEvents": [
{"ph": "X", "cat": "cpu_op", "name": "aten::linear", "pid": 7, "tid": 8, "ts": 10, "dur": 20.5, "args": {}},
{"ph": "X", "cat": "cpu_op", "name": "aten::addmm", "pid": 7, "tid": 8, "ts": 12, "dur": 8, "args": {}},
{"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": 7, "ts": 18, "dur": 30, "args": {"device": 0, "stream": 7}}]})";

Ran runWindow(const QStringList& arguments)
{
    return runProgram(QStringLiteral("opscope-gui"), arguments);
}

std::size_t coloursOf(const QImage& image)
{
    std::set<QRgb> colours;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2)
            colours.insert(image.pixel(x, y));
    }
    return colours.size();
}

} // namespace

class tst_Render : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void thePictureHasTheAskedSizeAndSomethingOnIt();
    void aScaledPictureHasTheAskedSizeToo();
    void theThemesDiffer();
    void theSamePictureComesEveryTime();
    void aRangeAndASelectionChangeThePicture();
    void panelsComeToTheFrontAndDocksHaveTheAskedSize();
    void nodesAndTensorsCanBeSelected();
    void whatCannotBeDrawnIsOneSentenceAndStatus1_data();
    void whatCannotBeDrawnIsOneSentenceAndStatus1();
    void misuseIsStatus2_data();
    void misuseIsStatus2();
    void theFirstPaintIsTimed();
    void aNameThatEndsInSvgDrawsTheTimelineAsVectors();
    void theExportDialogIsDrawnAlone();

private:
    QString path(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }
    QImage draw(const QStringList& more) { return draw(m_trace, more); }
    QImage draw(const QString& trace, const QStringList& more);
    QTemporaryDir m_folder;
    QString m_trace;
};

void tst_Render::initTestCase()
{
    m_trace = path("small.json");
    QFile file(m_trace);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(kTrace) > 0);
}

QImage tst_Render::draw(const QString& trace, const QStringList& more)
{
    const QString picture = path("shot.png");
    QFile::remove(picture);
    const Ran ran = runWindow(QStringList{QStringLiteral("--render"), picture, trace} + more);
    if (ran.status != 0)
        qWarning("%s", ran.err.constData());
    return QImage(picture);
}

void tst_Render::thePictureHasTheAskedSizeAndSomethingOnIt()
{
    const QImage image = draw({QStringLiteral("--size"), QStringLiteral("1280x720")});
    QCOMPARE(image.size(), QSize(1280, 720));
    QVERIFY(coloursOf(image) > 20);
}

void tst_Render::aScaledPictureHasTheAskedSizeToo()
{
    const QImage image = draw({QStringLiteral("--size"), QStringLiteral("1600x1200"), QStringLiteral("--scale"), QStringLiteral("2")});
    QCOMPARE(image.size(), QSize(1600, 1200));
}

void tst_Render::theThemesDiffer()
{
    const QImage light = draw({QStringLiteral("--theme"), QStringLiteral("light")});
    const QImage dark = draw({QStringLiteral("--theme"), QStringLiteral("dark")});
    QVERIFY(qGray(light.pixel(2, 2)) > 200);
    QVERIFY(qGray(dark.pixel(2, 2)) < 60);
}

void tst_Render::theSamePictureComesEveryTime()
{
    QCOMPARE(draw({}), draw({}));
}

void tst_Render::aRangeAndASelectionChangeThePicture()
{
    const QImage all = draw({});
    const QImage range = draw({QStringLiteral("--range"), QStringLiteral("2us..9us")});
    const QImage selected = draw({QStringLiteral("--select"), QStringLiteral("aten::addmm")});
    QVERIFY(!range.isNull() && !selected.isNull());
    QVERIFY(range != all);
    QVERIFY(selected != all);
    const QImage stretch = draw({QStringLiteral("--select"), QStringLiteral("range:1us..20us")});
    QVERIFY(!stretch.isNull() && stretch != all && stretch != selected);
}

void tst_Render::panelsComeToTheFrontAndDocksHaveTheAskedSize()
{
    const QStringList size{QStringLiteral("--size"), QStringLiteral("1280x800")};
    const QImage all = draw(size);
    QVERIFY(draw(size + QStringList{QStringLiteral("--panel"), QStringLiteral("problems,raw")}) != all);
    // Without docks the last rows above the status line are the empty canvas under the tracks.
    const QImage bare = draw(size + QStringList{QStringLiteral("--dock=0x0"), QStringLiteral("--theme"), QStringLiteral("light")});
    QCOMPARE(bare.pixelColor(1200, 740), QColor(Qt::white));
    const QImage high = draw(size + QStringList{QStringLiteral("--dock=300x500"), QStringLiteral("--theme"), QStringLiteral("light")});
    QVERIFY(high.pixelColor(600, 440) != QColor(Qt::white));
    QVERIFY(high.pixelColor(1200, 740) != QColor(Qt::white));
}

void tst_Render::nodesAndTensorsCanBeSelected()
{
    const QString et = QStringLiteral(OPSCOPE_TEST_DATA "/et/linked_host_trace.json");
    const QImage none = draw(et, {});
    const QImage node = draw(et, {QStringLiteral("--select"), QStringLiteral("node:4")});
    const QImage other = draw(et, {QStringLiteral("--select"), QStringLiteral("node:3")});
    QVERIFY(!none.isNull() && !node.isNull() && !other.isNull());
    QVERIFY(none != node && node != other);
    QVERIFY(!draw(et, {QStringLiteral("--select"), QStringLiteral("node:3/in0"), QStringLiteral("--no-links")}).isNull());
}

void tst_Render::whatCannotBeDrawnIsOneSentenceAndStatus1_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("a missing file") << QStringList{path("none.json")};
    QTest::newRow("an absent name") << QStringList{m_trace, QStringLiteral("--select"), QStringLiteral("no such thing")};
    const QString et = QStringLiteral(OPSCOPE_TEST_DATA "/et/linked_host_trace.json");
    QTest::newRow("no range") << QStringList{m_trace, QStringLiteral("--select"), QStringLiteral("range:20us..")};
    QTest::newRow("an absent node") << QStringList{et, QStringLiteral("--select"), QStringLiteral("node:4711")};
    QTest::newRow("an absent tensor") << QStringList{et, QStringLiteral("--select"), QStringLiteral("tensor:4711")};
    QTest::newRow("an input too many") << QStringList{et, QStringLiteral("--select"), QStringLiteral("node:3/in99")};
    QVERIFY(QDir().mkpath(path("empty")));
    QTest::newRow("a folder without traces") << QStringList{path("empty")};
}

void tst_Render::whatCannotBeDrawnIsOneSentenceAndStatus1()
{
    QFETCH(QStringList, arguments);
    const QString picture = path("never.png");
    const Ran ran = runWindow(QStringList{QStringLiteral("--render"), picture} + arguments);
    QCOMPARE(ran.status, 1);
    QCOMPARE(ran.err.trimmed().count('\n'), 0);
    QVERIFY(ran.err.size() > 10);
    QVERIFY(!QFile::exists(picture));
}

void tst_Render::misuseIsStatus2_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("no file") << QStringList{QStringLiteral("--render"), path("x.png")};
    QTest::newRow("a size that is none") << QStringList{QStringLiteral("--render"), path("x.png"), m_trace, QStringLiteral("--size"), QStringLiteral("big")};
    QTest::newRow("a theme that is none") << QStringList{QStringLiteral("--render"), path("x.png"), m_trace, QStringLiteral("--theme"), QStringLiteral("pink")};
    QTest::newRow("a panel that is none") << QStringList{QStringLiteral("--render"), path("x.png"), m_trace, QStringLiteral("--panel"), QStringLiteral("none")};
    QTest::newRow("docks without a size") << QStringList{QStringLiteral("--render"), path("x.png"), m_trace, QStringLiteral("--dock"), QStringLiteral("wide")};
    QTest::newRow("a size without a picture") << QStringList{m_trace, QStringLiteral("--size"), QStringLiteral("800x600")};
}

void tst_Render::misuseIsStatus2()
{
    QFETCH(QStringList, arguments);
    const Ran ran = runWindow(arguments);
    QCOMPARE(ran.status, 2);
    QVERIFY(!ran.err.isEmpty());
}

void tst_Render::theFirstPaintIsTimed()
{
    const Ran ran = runWindow({QStringLiteral("--time-first-paint")});
    QCOMPARE(ran.status, 0);
    bool isNumber = false;
    const int ms = ran.out.trimmed().toInt(&isNumber);
    QVERIFY2(isNumber && ms > 0, ran.out.constData());
}

void tst_Render::aNameThatEndsInSvgDrawsTheTimelineAsVectors()
{
    const QString picture = path("shot.svg");
    QCOMPARE(runWindow({QStringLiteral("--render"), picture, m_trace}).status, 0);
    QFile file(picture);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QXmlStreamReader xml(&file);
    QString texts;
    int rects = 0;
    while (!xml.atEnd()) {
        xml.readNext();
        if (xml.isCharacters()) texts += xml.text();
        rects += xml.isStartElement() && xml.name() == QLatin1String("rect");
        QVERIFY(!xml.isStartElement() || xml.name() != QLatin1String("image"));
    }
    QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    QVERIFY(rects > 10 && texts.contains(QStringLiteral("linear")) && texts.contains(QStringLiteral("gemm")));
}

void tst_Render::theExportDialogIsDrawnAlone()
{
    const QImage dialog = draw({QStringLiteral("--dialog"), QStringLiteral("export")});
    QVERIFY(dialog.width() > 600 && dialog.width() < 1280 && dialog.height() > 300 && dialog.height() < 720);
    QVERIFY(coloursOf(dialog) > 20);
}

QTEST_GUILESS_MAIN(tst_Render)
#include "tst_Render.moc"
