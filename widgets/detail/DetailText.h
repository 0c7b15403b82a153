#pragma once

#include "widgets/common/Theme.h"
#include "widgets/detail/DetailSection.h"

#include <QTextBrowser>

#include <vector>

namespace opscope {

/// Lays out heading and blocks as one document: everything in it can be selected, and what is copied is the exact form.
class DetailText : public QTextBrowser
{
    Q_OBJECT

public:
    explicit DetailText(QWidget* parent = nullptr);

    void setTheme(const Theme& theme);
    /// Shows them instead of what was shown. Stays where it is scrolled to when `keepPlace`.
    void show(const DetailHeading& heading, const std::vector<DetailBlock>& blocks, bool keepPlace);
    void showMessage(const QString& text);
    /// Scrolls as little as needed to show the block that asks for it (DetailBlock::inSight).
    void bringIntoSight();
    /// What a copy of the selected text gives: exact values in their plain form.
    QString plainSelection() const;
    /// Exact form of the value at a place of the viewport; "" when there is none.
    QString valueAt(QPoint position) const;

protected:
    QMimeData* createMimeDataFromSelection() const override;
    void resizeEvent(QResizeEvent* event) override;

    int layoutWidth() const;

private:
    void rebuild();

    Theme m_theme = Theme::dark();
    DetailHeading m_heading;
    std::vector<DetailBlock> m_blocks;
    QString m_message;
    int m_builtWidth = 0;
};

} // namespace opscope
