#pragma once

#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QWidget>

class QToolButton;

namespace opscope {

class FilterChips;
class FilterEdit;

/// The row under the tool strip: the filter, what happens to the rest, the families. 34 px.
class FilterBar : public QWidget
{
    Q_OBJECT

public:
    static constexpr int kHeight = 34;

    FilterBar(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);
    FilterEdit& field() { return *m_field; }
    FilterChips& chips() { return *m_chips; }
    QToolButton& dimButton() { return *m_dim; }
    QToolButton& hideButton() { return *m_hide; }

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    void place();
    void showMode();
    void showTheme();
    QToolButton* addModeButton(const QString& tip, FilterMode mode);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    FilterEdit* m_field;
    QToolButton* m_dim;
    QToolButton* m_hide;
    FilterChips* m_chips;
};

} // namespace opscope
