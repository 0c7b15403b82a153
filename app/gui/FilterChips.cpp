#include "app/gui/FilterChips.h"

#include "core/base/Time.h"
#include "widgets/common/Icons.h"
#include "widgets/common/SliceColors.h"

#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kHeight = 22, kGap = 6, kSwatch = 10, kPadding = 7, kMoreWidth = 26;

QString shortTitle(Family family)
{
    switch (family) {
    case Family::Matmul: return QStringLiteral("Gemm");
    case Family::Reduction: return QStringLiteral("Reduction");
    case Family::Communication: return QStringLiteral("Comm");
    case Family::Annotation: return QStringLiteral("Annot.");
    default: return familyTitle(family);
    }
}

QString titleOf(Family family, FamilyChip::Words words) { return words == FamilyChip::Words::Short ? shortTitle(family) : familyTitle(family); }

/// As its slices look, so that no two are told apart by colour alone.
void paintSwatch(QPainter& painter, QRect box, Family family, const Theme& theme)
{
    const QColor fill = QColor::fromRgb(familyColor(family, theme));
    switch (fillOf(family, true)) {
    case Fill::Rails:
        painter.fillRect(box, fill);
        painter.fillRect(QRect(box.left(), box.top(), box.width(), 2), theme.commRail);
        painter.fillRect(QRect(box.left(), box.bottom() - 1, box.width(), 2), theme.commRail);
        return;
    case Fill::MemoryFoot: {
        painter.fillRect(box, fill);
        QColor foot = theme.sliceText;
        foot.setAlphaF(0.45f);
        return painter.fillRect(QRect(box.left(), box.bottom() - 1, box.width(), 2), foot);
    }
    case Fill::Hatch: {
        painter.setPen(theme.lineStrong);
        painter.drawRect(box.adjusted(0, 0, -1, -1));
        painter.setClipRect(box);
        for (int x = -box.height(); x < box.width(); x += 4) painter.drawLine(box.left() + x, box.bottom() + 1, box.left() + x + box.height(), box.top() + 1);
        return painter.setClipping(false);
    }
    case Fill::Outline:
        painter.setPen(theme.lineStrong);
        painter.drawRect(box.adjusted(0, 0, -1, -1));
        return painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), theme.lineStrong);
    case Fill::Muted:
        painter.fillRect(box, theme.pythonFill);
        painter.setPen(theme.lineStrong);
        return painter.drawRect(box.adjusted(0, 0, -1, -1));
    case Fill::Solid: painter.fillRect(box, fill);
    }
}

} // namespace

FamilyChip::FamilyChip(Family family, const ViewSettings& settings, QWidget* parent)
    : QAbstractButton(parent), m_family(family), m_settings(settings)
{
    setFocusPolicy(Qt::TabFocus);
    setFixedHeight(kHeight);
    setFont(Theme::uiFont(11, QFont::Medium));
    setMouseTracking(true);
    setAttribute(Qt::WA_Hover);
    setAccessibleName(familyTitle(family));
    setShown(true);
}

int FamilyChip::widthFor(Words words) const
{
    return 2 * kPadding + kSwatch + 6 + QFontMetrics(font()).horizontalAdvance(titleOf(m_family, words));
}

void FamilyChip::setWords(Words words)
{
    m_words = words;
    setFixedWidth(widthFor(words));
    update();
}

void FamilyChip::setShown(bool shown)
{
    m_shown = shown;
    setToolTip(QStringLiteral("%1: click to %2, Alt or Ctrl and click to show nothing else")
                   .arg(familyTitle(m_family), shown ? QStringLiteral("hide") : QStringLiteral("show")));
    setAccessibleDescription(shown ? QStringLiteral("shown") : QStringLiteral("hidden"));
    update();
}

void FamilyChip::act(Qt::KeyboardModifiers modifiers)
{
    // Many desktops move windows with Alt and the mouse, so Ctrl does it too.
    if (modifiers & (Qt::AltModifier | Qt::ControlModifier)) Q_EMIT onlyFamily(m_family);
    else Q_EMIT toggledFamily(m_family);
}

void FamilyChip::mouseReleaseEvent(QMouseEvent* event)
{
    const bool hit = isDown() && hitButton(event->position().toPoint()) && event->button() == Qt::LeftButton;
    QAbstractButton::mouseReleaseEvent(event);
    if (hit) act(event->modifiers());
}

void FamilyChip::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (key == Qt::Key_Space || key == Qt::Key_Return || key == Qt::Key_Enter) return act(event->modifiers());
    QAbstractButton::keyPressEvent(event);
}

