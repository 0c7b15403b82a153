#pragma once

#include <functional>

class QObject;

namespace opscope {

// What takes longer to end than the event loop may wait, and interests nobody any more. It is waited for before the QCoreApplication goes,
// so nothing of it runs while the program is taken apart. Of the main thread; where there is no application, it is waited for at once.

/// On a thread of its own, where what the function holds is destroyed too. Must not throw.
void endInBackground(std::function<void()> ending);
/// It deletes itself in its time; what is still there at the end of the application is deleted then.
void deleteAtTheLatest(QObject* object);

} // namespace opscope
