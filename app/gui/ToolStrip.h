#pragma once

#include "widgets/document/NameSearch.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QWidget>

#include <utility>
#include <vector>

class QComboBox;
class QLabel;
class QToolButton;

namespace opscope {

class SearchField;

/// The row under the menu: open, back and forward, zoom, find, colour by, how much time is in view. 38 px.
class ToolStrip : public QWidget
{
    Q_OBJECT

public:
    ToolStrip(TraceDocument& document, NameSearch& search, ViewSettings& settings, QWidget* parent = nullptr);
    SearchField& search() { return *m_search; }

Q_SIGNALS:
    void openClicked();
    void recordClicked();
    void exportClicked();
    void zoomOutClicked();
    void fitClicked();
    void zoomInClicked();

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QToolButton* addButton(const char* iconName, const QString& text, const QString& tip);
    void addSeparator();
    void showTheme();
    void showRange();
    void showHistory();

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QToolButton* m_open;
    QToolButton* m_record;
    QToolButton* m_export;
    QToolButton* m_back;
    QToolButton* m_forward;
    QToolButton* m_links;
    SearchField* m_search;
    QLabel* m_colorLabel;
    QComboBox* m_colorBy;
    QLabel* m_inView;
    std::vector<std::pair<QToolButton*, const char*>> m_buttons; ///< with the names of their icons
};

} // namespace opscope
