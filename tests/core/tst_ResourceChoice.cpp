#include <QTemporaryDir>
#include <QtTest>

#include "core/io/Loader.h"
#include "core/tensor/Resources.h"

using namespace opscope;

namespace {

constexpr const char* kNodes = R"({"schema":"1.1.1-chakra.0.0.4","pid":7,"nodes":[
{"id":1,"name":"[pytorch|profiler|execution_trace|process]","ctrl_deps":1,"inputs":{"values":[],"shapes":[],"types":[],"strides":[]},
"outputs":{"values":[],"shapes":[],"types":[],"strides":[]},"attrs":[{"name":"rf_id","type":"uint64","value":0}]}]})";

void write(const QString& path, const char* text)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) >= 0);
}

} // namespace

class tst_ResourceChoice : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aFolderChosenByHandTakesThePlaceOfTheOneBesideTheFile()
    {
        const QTemporaryDir dir;
        const auto path = [&](const char* name) { return dir.filePath(QString::fromLatin1(name)); };
        write(path("a_et.json"), kNodes);
        QVERIFY(QDir(dir.path()).mkdir(QStringLiteral("a_et_resources")) && QDir(dir.path()).mkdir(QStringLiteral("elsewhere")));
        write(path("a_et_resources/nid_1_tid_0.dat"), "");
        write(path("elsewhere/nid_2_tid_3.dat"), "12345678");

        const std::string file = path("a_et.json").toStdString();
        const auto beside = loadTrace(std::span(&file, 1));
        QVERIFY(beside.ok());
        QVERIFY(Resources::of(**beside, SourceId(0)).capture(1, 0));

        ImportOptions options;
        options.resourceFolders[file] = path("elsewhere").toStdString();
        const auto chosen = loadTrace(std::span(&file, 1), {}, options);
        QVERIFY(chosen.ok());
        const Resources resources = Resources::of(**chosen, SourceId(0));
        QCOMPARE(QString::fromStdString(std::string(resources.folder())), path("elsewhere"));
        QVERIFY(!resources.capture(1, 0));
        QVERIFY(resources.capture(2, 3));
        QVERIFY(Resources::of(**chosen, NodeId(0)).open("nid_2_tid_3.dat").ok());
    }
};

QTEST_GUILESS_MAIN(tst_ResourceChoice)
#include "tst_ResourceChoice.moc"
