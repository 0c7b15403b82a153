#pragma once

#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QLineEdit>
#include <QTimer>

#include <optional>

class QAction;
class QLabel;
class QToolButton;

namespace opscope {

class FilterHelp;
class FilterPopup;

/// The text of the filter. Parsed at every keystroke, in force a moment after the last one when it parses; one that does not has
/// its wrong piece underlined and says what was expected, while the filter before stays in force.
///
///     Enter      in force at once            Ctrl+Space, Down   what may stand here
///     Tab        takes the first choice      F1                 the language on a page
///     Esc        closes what hangs below, gives up a running filter, undoes what was typed, leaves: one a press
class FilterEdit : public QLineEdit
{
    Q_OBJECT

public:
    static constexpr int kTypingMs = 150;

    FilterEdit(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);
    /// Takes the focus and selects what is there.
    void begin();
    const std::optional<FilterError>& error() const { return m_error; }
    FilterPopup& popup() { return *m_popup; }
    FilterHelp& help() { return *m_help; }
    QString countText() const;

Q_SIGNALS:
    void left();            ///< Esc with nothing left to undo: the focus should go back to where the work is

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void edited();
    void check();
    void commit();
    void filterChanged();
    void showBeginning();
    void filterFailed(const QString& sentence);
    void offerChoices(bool asked);
    void take(std::size_t choice);
    void insertExample(const QString& example);
    void toggleHelp();
    void escape();
    void showError(bool atEnd);
    void showState();
    void placeParts();
    void showTheme();
    QString inForceText() const;
    double xOf(qsizetype position) const;
    QToolButton* addTool(const QString& tip);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QAction* m_sign;
    QLabel* m_count;
    QToolButton* m_clear;
    QToolButton* m_question;
    FilterPopup* m_popup;
    FilterHelp* m_help;
    QTimer m_typing;                        ///< runs from a keystroke until its text is in force
    QTimer m_slow;                          ///< a filter takes long enough to say so
    std::optional<FilterError> m_error;     ///< of the text as it stands
    Filter m_parsed;                        ///< of the text as it stands, when there is no error
    Filter m_seen;                          ///< of the document, when it was last looked at
    bool m_keepText = false;                ///< the document goes back to the filter before, what was typed stays to be mended
};

} // namespace opscope
