#pragma once

#include "app/gui/RecentFiles.h"
#include "widgets/document/ViewSettings.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QListView;
class QStackedWidget;

namespace opscope {

class RecentModel;
class StartButton;

/// An empty window: the mark, ways to open something, what was open lately.
class StartView : public QWidget
{
    Q_OBJECT

public:
    enum class Sample : std::uint8_t { Present, Missing };
    StartView(RecentFiles& recent, ViewSettings& settings, Sample sample, QWidget* parent = nullptr);

Q_SIGNALS:
    void openClicked();
    void recordClicked();
    void sampleClicked();
    void filesChosen(const QStringList& files);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* makeSide(Sample sample);
    QWidget* makeRecent();
    void showTheme();
    void showRecent();

    RecentFiles& m_recent;
    ViewSettings& m_settings;
    RecentModel* m_model;
    QListView* m_list = nullptr;
    QStackedWidget* m_pages = nullptr;
    QLineEdit* m_find = nullptr;
};

} // namespace opscope
