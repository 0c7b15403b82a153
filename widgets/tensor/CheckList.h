#pragma once

#include <QWidget> // first: moc of Qt 6.4 stumbles over the standard library headers of core

#include "core/tensor/CapturedTensor.h"
#include "widgets/common/Theme.h"

#include <string>
#include <vector>

class QGridLayout;
class QLabel;

namespace opscope {

/// Things that were compared, each with a tick or a warning and both numbers; above them sentences that warn. Two columns where
/// there is room.
class CheckList : public QWidget
{
    Q_OBJECT

public:
    explicit CheckList(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setChecks(const std::vector<std::string>& warnings, const std::vector<TensorCheck>& checks);
    bool empty() const { return m_rows.empty(); }
    /// "good: Values lie in the declared range (1 … 111)", one line each; for tests and copies.
    QString text() const;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Row
    {
        bool good, sentence;
        QLabel *icon, *text, *numbers;
    };
    void add(bool good, bool sentence, const std::string& text, const std::string& numbers);
    void arrange(bool wide);

    Theme m_theme = Theme::dark();
    QGridLayout* m_grid;
    std::vector<Row> m_rows;
    bool m_wide = true;
};

} // namespace opscope
