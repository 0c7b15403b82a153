#pragma once

class QMenuBar;

namespace opscope {

class MainWindow;

/// File, Edit, View, Go, Help of one window. Keys that the timeline handles itself are shown, not bound again.
void buildMenus(QMenuBar& bar, MainWindow& window);

} // namespace opscope
