#pragma once

#include <QFrame>

#include "core/record/RecorderBackend.h"
#include "widgets/common/Theme.h"

#include <span>
#include <string>
#include <vector>

class QButtonGroup;
class QLabel;
class QRadioButton;
class QToolButton;

namespace opscope {

/// One way to record: its name, what it makes, and whether it is ready here or why not and what to do about it.
class RecordWay : public QFrame
{
    Q_OBJECT

public:
    RecordWay(const Theme& theme, const RecorderBackend& backend, QWidget* parent = nullptr);
    /// Null: not known yet.
    void setReadiness(const Readiness* ready);
    /// Offers to do it another way: a link behind the text. Empty: none.
    void setLink(const QString& text);
    QRadioButton& radio() { return *m_radio; }
    QString statusText() const;
    QString detailText() const;
    QToolButton& copyButton() { return *m_copy; }
    QToolButton& linkButton() { return *m_link; }

Q_SIGNALS:
    void linkClicked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    QWidget* makeButtons();

    Theme m_theme;
    const RecorderBackend& m_backend;
    QRadioButton* m_radio;
    QLabel *m_sign, *m_status, *m_detail, *m_note;
    QToolButton *m_copy, *m_link;
    QString m_toCopy;
};

/// All ways, one below the other. Only what is possible can be chosen; what was wished for is chosen again as soon as it can be.
class RecordWays : public QWidget
{
    Q_OBJECT

public:
    RecordWays(const Theme& theme, std::span<const RecorderBackend> backends, QWidget* parent = nullptr);
    /// By backend; fewer: not known yet, and nothing can be chosen.
    void setReadiness(const std::vector<Readiness>& ready);
    void setWish(const std::string& id);
    const std::string& wish() const { return m_wish; }
    /// Which ways are shown at all, and which of them has a link to a new start (RecordWay::setLink).
    enum class For : std::uint8_t { Process, PyTorchProcess, Command };
    void showFor(For what);
    /// Null when none is possible.
    const RecorderBackend* chosen() const;
    RecordWay& way(std::size_t i) { return *m_ways[i]; }
    std::size_t size() const { return m_ways.size(); }

Q_SIGNALS:
    void chosenChanged();
    void wishChanged();      ///< by a person
    void newStartWanted();   ///< a process cannot be recorded this way, a new command could

private:
    void choose();
    void wishFor(int id);

    std::span<const RecorderBackend> m_backends;
    std::vector<RecordWay*> m_ways;
    std::vector<Readiness> m_ready;
    std::vector<bool> m_shown;
    std::string m_wish;
    int m_chosen = -1;
    QButtonGroup* m_group;
};

} // namespace opscope
