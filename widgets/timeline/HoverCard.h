#pragma once

#include "widgets/common/Theme.h"

#include <QStringList>
#include <QWidget>

namespace opscope {

/// The card beside the pointer: name on up to two lines, then lines of facts. Never takes part in mouse or focus.
class HoverCard : public QWidget
{
    Q_OBJECT

public:
    struct Content
    {
        QString name;
        QString duration;     ///< fixed font
        QString start;        ///< fixed font, behind the word "from"
        QStringList notes;
    };
    explicit HoverCard(QWidget* parent);

    /// Shows beside `pointer` (parent's pixels), never over `avoid`, inside the parent.
    void showAt(const Content& content, const Theme& theme, QPoint pointer, const QRect& avoid);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    static QStringList twoLines(const QString& name, const QFont& font, int width);

    Content m_content;
    QStringList m_nameLines;
    Theme m_theme;
};

} // namespace opscope
