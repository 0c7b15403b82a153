#pragma once

#include "widgets/document/ViewSettings.h"

#include <QAbstractButton>

namespace opscope {

/// A large button of the start window: icon, name, one line of what it does, its key.
class StartButton : public QAbstractButton
{
    Q_OBJECT

public:
    enum class Weight : std::uint8_t { Main, Quiet };
    struct Texts
    {
        const char* icon;
        QString title, detail, key;
    };
    StartButton(const Texts& texts, Weight weight, ViewSettings& settings, QWidget* parent = nullptr);
    QSize sizeHint() const override { return {299, 52}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    QColor background() const;
    void paintKey(QPainter& painter, const QColor& colour) const;

    Texts m_texts;
    Weight m_weight;
    ViewSettings& m_settings;
};

} // namespace opscope
