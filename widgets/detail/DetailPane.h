#pragma once

#include <QWidget>

#include "widgets/detail/EventJson.h"
#include "widgets/document/Job.h"

#include <memory>
#include <vector>

class QToolButton;
class QUrl;

namespace opscope {

class DetailText;
class TraceDocument;
class ViewSettings;

/// The Detail panel: everything about the selection. What the typed columns know stands there at once; the rest comes when a
/// worker has read the event back from its file.
class DetailPane : public QWidget
{
    Q_OBJECT

public:
    DetailPane(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    DetailText& text() { return *m_text; }
    bool busy() const { return m_job.running(); }
    /// Everything that is shown, exact, for a copy.
    QString allText() const;
    /// The event as the file has it; "" while it is being read or when it cannot be.
    QString jsonText() const;

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Read
    {
        TracePtr trace;
        Selection selection;
        DetailFacts facts;
        std::vector<DetailBlock> blocks;
    };
    void follow();
    void read();
    void lookChanged();
    void received(const Read& read);
    void display(bool keepPlace);
    void colour(DetailHeading& heading, std::vector<DetailBlock>& blocks) const;
    void go(const QUrl& link);
    void placeButton();
    void openMenu(QPoint global, const QString& value);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    DetailText* m_text = nullptr;
    QToolButton* m_copy = nullptr;
    Selection m_shown;                          ///< without its range: that has no details
    TracePtr m_trace;
    DetailFacts m_facts;                        ///< of m_shown, as far as read
    std::vector<DetailBlock> m_blocks;
    bool m_scrollToTensor = false;              ///< a tensor was chosen: its section is to be in sight
    Job m_job;
};

} // namespace opscope
