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

constexpr std::size_t kConsumersShown = 3;
constexpr int kWide = 640, kNameWide = 30, kNameNarrow = 40;

void setColour(QLabel* label, const QColor& colour, const QColor& link)
{
    QPalette palette = label->palette();
    palette.setColor(QPalette::WindowText, colour);
    palette.setColor(QPalette::Link, link);
    label->setPalette(palette);
}

QString countText(std::size_t count, std::size_t answers)
{
    return displayText(formatCount(static_cast<std::int64_t>(count))) +
           (answers >= TensorFlow::kCounted ? QStringLiteral(" or more") : QString());
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
    static_cast<QBoxLayout*>(m_row->itemAt(2)->layout())->insertWidget(1, m_life);
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

QString FlowSection::link(NodeId node, int characters) const
{
    const QString text = node == m_flow->nodeOf(m_tensor) ? QStringLiteral("this node") : nodeText(*m_trace, node, characters);
    return QStringLiteral("<a style=\"text-decoration:none; color:%1\" href=\"%2\">%3</a>")
        .arg(m_theme.accent.name())
        .arg(node.value)
        .arg(richText(text));
}

void FlowSection::setTensor(TracePtr trace, std::shared_ptr<const TensorFlow> flow, TensorId tensor)
{
    m_trace = std::move(trace);
    m_flow = std::move(flow);
    m_tensor = tensor;
    if (!m_trace || !m_flow || !m_tensor) {
        const QString wait = m_trace && m_tensor ? QStringLiteral("Being worked out…") : QString();
        m_producer.body->setText(wait);
        m_consumers.title->setText(QStringLiteral("Consumers"));
        m_consumers.body->setText(wait);
        m_lifeTitle.title->setText(QStringLiteral("Life"));
        m_life->setUses(nullptr, {}, {});
        return;
    }
    const int characters = width() >= kWide ? kNameWide : kNameNarrow;
    const auto producer = m_flow->producer(m_tensor);
    m_producer.body->setText(producer ? link(producer->node, characters) : QStringLiteral("None: it was there before the recording."));
    showConsumers(characters);
    showLife();
}

/// Each node once, however many of its arguments the tensor is.
void FlowSection::showConsumers(int characters)
{
    std::vector<NodeId> nodes;
    const std::vector<TensorUse> uses = m_flow->consumers(m_tensor);
    for (const TensorUse& use : uses)
        if (nodes.empty() || nodes.back() != use.node) nodes.push_back(use.node);
    m_consumers.title->setText(QStringLiteral("Consumers (%1)").arg(countText(nodes.size(), uses.size())));
    QStringList links;
    for (std::size_t i = 0; i < std::min(nodes.size(), kConsumersShown); ++i) links += link(nodes[i], characters);
    if (nodes.size() > kConsumersShown) links += QStringLiteral("%1 more").arg(nodes.size() - kConsumersShown);
    m_consumers.body->setText(links.isEmpty() ? QStringLiteral("Nobody reads it.") : links.join(QStringLiteral(", ")));
}

void FlowSection::showLife()
{
    std::vector<TensorUse> life = m_flow->life(m_tensor);
    QString title = QStringLiteral("Life");
    if (const auto ends = m_flow->lifeEnds(m_tensor)) {
        const ExecutionTrace& et = *m_trace->executionTrace();
        const std::int64_t first = et.node(ends->first.node).id, last = et.node(ends->second.node).id;
        title = QStringLiteral("Life of its storage: %1, %2")
                    .arg(life.size() == 1 ? QStringLiteral("1 use") : countText(life.size(), life.size()) + QStringLiteral(" uses"),
                         first == last ? QStringLiteral("node %1").arg(first) : QStringLiteral("nodes %1 to %2").arg(first).arg(last));
    }
    m_lifeTitle.title->setText(title);
    m_life->setUses(m_trace.get(), std::move(life), m_tensor);
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
