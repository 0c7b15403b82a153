#pragma once

#include "widgets/common/Theme.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QsciLexerPython;
class QsciScintilla;

namespace opscope {

/// Python source to be read: line numbers, highlighting, one marked line, a find bar (Ctrl+F). Never run, never changed.
class SourceView : public QWidget
{
    Q_OBJECT

public:
    explicit SourceView(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// Shows `text` with the 1-based `line` marked and in sight; 0 marks none.
    void setSource(const QString& text, int line);
    QString text() const;
    int lines() const;
    int firstLineInSight() const;   ///< 1-based
    int markedLine() const { return m_marked; }
    void showLine(int line);
    void openFind();
    QLineEdit& findField() { return *m_wanted; }
    /// Next place behind the cursor, round the end; false when there is none.
    bool find(bool forward);
    QString selectedText() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeFindBar();
    void closeFind();
    void openMenu(QPoint place);
    void colourLexer();

    Theme m_theme = Theme::dark();
    QsciScintilla* m_text;
    QsciLexerPython* m_lexer;
    QWidget* m_bar = nullptr;
    QLineEdit* m_wanted = nullptr;
    QLabel* m_found = nullptr;
    int m_marked = 0;
};

} // namespace opscope
