#pragma once

#include <QAbstractButton>

#include "widgets/common/Theme.h"

namespace opscope {

/// "Kernels 23": a word and a number on a small ground; on a ground of its own while it is chosen.
class PopulationChip : public QAbstractButton
{
    Q_OBJECT

public:
    explicit PopulationChip(const QString& word, QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// "" for none.
    void setNumber(const QString& number);
    const QString& number() const { return m_number; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int numberWidth() const;

    Theme m_theme = Theme::dark();
    QString m_number;
};

} // namespace opscope
