#pragma once

#include "widgets/document/ViewSettings.h"

#include <QStringList>
#include <QWidget>

namespace opscope {

/// Lies over the window while files are dragged onto an open trace, and asks with its two halves: join, or open apart.
class DropChoice : public QWidget
{
    Q_OBJECT

public:
    enum class Answer : std::uint8_t { Join, Apart };

    explicit DropChoice(ViewSettings& settings, QWidget* parent);
    /// Covers the parent.
    void begin(const QStringList& files);
    void follow(const QPoint& position);
    Answer answerAt(const QPoint& position) const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QRect zone(Answer answer) const;
    void paintZone(QPainter& painter, Answer answer, const char* sign, const QString& title, const QString& words) const;

    ViewSettings& m_settings;
    QStringList m_files;
    QPoint m_position;
};

} // namespace opscope
