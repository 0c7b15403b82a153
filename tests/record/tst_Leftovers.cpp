#include <QtTest>

#include "core/record/Leftovers.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>

using namespace opscope;

namespace {

/// Runs `during` while an application is there, and lets it go.
template <class During>
void withApplication(During&& during)
{
    int argc = 1;
    char name[] = "test";
    char* argv[] = {name, nullptr};
    QCoreApplication application(argc, argv);
    during();
}

struct Tells
{
    explicit Tells(std::atomic<std::thread::id>& told) : where(told) {}
    ~Tells() { where = std::this_thread::get_id(); }
    std::atomic<std::thread::id>& where;
};

} // namespace

class tst_Leftovers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theApplicationWaitsForWhatItsLoopDoesNot()
    {
        for (int applications = 0; applications < 2; ++applications) {
            std::atomic<bool> ended = false, before = true;
            std::atomic<std::thread::id> destroyed;
            withApplication([&] {
                std::promise<void> go;
                auto held = std::make_shared<Tells>(destroyed);
                endInBackground([held = std::move(held), gone = go.get_future().share(), &ended] {
                    gone.wait();
                    ended = true;
                });
                before = ended.load(); // it would wait for ever
                go.set_value();
            });
            QVERIFY(!before && ended);
            QVERIFY(destroyed.load() != std::thread::id() && destroyed.load() != std::this_thread::get_id());
        }
    }
    void objectsThatAreLeftGoWithTheApplication()
    {
        QPointer<QObject> left, gone;
        std::atomic<bool> ended = false;
        withApplication([&] {
            left = new QObject;
            gone = new QObject;
            connect(left, &QObject::destroyed, [&ended] { endInBackground([&ended] { ended = true; }); }); // its last words
            deleteAtTheLatest(left);
            deleteAtTheLatest(gone);
            delete gone;
        });
        QVERIFY(!left && !gone && ended);
    }
    void withoutAnApplicationItIsWaitedForAtOnce()
    {
        std::thread::id where;
        endInBackground([&where] { where = std::this_thread::get_id(); });
        QVERIFY(where == std::this_thread::get_id());
        const QPointer<QObject> object = new QObject;
        deleteAtTheLatest(object);
        QVERIFY(!object);
    }
};

QTEST_APPLESS_MAIN(tst_Leftovers)
#include "tst_Leftovers.moc"
