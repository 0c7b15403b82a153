#pragma once

#include "core/base/JobControl.h"
#include "widgets/document/ViewSettings.h"

#include <QStringList>
#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace opscope {

/// Shown inside the window while a file is read: what, how far, Cancel.
class LoadingView : public QWidget
{
    Q_OBJECT

public:
    explicit LoadingView(QWidget* parent = nullptr);
    void begin(const QStringList& files);
    void show(const Progress& progress);
    using QWidget::show;

Q_SIGNALS:
    void cancelled();

private:
    QLabel* m_title;
    QLabel* m_percent;
    QProgressBar* m_bar;
    QLabel* m_step;
    QPushButton* m_cancel;
};

} // namespace opscope
