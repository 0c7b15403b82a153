#pragma once

#include "widgets/document/ViewSettings.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace opscope {

/// What the window shows when a file cannot be opened: one sentence, and ways on.
class ErrorView : public QWidget
{
    Q_OBJECT

public:
    explicit ErrorView(ViewSettings& settings, QWidget* parent = nullptr);
    void setError(const QString& sentence);

Q_SIGNALS:
    void openClicked();
    void retryClicked();

private:
    void showTheme();

    ViewSettings& m_settings;
    QLabel* m_sign;
    QLabel* m_text;
    QPushButton* m_open;
};

} // namespace opscope