void FamilyChip::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_settings.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(hasFocus() ? theme.accent : m_shown ? theme.line : theme.lineSoft);
    painter.setBrush(isDown() ? theme.active : underMouse() ? theme.hover : m_shown ? theme.raised : theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter.setRenderHint(QPainter::Antialiasing, false);
    const QRect swatch(kPadding, (height() - kSwatch) / 2, kSwatch, kSwatch);
    if (m_shown) {
        paintSwatch(painter, swatch, m_family, theme);
    } else {
        painter.setPen(theme.lineStrong);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(swatch.adjusted(0, 0, -1, -1));
        painter.drawLine(swatch.bottomLeft(), swatch.topRight());
    }
    painter.setFont(font());
    painter.setPen(m_shown ? theme.text : theme.textOff);
    painter.drawText(rect().adjusted(kPadding + kSwatch + 6, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, titleOf(m_family, m_words));
}

FilterChips::FilterChips(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_more(new QToolButton(this))
{
    setFixedHeight(kHeight);
    m_more->setPopupMode(QToolButton::InstantPopup);
    m_more->setFixedSize(kMoreWidth, kHeight);
    m_more->setIconSize({16, 16});
    m_more->setToolTip(QStringLiteral("More families"));
    m_more->setAccessibleName(QStringLiteral("More families"));
    auto* menu = new QMenu(m_more);
    m_more->setMenu(menu);
    m_more->hide();
    connect(menu, &QMenu::aboutToShow, this, [this, menu] { fillMenu(*menu); });
    connect(&m_document, &TraceDocument::traceChanged, this, &FilterChips::traceChanged);
    connect(&m_document, &TraceDocument::filterChanged, this, &FilterChips::showFilter);
    const auto showTheme = [this] {
        m_more->setIcon(icon("more", m_settings.theme().textDim));
        for (FamilyChip* chip : m_chips) chip->update();
    };
    connect(&m_settings, &ViewSettings::changed, this, showTheme);
    showTheme();
    traceChanged();
}

/// Each different (name, kind of category) is looked at once.
FilterChips::Counts FilterChips::countFamilies(const Trace& trace, const JobControl& job)
{
    constexpr std::size_t kKinds = static_cast<std::size_t>(CategoryClass::Span) + 1, kLook = 1 << 16;
    constexpr std::uint8_t kUnknown = 0xFF;
    std::vector<std::uint8_t> known((trace.strings().size() + 1) * kKinds, kUnknown);
    Counts counts{};
    TrackKind track = TrackKind::Thread;
    std::uint32_t until = 0; // where the slices of that track end
    for (std::size_t i = 0; i < trace.slices().size(); ++i) {
        if (i % kLook == 0 && job.cancelled()) return {};
        const SliceId slice(i);
        if (i >= until) {
            const Track& next = trace.track(trace.trackOf(slice));
            track = next.kind;
            until = next.firstSlice + next.sliceCount;
        }
        if (track == TrackKind::State || track == TrackKind::Cpu) continue; // what ran when is no kind of work
        const CategoryClass kind = trace.kindOf(slice);
        const StringId name = trace.slices().name(slice);
        std::uint8_t& family = known[(name ? name.index() : trace.strings().size()) * kKinds + static_cast<std::size_t>(kind)];
        if (family == kUnknown) family = static_cast<std::uint8_t>(familyOf(trace.name(slice), kind));
        ++counts[family];
    }
    return counts;
}

void FilterChips::traceChanged()
{
    const TracePtr trace = m_document.trace();
    if (!trace) {
        m_job.cancel();
        return showFamilies({});
    }
    m_job.run([trace](const JobControl& job) { return countFamilies(*trace, job); }, [this](const Counts& counts) { showFamilies(counts); });
}

void FilterChips::showFamilies(const Counts& counts)
{
    for (FamilyChip* chip : m_chips) {
        chip->hide();
        chip->deleteLater();
    }
    m_chips.clear();
    m_counts = counts;
    for (std::size_t i = 0; i < kFamilies; ++i) {
        if (counts[i] == 0) continue;
        auto* chip = new FamilyChip(static_cast<Family>(i), m_settings, this);
        chip->setWords(m_words);
        connect(chip, &FamilyChip::toggledFamily, this, &FilterChips::toggle);
        connect(chip, &FamilyChip::onlyFamily, this, &FilterChips::only);
        m_chips.push_back(chip);
    }
    updateGeometry();
    showFilter();
    place();
}

void FilterChips::showFilter()
{
    const FamilyTerm term = FamilyTerm::in(m_document.filter().text());
    for (FamilyChip* chip : m_chips) chip->setShown(term.shows(chip->family()));
}

int FilterChips::widthFor(FamilyChip::Words words) const
{
    int width = 0;
    for (const FamilyChip* chip : m_chips) width += chip->widthFor(words) + kGap;
    return std::max(0, width - kGap);
}

void FilterChips::setWords(FamilyChip::Words words)
{
    m_words = words;
    for (FamilyChip* chip : m_chips) chip->setWords(words);
    place();
}

void FilterChips::place()
{
    // What does not fit goes, the rarest first; then there must be room for the button that has it.
    std::vector<FamilyChip*> rarest(m_chips);
    std::ranges::stable_sort(rarest, std::less(), [this](const FamilyChip* chip) { return m_counts[static_cast<std::size_t>(chip->family())]; });
    int needed = widthFor(m_words);
    std::size_t gone = 0;
    if (needed > width()) {
        needed += kGap + kMoreWidth;
        while (gone < rarest.size() && needed > width()) needed -= rarest[gone++]->width() + kGap;
    }
    int x = 0;
    for (FamilyChip* chip : m_chips) {
        const bool fits = std::find(rarest.begin(), rarest.begin() + static_cast<std::ptrdiff_t>(gone), chip) == rarest.begin() + static_cast<std::ptrdiff_t>(gone);
        chip->setVisible(fits);
        if (!fits) continue;
        chip->move(x, 0);
        x += chip->width() + kGap;
    }
    m_more->setVisible(gone > 0);
    m_more->move(x, 0);
}

void FilterChips::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    place();
}

void FilterChips::fillMenu(QMenu& menu)
{
    menu.clear();
    const FamilyTerm term = FamilyTerm::in(m_document.filter().text());
    for (const FamilyChip* chip : m_chips) {
        if (!chip->isHidden()) continue;
        const Family family = chip->family();
        QAction* action = menu.addAction(familyTitle(family));
        action->setCheckable(true);
        action->setChecked(term.shows(family));
        connect(action, &QAction::triggered, this, [this, family] { toggle(family); });
    }
}

} // namespace opscope
