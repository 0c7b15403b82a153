#pragma once

#include <QDialog>

namespace opscope {

struct Theme;

/// Every key of the window, on one page.
class KeysDialog : public QDialog
{
    Q_OBJECT

public:
    KeysDialog(const Theme& theme, QWidget* parent);
};

void showAbout(const Theme& theme, QWidget* parent);

} // namespace opscope
