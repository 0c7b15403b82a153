#include "tests/app/RunOpscope.h"
#include "tests/support/Behaviours.h"
#include "tests/support/Golden.h"

#include <QtEndian>
#include <QtTest>

#include <nlohmann/json.hpp>

using namespace opscope::test;
using Json = nlohmann::ordered_json;

/// The recorded behaviours, tests/data/behaviours/README.md: what they must be, what the program says of them, their picture.
class tst_Behaviours : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(copyBehaviours(m_folder.path().toStdString())); }
    void everyClaimHolds_data() { behaviourRows(); }
    void everyClaimHolds();
    void theLinkFiguresAreThese_data() { behaviourRows(); }
    void theLinkFiguresAreThese();
    void thePictureIsDrawn_data() { behaviourRows(); }
    void thePictureIsDrawn();

private:
    static void behaviourRows()
    {
        QTest::addColumn<int>("row");
        for (std::size_t row = 0; row < behaviours().size(); ++row) QTest::newRow(behaviours()[row].name) << static_cast<int>(row);
    }
    QStringList filesOfRow(int row) const
    {
        QStringList files;
        for (const std::string& path : filesOf(behaviours()[static_cast<std::size_t>(row)], m_folder.path().toStdString()))
            files << QString::fromStdString(path);
        return files;
    }
    QTemporaryDir m_folder;
};

void tst_Behaviours::everyClaimHolds()
{
    QFETCH(int, row);
    const std::string complaint = checkBehaviour(behaviours()[static_cast<std::size_t>(row)], m_folder.path().toStdString());
    QVERIFY2(complaint.empty(), complaint.c_str());
}

/// One line of JSON a figure, so that a changed one is one changed line.
void tst_Behaviours::theLinkFiguresAreThese()
{
    QFETCH(int, row);
    const Ran ran = runOpscope(QStringList{QStringLiteral("info"), QStringLiteral("--links"), QStringLiteral("--json")} + filesOfRow(row));
    QVERIFY2(ran.status == 0, ran.err.constData());
    Json info = Json::parse(ran.out.begin(), ran.out.end());
    info.at("links").erase("report"); // the same figures once more, in longer words
    std::string text = info.at("links").dump(2);
    const std::string folder = m_folder.path().toStdString() + "/";
    for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size());
    const std::string golden = std::string("behaviours/") + behaviours()[static_cast<std::size_t>(row)].name + ".links";
    const std::string difference = compareGolden(text + "\n", golden);
    QVERIFY2(difference.empty(), difference.c_str());
}

void tst_Behaviours::thePictureIsDrawn()
{
    QFETCH(int, row);
    const QString picture = m_folder.filePath(QStringLiteral("picture.png"));
    QFile::remove(picture);
    const Ran ran = runOpscope(QStringList{QStringLiteral("render")} + filesOfRow(row) +
                               QStringList{QStringLiteral("-o"), picture, QStringLiteral("--size"), QStringLiteral("1000x700")});
    if (ran.err.contains("cannot be started")) QSKIP("skipped: built without the window");
    QVERIFY2(ran.status == 0, ran.err.constData());
    QFile file(picture);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray png = file.readAll();
    QVERIFY(png.startsWith("\x89PNG"));
    QCOMPARE(qFromBigEndian<quint32>(png.constData() + 16), 1000u);
    QCOMPARE(qFromBigEndian<quint32>(png.constData() + 20), 700u);
    QVERIFY2(png.size() > 10'000, "a picture as small as this is empty");
}

QTEST_GUILESS_MAIN(tst_Behaviours)
#include "tst_Behaviours.moc"
