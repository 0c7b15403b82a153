#include "widgets/tensor/FlowSection.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/tensor/LifeStrip.h"
#include "widgets/tensor/TensorRows.h"

#include <QBoxLayout>
#include <QLabel>
#include <QResizeEvent>
#include <QTextDocument>

namespace opscope {

namespace {

constexpr std::size_t kConsumersShown = 3, kConsumersCounted = 1000, kUses = 1000;
constexpr int kWide = 640, kNameWide = 26, kNameNarrow = 40;

void setColour(QLabel* label, const QColor& colour, const QColor& link)
{
    QPalette palette = label->palette();
    palette.setColor(QPalette::WindowText, colour);
    palette.setColor(QPalette::Link, link);
    label->setPalette(palette);
}

QString countText(std::size_t count, std::size_t most)
{
    return displayText(formatCount(static_cast<std::int64_t>(count))) + (count >= most ? QStringLiteral(" or more") : QString());
}

QString plain(const QString& rich)
{
    QTextDocument document;
    document.setHtml(rich);
    return document.toPlainText();
}

} // namespace

FlowSection::FlowSection(QWidget* parent)
    : QWidget(parent), m_row(new QBoxLayout(QBoxLayout::LeftToRight, this)), m_life(new LifeStrip)
{
    m_row->setContentsMargins(14, 9, 14, 9);
    m_row->setSpacing(16);
    m_producer = addPart(QStringLiteral("Producer"));
    m_consumers = addPart(QStringLiteral("Consumers"));
    m_lifeTitle = addPart(QStringLiteral("Life"));
    delete m_lifeTitle.body;
    m_lifeTitle.body = nullptr;
    m_row->itemAt(2)->layout()->addWidget(m_life);
    connect(m_life, &LifeStrip::chosen, this, &FlowSection::chosen);
}

FlowSection::Part FlowSection::addPart(const QString& title)
{
    Part part{new QLabel(title), new QLabel};
    part.title->setTextFormat(Qt::PlainText);
    part.title->setFont(Theme::uiFont(11));
    part.body->setTextFormat(Qt::RichText); // links; every name in it went through richText()
    part.body->setFont(Theme::uiFont(12));
    part.body->setWordWrap(true);
    part.body->setTextInteractionFlags(Qt::TextBrowserInteraction);
    part.body->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    part.body->setAccessibleName(title);
    connect(part.body, &QLabel::linkActivated, this, &FlowSection::follow);
    auto* column = new QVBoxLayout;
    column->setSpacing(2);
    column->addWidget(part.title);
    column->addWidget(part.body);
    column->addStretch(1);
    m_row->addLayout(column, 1);
    return part;
}

void FlowSection::setTheme(const Theme& theme)
{
    m_theme = theme;
    for (QLabel* label : {m_producer.title, m_consumers.title, m_lifeTitle.title}) setColour(label, theme.textDim, theme.accent);
    for (QLabel* label : {m_producer.body, m_consumers.body}) setColour(label, theme.text, theme.accent);
    m_life->setTheme(theme);
    if (m_trace) setTensor(m_trace, m_flow, m_tensor); // links are coloured as they are written
}

QString FlowSection::link(const Trace& trace, NodeId node, int characters) const
{
    return QStringLiteral("<a style=\"text-decoration:none; color:%1\" href=\"%2\">%3</a>")
        .arg(m_theme.accent.name())
        .arg(node.value)
        .arg(richText(nodeText(trace, node, characters)));
}

void FlowSection::setTensor(TracePtr trace, std::shared_ptr<const TensorFlow> flow, TensorId tensor)
{
    m_trace = trace;
    m_flow = flow;
    m_tensor = tensor;
    const int characters = width() >= kWide ? kNameWide : kNameNarrow;
    if (!trace || !flow || !tensor) {
        const QString wait = trace && tensor ? QStringLiteral("Being worked out…") : QString();
        m_producer.body->setText(wait);
        m_consumers.title->setText(QStringLiteral("Consumers"));
        m_consumers.body->setText(wait);
        m_lifeTitle.title->setText(QStringLiteral("Life"));
        m_life->setUses(nullptr, {}, {});
        return;
    }
    const auto producer = flow->producer(tensor);
    m_producer.body->setText(producer ? link(*trace, producer->node, characters)
                                      : QStringLiteral("None: it was there before the recording."));
    const std::vector<TensorUse> consumers = flow->consumers(tensor, kConsumersCounted);
    m_consumers.title->setText(QStringLiteral("Consumers (%1)").arg(countText(consumers.size(), kConsumersCounted)));
    QStringList links;
    for (std::size_t i = 0; i < std::min(consumers.size(), kConsumersShown); ++i) links += link(*trace, consumers[i].node, characters);
    if (consumers.size() > kConsumersShown) links += QStringLiteral("%1 more").arg(consumers.size() - kConsumersShown);
    m_consumers.body->setText(links.isEmpty() ? QStringLiteral("Nobody reads it.") : links.join(QStringLiteral(", ")));
    std::vector<TensorUse> life = flow->life(tensor, kUses);
    m_lifeTitle.title->setText(life.empty() ? QStringLiteral("Life")
                                            : QStringLiteral("Life: %1 of its storage, nodes %2 to %3")
                                                  .arg(life.size() == 1 ? QStringLiteral("1 use") : countText(life.size(), kUses) + QStringLiteral(" uses"))
                                                  .arg(trace->executionTrace()->node(life.front().node).id)
                                                  .arg(trace->executionTrace()->node(life.back().node).id));
    m_life->setUses(trace.get(), std::move(life), tensor);
}

void FlowSection::follow(const QString& link)
{
    bool ok = false;
    const std::uint32_t row = link.toUInt(&ok);
    if (ok) Q_EMIT chosen(NodeId(row));
}

QString FlowSection::producerText() const { return plain(m_producer.body->text()); }

QString FlowSection::consumersText() const { return plain(m_consumers.body->text()); }

void FlowSection::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    const bool wide = event->size().width() >= kWide;
    const auto direction = wide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom;
    if (m_row->direction() == direction) return;
    m_row->setDirection(direction);
    m_row->setSpacing(wide ? 16 : 8);
    setTensor(m_trace, m_flow, m_tensor);
}

} // namespace opscope
