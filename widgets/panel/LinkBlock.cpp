#include "widgets/panel/LinkBlock.h"

#include "core/base/Time.h"
#include "core/link/LinkWords.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/panel/LinkBar.h"
#include "widgets/panel/LinkLine.h"
#include "widgets/panel/LinkReportText.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

namespace opscope {

namespace {

constexpr std::size_t kMostReasons = 12; // a block is a summary

QLabel* label(const QString& text, const QFont& font, const char* role)
{
    auto* made = new QLabel(text);
    made->setTextFormat(Qt::PlainText);
    made->setFont(font);
    made->setProperty("role", QLatin1String(role));
    return made;
}

QLabel* tag(std::string_view text)
{
    QLabel* made = label(displayText(text), Theme::uiFont(11), "dim");
    made->setProperty("tag", true); // for the style sheet of the panel
    made->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    return made;
}

QVBoxLayout* column(QWidget* widget)
{
    auto* made = new QVBoxLayout(widget);
    made->setContentsMargins(12, 9, 16, 10);
    made->setSpacing(5);
    return made;
}

const char* iconOf(RunRelation relation)
{
    switch (relation) {
    case RunRelation::SameRun: return "ok";
    case RunRelation::Unrelated: return "warning";
    default: return "note";
    }
}

QColor colourOf(RunRelation relation, const Theme& theme)
{
    switch (relation) {
    case RunRelation::SameRun: return theme.ok;
    case RunRelation::Unrelated: return theme.warn;
    default: return theme.accent;
    }
}

} // namespace

LinkBlock::LinkBlock(const Trace& trace, const LinkCount& row, const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme)
{
    auto* first = new QHBoxLayout;
    first->setSpacing(4);
    first->addWidget(addLine(new LinkLine(placesOf(trace, row), theme.textHi, Theme::uiFont(12, QFont::DemiBold), theme)), 1, Qt::AlignLeft);
    first->addWidget(label(displayText(formatCount(static_cast<std::int64_t>(row.matched()))), Theme::fixedFont(11), "value"));
    first->addWidget(label(QStringLiteral("of ") + displayText(formatCount(static_cast<std::int64_t>(row.total))), Theme::fixedFont(11), "dim"));
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(4, 0, 0, 0);
    bar->addWidget(new LinkBar(row, theme));
    QVBoxLayout* rows = column(this);
    rows->addLayout(first);
    rows->addLayout(bar);
    rows->addWidget(makeReasons(row.reasons, row.methods));
    rows->addStretch(1);
}

LinkBlock::LinkBlock(const Trace& trace, const EtPairing& pairing, const Theme& theme, QWidget* parent) : QWidget(parent), m_theme(theme)
{
    auto* first = new QHBoxLayout;
    first->setSpacing(6);
    auto* name = addLine(new LinkLine({pairTitle(trace, pairing), {}, 0}, theme.textHi, Theme::uiFont(12, QFont::DemiBold), theme));
    first->addWidget(name, 1, Qt::AlignLeft);
    QVBoxLayout* rows = column(this);
    rows->addLayout(first);
    if (pairing.kineto) {
        auto* sign = new QLabel;
        sign->setPixmap(icon(iconOf(pairing.relation), colourOf(pairing.relation, theme)).pixmap(QSize(14, 14), devicePixelRatioF()));
        first->addWidget(sign);
        first->addWidget(label(displayText(title(pairing.relation)), Theme::uiFont(12, QFont::Medium), "value"));
    }
    const QString sentence = pairing.sentence.empty() ? displayText(pairing.kineto ? meaning(pairing.relation) : "no Kineto trace was opened with it")
                                                      : displayText(pairing.sentence);
    QLabel* why = label(sentence, Theme::uiFont(12), "dim");
    why->setWordWrap(true);
    why->setContentsMargins(4, 0, 0, 0);
    why->setTextInteractionFlags(Qt::TextSelectableByMouse);
    rows->addWidget(why);
    const bool linked = pairing.kineto && pairing.relation != RunRelation::Unrelated;
    const std::vector<LinkMethod> methods = linked ? std::vector{pairing.method} : std::vector<LinkMethod>();
    // With one pair its reasons stand in the row of the nodes already.
    const bool several = trace.links().pairings().size() > 1;
    if (several) rows->addWidget(makeReasons(pairing.reasons, methods));
    rows->addStretch(1);
}

LinkLine* LinkBlock::addLine(LinkLine* line)
{
    m_lines.push_back(line);
    return line;
}

/// The methods on the left, one line a reason beside them.
QWidget* LinkBlock::makeReasons(const std::vector<LinkReason>& reasons, const std::vector<LinkMethod>& methods)
{
    auto* area = new QWidget;
    auto* row = new QHBoxLayout(area);
    row->setContentsMargins(4, 1, 0, 0);
    row->setSpacing(6);
    for (const LinkMethod method : methods) row->addWidget(tag(title(method)), 0, Qt::AlignTop);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(0);
    for (std::size_t i = 0; i < std::min(reasons.size(), kMostReasons); ++i)
        lines->addWidget(addLine(new LinkLine(placesOf(reasons[i]), m_theme.textDim, Theme::uiFont(12), m_theme)), 0, Qt::AlignLeft);
    if (reasons.size() > kMostReasons)
        lines->addWidget(label(QStringLiteral("and %1 more reasons").arg(reasons.size() - kMostReasons), Theme::uiFont(12), "dim"));
    row->addLayout(lines, 1);
    return area;
}

void LinkBlock::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(0, height() - 1, width(), 1, m_theme.line);
}

} // namespace opscope
