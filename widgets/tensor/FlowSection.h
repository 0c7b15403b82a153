#pragma once

#include <QWidget> // first: moc of Qt 6.4 stumbles over the standard library headers of core

#include "core/tensor/TensorFlow.h"
#include "widgets/common/Theme.h"

class QBoxLayout;
class QLabel;

namespace opscope {

class LifeStrip;

/// Where a tensor comes from and who reads it: producer, consumers, life. Every node in it can be followed.
class FlowSection : public QWidget
{
    Q_OBJECT

public:
    explicit FlowSection(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// `flow` null: still being worked out.
    void setTensor(TracePtr trace, std::shared_ptr<const TensorFlow> flow, TensorId tensor);
    LifeStrip& life() { return *m_life; }
    QString producerText() const;
    QString consumersText() const;

Q_SIGNALS:
    void chosen(NodeId node);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Part
    {
        QLabel *title, *body;
    };
    Part addPart(const QString& title);
    QString link(NodeId node, int characters) const;
    void showConsumers(int characters);
    void showLife();
    void follow(const QString& link);

    Theme m_theme = Theme::dark();
    QBoxLayout* m_row;
    Part m_producer, m_consumers, m_lifeTitle;
    LifeStrip* m_life;
    TensorId m_tensor;
    TracePtr m_trace;
    std::shared_ptr<const TensorFlow> m_flow;
};

} // namespace opscope
