#pragma once

#include <QWidget>

#include "widgets/detail/EventJson.h"
#include "widgets/document/Job.h"

#include <memory>

class QPlainTextEdit;

namespace opscope {

class JsonHighlighter;
class TraceDocument;
class ViewSettings;

/// The Raw panel: the JSON of the selected event, and of the node that it is, as the files have them, laid out for reading.
class RawPane : public QWidget
{
    Q_OBJECT

public:
    RawPane(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    QPlainTextEdit& text() { return *m_text; }
    bool busy() const { return m_job.running(); }

protected:
    void showEvent(QShowEvent* event) override;

private:
    struct Read
    {
        TracePtr trace;
        Selection selection;
        QString text;
    };
    void follow();
    void lookChanged();

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QPlainTextEdit* m_text = nullptr;
    JsonHighlighter* m_highlighter = nullptr;
    TracePtr m_trace;
    Selection m_shown;
    bool m_complete = false;
    Job m_job;
};

} // namespace opscope
