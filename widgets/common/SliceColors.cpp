#include "widgets/common/SliceColors.h"

#include "widgets/common/Text.h"

#include <QCoreApplication>

#include <algorithm>

namespace opscope {
namespace {

// look.md section 5. Equal lightness within a theme, so that one text colour is enough on all of them.
constexpr std::array<QRgb, 4> kMatmulDark{0xFF1972BA, 0xFF1878B1, 0xFF2C6DBA, 0xFF1E77A6};
constexpr std::array<QRgb, 4> kMatmulLight{0xFF708BE0, 0xFF6C92D9, 0xFF7786DC, 0xFF6893CE};
constexpr std::array<QRgb, 4> kAttentionDark{0xFF8151A0, 0xFF7A59A1, 0xFF854C98, 0xFF725C9C};
constexpr std::array<QRgb, 4> kAttentionLight{0xFF9F6AC1, 0xFF9774C3, 0xFFA366B9, 0xFF8F76BD};
constexpr std::array<QRgb, 4> kElementwiseDark{0xFF007166, 0xFF287262, 0xFF016E69, 0xFF346F5D};
constexpr std::array<QRgb, 4> kElementwiseLight{0xFF349FA8, 0xFF49A0A2, 0xFF339BAB, 0xFF539D9A};
constexpr std::array<QRgb, 4> kReductionDark{0xFF7F710F, 0xFF867126, 0xFF777111, 0xFF866E31};
constexpr std::array<QRgb, 4> kReductionLight{0xFFA07E1B, 0xFFA57E35, 0xFF977E18, 0xFFA37C41};
constexpr std::array<QRgb, 4> kMemoryDark{0xFF8B5828, 0xFF8C5B38, 0xFF855821, 0xFF875A40};
constexpr std::array<QRgb, 4> kMemoryLight{0xFFC78049, 0xFFC7835D, 0xFFC18141, 0xFFC28366};
constexpr std::array<QRgb, 3> kCommunicationDark{0xFFC33D73, 0xFFBA4A80, 0xFFC33A65};
constexpr std::array<QRgb, 3> kCommunicationLight{0xFFD75977, 0xFFCE6286, 0xFFD6576A};
constexpr std::array<QRgb, 4> kOtherDark{0xFF467E4D, 0xFF567D4D, 0xFF3B7C51, 0xFF5C794C};
constexpr std::array<QRgb, 4> kOtherLight{0xFF57916F, 0xFF66916E, 0xFF4F8F72, 0xFF6B8D6C};
constexpr std::array<QRgb, 3> kRuntimeDark{0xFF707280, 0xFF707481, 0xFF6F707E};
constexpr std::array<QRgb, 3> kRuntimeLight{0xFF76818E, 0xFF77838D, 0xFF757E8C};

// Families whose colours may stand for any name where names have no family: traces of other producers, "colour by name".
constexpr std::array kNameFamilies{Family::Matmul, Family::Attention, Family::Elementwise,
                                   Family::Reduction, Family::Memory, Family::Other};

std::uint32_t fnv1a(std::string_view text)
{
    std::uint32_t hash = 2166136261u;
    for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
    return hash;
}

bool foreign(CategoryClass kind) { return kind == CategoryClass::Other || kind == CategoryClass::None; }

QRgb anyShade(std::string_view text, bool dark)
{
    const std::uint32_t hash = fnv1a(text);
    const auto family = shades(kNameFamilies[hash % kNameFamilies.size()], dark);
    return family[(hash / kNameFamilies.size()) % family.size()];
}

} // namespace

QString familyTitle(Family family)
{
    const auto tr = [](const char* text) { return QCoreApplication::translate("SliceColors", text); };
    switch (family) {
    case Family::Matmul: return tr("Gemm, conv");
    case Family::Attention: return tr("Attention");
    case Family::Elementwise: return tr("Elementwise");
    case Family::Reduction: return tr("Reduction, norm");
    case Family::Memory: return tr("Memory");
    case Family::Communication: return tr("Communication");
    case Family::Other: return tr("Other");
    case Family::Runtime: return tr("Runtime");
    case Family::Sync: return tr("Sync");
    case Family::Annotation: return tr("Annotation");
    case Family::Python: return tr("Python");
    }
    return {};
}

Fill fillOf(Family family, bool onDevice)
{
    switch (family) {
    case Family::Memory: return onDevice ? Fill::MemoryFoot : Fill::Solid;
    case Family::Communication: return Fill::Rails;
    case Family::Sync: return Fill::Hatch;
    case Family::Annotation: return Fill::Outline;
    case Family::Python: return Fill::Muted;
    default: return Fill::Solid;
    }
}

std::span<const QRgb> shades(Family family, bool dark)
{
    const auto pick = [dark](const auto& darkShades, const auto& lightShades) {
        return dark ? std::span<const QRgb>(darkShades) : std::span<const QRgb>(lightShades);
    };
    switch (family) {
    case Family::Matmul: return pick(kMatmulDark, kMatmulLight);
    case Family::Attention: return pick(kAttentionDark, kAttentionLight);
    case Family::Elementwise: return pick(kElementwiseDark, kElementwiseLight);
    case Family::Reduction: return pick(kReductionDark, kReductionLight);
    case Family::Memory: return pick(kMemoryDark, kMemoryLight);
    case Family::Communication: return pick(kCommunicationDark, kCommunicationLight);
    case Family::Other: return pick(kOtherDark, kOtherLight);
    case Family::Runtime: return pick(kRuntimeDark, kRuntimeLight);
    default: return {};
    }
}

QRgb familyColor(Family family, const Theme& theme)
{
    switch (family) {
    case Family::Sync: return theme.syncHatch.rgb();
    case Family::Annotation: return theme.lineStrong.rgb();
    case Family::Python: return theme.pythonFill.rgb();
    default: return shades(family, theme.isDark).front();
    }
}

StateLook stateLook(std::string_view state, const Theme& theme)
{
    const auto calmed = [&theme](const QColor& full, int canvasShare) { // of 256
        const auto channel = [canvasShare](int top, int ground) { return (top * (256 - canvasShare) + ground * canvasShare) / 256; };
        return qRgb(channel(full.red(), theme.canvas.red()), channel(full.green(), theme.canvas.green()), channel(full.blue(), theme.canvas.blue()));
    };
    if (state == "Running") return {calmed(theme.ok, 80), Fill::Solid};
    if (state == "Waiting for a CPU") return {calmed(theme.warn, 40), Fill::Solid};
    if (state == "Suspended") return {theme.syncHatch.rgb(), Fill::Hatch};
    return {theme.pythonFill.rgb(), Fill::Muted}; // Blocked: nearly the canvas
}

SliceColors::SliceColors(const Trace& trace, const Theme& theme, ColorBy by)
    : m_trace(&trace), m_theme(theme), m_by(by), m_names(trace.strings().size())
{
    m_styles.reserve(1024); // more than shades x kinds, so references stay good
    // Categories of the same class are coloured alike, except where the category itself is the colour.
    std::unordered_map<std::uint32_t, std::uint8_t> groups;
    for (std::uint32_t i = 0; i < trace.categories().size(); ++i) {
        const std::uint32_t key =
            by == ColorBy::Category ? std::min(i, 254u) : static_cast<std::uint32_t>(trace.categories()[i].kind);
        const auto [it, isNew] = groups.try_emplace(key, static_cast<std::uint8_t>(groups.size()));
        if (isNew) m_categoryOfGroup.push_back(CategoryId(i));
        m_groupOfCategory.push_back(it->second);
    }
    m_styleOf.resize(groups.size() + 2); // two more: states and CPUs
    for (const Track& track : trace.tracks()) {
        if (track.sliceCount == 0 || (track.kind != TrackKind::State && track.kind != TrackKind::Cpu)) continue;
        m_special.push_back({track.firstSlice, track.firstSlice + track.sliceCount, track.kind == TrackKind::State ? Special::State : Special::Cpu});
    }
    std::ranges::sort(m_special, std::less(), &Rows::first);
    if (by == ColorBy::Duration) {
        // From cool to warm with the logarithm of the duration, one step a decade: 100 ns ... 100 ms and longer.
        constexpr std::array kSteps{Family::Runtime, Family::Elementwise, Family::Matmul, Family::Attention,
                                    Family::Reduction, Family::Memory, Family::Communication};
        for (const Family step : kSteps)
            m_durationStyles.push_back({familyColor(step, theme), theme.sliceText.rgb(), step, Fill::Solid});
    }
}

SliceColors::Special SliceColors::specialOf(SliceId slice) const
{
    const auto it = std::ranges::upper_bound(m_special, slice.value, std::less(), &Rows::first);
    return it != m_special.begin() && slice.value < (it - 1)->end ? (it - 1)->what : Special::None;
}

std::size_t SliceColors::columnOf(CategoryId category, Special special) const
{
    if (special == Special::None) return m_groupOfCategory[category.index()];
    return m_styleOf.size() - (special == Special::State ? 2 : 1);
}

const SliceColors::Style& SliceColors::style(SliceId slice, const Trace& trace) const
{
    const SliceTable& slices = trace.slices();
    const CategoryId category = slices.category(slice);
    const Special special = m_special.empty() ? Special::None : specialOf(slice);
    std::vector<std::uint16_t>& column = m_styleOf[columnOf(category, special)];
    if (column.empty()) column.assign(m_names, kUnknown);
    const StringId name = slices.name(slice);
    std::uint16_t& number = column[name.valid() ? name.index() : 0];
    if (number == kUnknown) number = makeStyle(name, category, special);
    const Style& result = m_styles[number];
    return m_by == ColorBy::Duration && special == Special::None ? durationStyle(slice, result) : result;
}

const SliceColors::Style& SliceColors::durationStyle(SliceId slice, const Style& base) const
{
    if (base.kind == Fill::Outline || base.kind == Fill::Hatch || base.kind == Fill::Muted) return base;
    Nanos limit = 1'000;
    std::size_t step = 0;
    const Nanos duration = m_trace->slices().duration(slice);
    while (step + 1 < m_durationStyles.size() && duration >= limit) {
        ++step;
        limit *= 10;
    }
    return m_durationStyles[step];
}

QRgb SliceColors::fillOfName(std::string_view name, Family family, CategoryId category) const
{
    if (m_by == ColorBy::Category) return anyShade(m_trace->category(category).name, m_theme.isDark);
    const std::string label = shortName(name);
    const bool noFamily = family == Family::Other && foreign(m_trace->category(category).kind);
    if (m_by == ColorBy::Name || noFamily) return anyShade(label, m_theme.isDark);
    const auto of = shades(family, m_theme.isDark);
    return of[fnv1a(label) % of.size()];
}

std::uint16_t SliceColors::makeStyle(StringId nameId, CategoryId category, Special special) const
{
    const std::string_view name = m_trace->text(nameId);
    const CategoryClass kind = m_trace->category(category).kind;
    const bool onDevice = sideOf(kind) == Side::Device;
    Style result;
    if (special == Special::State) {
        const StateLook look = stateLook(name, m_theme);
        return styleNumber({look.fill, look.kind == Fill::Solid ? m_theme.sliceText.rgb() : m_theme.text.rgb(), Family::Other, look.kind});
    }
    if (special == Special::Cpu) // named after threads, which are no work of a family
        return styleNumber({anyShade(shortName(name), m_theme.isDark), m_theme.sliceText.rgb(), Family::Other, Fill::Solid});
    result.family = familyOf(name, kind);
    result.kind = fillOf(result.family, onDevice);
    result.text = m_theme.sliceText.rgb();
    switch (result.kind) {
    case Fill::Muted:
        result.fill = m_theme.pythonFill.rgb();
        result.text = m_theme.pythonText.rgb();
        break;
    case Fill::Hatch:
        result.fill = m_theme.syncHatch.rgb();
        result.text = m_theme.text.rgb();
        break;
    case Fill::Outline:
        result.fill = m_theme.annotationLine.rgb();
        result.text = m_theme.text.rgb();
        break;
    default: result.fill = fillOfName(name, result.family, category); break;
    }
    return styleNumber(result);
}

std::uint16_t SliceColors::styleNumber(const Style& style) const
{
    const std::uint64_t key = (static_cast<std::uint64_t>(style.fill) << 16) | (static_cast<std::uint64_t>(style.family) << 8)
                            | static_cast<std::uint64_t>(style.kind);
    const auto [it, isNew] = m_numbers.try_emplace(key, static_cast<std::uint16_t>(m_styles.size()));
    if (isNew) m_styles.push_back(style);
    return it->second;
}

const QString& SliceColors::label(StringId name) const
{
    QString& text = m_labels[name.value];
    if (text.isEmpty()) {
        text = displayText(shortName(m_trace->text(name)).substr(0, 400)); // longer is never seen
        if (text.isEmpty()) text = QStringLiteral("(no name)");
    }
    return text;
}

} // namespace opscope
