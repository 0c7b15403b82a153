#pragma once

#include "widgets/document/ViewSettings.h"

#include <QWidget>

#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;
class QProgressBar;
class QPushButton;

namespace opscope {

struct Progress;

/// One quiet line above the timeline: an offer, a warning, how far a job is. Never takes the focus by itself; one at a time.
class NoticeBar : public QWidget
{
    Q_OBJECT

public:
    enum class Kind : std::uint8_t { Offer, Warning, Progress };
    struct Action
    {
        QString text;
        std::function<void()> act;      ///< the bar is gone by then
    };

    explicit NoticeBar(ViewSettings& settings, QWidget* parent = nullptr);
    void showNotice(Kind kind, const QString& text, std::vector<Action> actions);
    void showProgress(const Progress& progress);
    void clear();
    Kind kind() const { return m_kind; }
    QString text() const { return m_words; }
    /// From left to right; for tests and for the keyboard.
    const std::vector<QPushButton*>& buttons() const { return m_buttons; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void showTheme();

    ViewSettings& m_settings;
    QHBoxLayout* m_row;
    QLabel* m_sign;
    QLabel* m_text;
    QProgressBar* m_bar;
    QLabel* m_percent;
    std::vector<QPushButton*> m_buttons;
    std::vector<Action> m_actions;
    QString m_words;
    Kind m_kind = Kind::Offer;
};

} // namespace opscope
