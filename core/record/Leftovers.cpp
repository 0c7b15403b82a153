#include "core/record/Leftovers.h"

#include <QCoreApplication>
#include <QPointer>

#include <algorithm>
#include <atomic>
#include <list>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace opscope {
namespace {

struct Ending
{
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
};

struct Leftovers
{
    std::list<Ending> endings;
    std::list<QPointer<QObject>> objects;
    bool awaited = false;
};

Leftovers& leftovers()
{
    static Leftovers all;
    return all;
}

/// Not by destructors of statics: the threads use some that would be gone by then.
void awaitLeftovers()
{
    Leftovers& all = leftovers();
    for (auto objects = std::exchange(all.objects, {}); const QPointer<QObject>& object : objects) delete object.data(); // may leave endings
    for (auto endings = std::exchange(all.endings, {}); Ending& ending : endings) ending.thread.join();
    all.awaited = false; // there may be another application
}

/// Null: nobody would wait for it.
Leftovers* awaited()
{
    if (!QCoreApplication::instance() || QCoreApplication::closingDown()) return nullptr;
    Leftovers& all = leftovers();
    if (!std::exchange(all.awaited, true)) qAddPostRoutine(awaitLeftovers);
    return &all;
}

} // namespace

void endInBackground(std::function<void()> ending)
{
    Leftovers* all = awaited();
    if (!all) return ending();
    all->endings.remove_if([](Ending& one) {
        if (one.over->load()) one.thread.join();
        return !one.thread.joinable();
    });
    Ending made;
    const auto once = std::make_shared<std::function<void()>>(std::move(ending)); // no copies: what it holds goes on that thread
    try {
        made.thread = std::thread([once, over = made.over] {
            (*once)();
            *once = nullptr;
            over->store(true);
        });
    } catch (const std::system_error&) { // no more threads
        return (*once)();
    }
    all->endings.push_back(std::move(made));
}

void deleteAtTheLatest(QObject* object)
{
    Leftovers* all = awaited();
    if (!all) {
        delete object;
        return;
    }
    all->objects.remove_if([](const QPointer<QObject>& one) { return one.isNull(); });
    all->objects.emplace_back(object);
}

} // namespace opscope
