#pragma once

#include <QWidget>

#include "core/record/RecorderBackend.h"
#include "widgets/common/Theme.h"

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QToolButton;

namespace opscope {

class WrappedText;

/// Why there is no recording: a sentence, what to do, and what programs said, folded, to copy.
class RecordFailureView : public QWidget
{
    Q_OBJECT

public:
    explicit RecordFailureView(const Theme& theme, QWidget* parent = nullptr);
    /// `kept`: the file with what was recorded until then, or empty.
    void setFailure(const RecordFailure& failure, const QString& kept);
    QString sentence() const;
    QString advice() const;
    void showDetails(bool show);
    QPushButton& copyButton() { return *m_copy; }

Q_SIGNALS:
    void openClicked(); ///< what was kept

private:
    Theme m_theme;
    WrappedText *m_sentence, *m_advice, *m_kept;
    QToolButton* m_fold;
    QPushButton *m_open, *m_copy;
    QPlainTextEdit* m_details;
};

} // namespace opscope
