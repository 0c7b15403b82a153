#include "core/analysis/TraceFacts.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace opscope {
namespace {

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

template <std::size_t N>
bool oneOf(const std::string& text, const std::array<std::string_view, N>& list)
{
    return std::find(list.begin(), list.end(), text) != list.end();
}

/// What a category means, looked up once per category instead of once per slice.
struct CategoryRole
{
    bool kernel = false, device = false, runtime = false, cpuOp = false, python = false;
};

std::vector<CategoryRole> rolesOf(std::span<const Category> categories)
{
    std::vector<CategoryRole> roles;
    for (const Category& c : categories)
        roles.push_back({isKernelCategory(c.name), isDeviceCategory(c.name), isRuntimeCategory(c.name),
                         isCpuOpCategory(c.name), lower(c.name) == "python_function"});
    return roles;
}

bool isTimed(std::uint8_t flags, bool pairs)
{
    const std::uint8_t origin = flags & kOriginMask;
    return (origin == kFromComplete || (pairs && origin == kFromPair)) && !(flags & kNoDuration);
}

/// Totals by name: a row per name that occurs, found through a column as long as the string pool.
class NameTotals
{
public:
    explicit NameTotals(std::size_t strings) : m_rowOf(strings, kNoRow) {}

    NameTotal& of(StringId name)
    {
        std::uint32_t& row = m_rowOf[name.valid() ? name.index() : 0];
        if (row == kNoRow) {
            row = static_cast<std::uint32_t>(m_rows.size());
            m_rows.push_back({name, {}, 0});
        }
        return m_rows[row];
    }
    std::vector<NameTotal> longest(const StringPool& strings, std::size_t count) &&
    {
        const auto longerFirst = [&](const NameTotal& a, const NameTotal& b) {
            if (a.duration != b.duration) return a.duration > b.duration;
            return strings[a.name] < strings[b.name];
        };
        count = std::min(count, m_rows.size());
        std::partial_sort(m_rows.begin(), m_rows.begin() + static_cast<std::ptrdiff_t>(count), m_rows.end(), longerFirst);
        m_rows.resize(count);
        return std::move(m_rows);
    }

private:
    static constexpr std::uint32_t kNoRow = 0xFFFFFFFFu;
    std::vector<std::uint32_t> m_rowOf;
    std::vector<NameTotal> m_rows;
};

class Counting
{
public:
    Counting(const Trace& trace, std::size_t longestNames)
        : m_trace(trace), m_slices(trace.slices()), m_roles(rolesOf(trace.categories())), m_longest(longestNames),
          m_byName(trace.strings().size()), m_byCategory(trace.categories().size()), m_timed(trace.categories().size())
    {
    }

    TraceFacts run(const JobControl& job)
    {
        for (const Category& c : m_trace.categories())
            if (c.events) m_facts.eventsByCategory[c.name] += c.events;
        for (const Track& track : m_trace.tracks()) {
            const SourceId source = m_trace.process(track.process).source;
            const bool ofFxt = source.index() < m_trace.sources().size() && m_trace.sources()[source.index()].format == "fxt";
            m_pairs = ofFxt && track.kind != TrackKind::State && track.kind != TrackKind::Cpu;
            for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
                if (row % 65536 == 0 && job.cancelled()) break;
                addSlice(SliceId(row));
            }
        }
        addFinerDigits();
        nameTheCategories();
        matchLaunches();
        countFlowPairs();
        m_facts.devices = m_devices.size();
        m_facts.streams = m_streams.size();
        m_facts.longestNames = std::move(m_byName).longest(m_trace.strings(), m_longest);
        return std::move(m_facts);
    }

private:
    void addSlice(SliceId s)
    {
        const std::uint8_t flags = m_slices.flags(s);
        const std::size_t category = m_slices.category(s).index();
        if (isTimed(flags, m_pairs)) addDuration(s, category);
        if ((flags & kOriginMask) != kFromComplete) return;
        const CategoryRole& role = m_roles[category];
        if (role.cpuOp) addCpuOp(s);
        if (role.device) addDeviceEvent(s, role);
        if (role.runtime && hasLink(m_slices.arg(s, ArgField::Correlation)))
            m_launches.push_back(m_slices.arg(s, ArgField::Correlation));
        m_facts.pythonFunctions += role.python;
        m_facts.recordFunctionIds += hasLink(m_slices.arg(s, ArgField::RecordFunctionId));
    }

    void addDuration(SliceId s, std::size_t category)
    {
        NameTotal& total = m_byName.of(m_slices.name(s));
        total.duration.add(m_slices.duration(s));
        ++total.count;
        m_byCategory[category].add(m_slices.duration(s));
        m_timed[category] = true;
    }

    void addCpuOp(SliceId s)
    {
        ++m_facts.cpuOps;
        const std::int64_t signature = m_slices.arg(s, ArgField::Signature);
        if (signature == BlockColumn::kNone) return;
        m_facts.cpuOpsWithShapes += m_trace.signatures()[SignatureId(static_cast<std::size_t>(signature))].dims.valid();
    }

    void addDeviceEvent(SliceId s, const CategoryRole& role)
    {
        const std::int64_t correlation = m_slices.arg(s, ArgField::Correlation);
        ++m_facts.deviceEvents.total;
        if (hasLink(correlation)) m_deviceCorrelations.push_back(correlation);
        if (role.kernel) {
            ++m_facts.kernels.total;
            if (hasLink(correlation)) m_kernelCorrelations.push_back(correlation);
        }
        const std::int64_t device = m_slices.arg(s, ArgField::Device);
        const std::int64_t stream = m_slices.arg(s, ArgField::Stream);
        if (device != BlockColumn::kNone) m_devices.insert(device);
        if (stream != BlockColumn::kNone) m_streams.insert({device, stream});
    }

    /// The digits beyond a nanosecond, kept apart from the columns because hardly any trace has them.
    void addFinerDigits()
    {
        for (const SubNanosecond& fine : m_trace.subNanoseconds()) {
            if (!isTimed(m_slices.flags(fine.slice), false)) continue;
            const ExactTime rest{0, fine.durationAtto};
            m_byName.of(m_slices.name(fine.slice)).duration.add(rest);
            m_byCategory[m_slices.category(fine.slice).index()].add(rest);
        }
    }

    void nameTheCategories()
    {
        for (std::size_t c = 0; c < m_byCategory.size(); ++c)
            if (m_timed[c]) m_facts.durationByCategory[m_trace.categories()[c].name].add(m_byCategory[c]);
    }

    void matchLaunches()
    {
        std::sort(m_launches.begin(), m_launches.end());
        const auto started = [&](const std::vector<std::int64_t>& correlations) {
            return static_cast<std::uint64_t>(std::count_if(correlations.begin(), correlations.end(), [&](std::int64_t c) {
                return std::binary_search(m_launches.begin(), m_launches.end(), c);
            }));
        };
        m_facts.kernels.withLaunch = started(m_kernelCorrelations);
        m_facts.deviceEvents.withLaunch = started(m_deviceCorrelations);
    }

    /// The points of one (category, id) are neighbours; the number 7 and the text "7" are two ids.
    void countFlowPairs()
    {
        const std::span<const FlowPoint> points = m_trace.flows().points();
        for (std::size_t i = 0; i < points.size();) {
            const FlowPoint& first = points[i];
            std::array<unsigned, 16> seen{}; // by kind of id (TrackKey::Kind): 1 start, 2 end
            for (; i < points.size() && points[i].category == first.category && points[i].id == first.id; ++i) {
                if (points[i].phase == 's') seen[points[i].idKind % 16] |= 1u;
                if (points[i].phase == 'f') seen[points[i].idKind % 16] |= 2u;
            }
            const auto pairs = static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), 3u));
            if (pairs) m_facts.flowPairsByCategory[m_trace.category(first.category).name] += pairs;
        }
    }

    static bool hasLink(std::int64_t id) { return id != BlockColumn::kNone && id != 0; }

    const Trace& m_trace;
    const SliceTable& m_slices;
    const std::vector<CategoryRole> m_roles;
    const std::size_t m_longest;
    TraceFacts m_facts;
    NameTotals m_byName;
    std::vector<ExactSum> m_byCategory;
    std::vector<bool> m_timed;
    bool m_pairs = false; // of the running track: a begin with its end counts as well
    std::vector<std::int64_t> m_launches, m_kernelCorrelations, m_deviceCorrelations;
    std::set<std::int64_t> m_devices;
    std::set<std::pair<std::int64_t, std::int64_t>> m_streams;
};

} // namespace

bool isKernelCategory(std::string_view category)
{
    static constexpr std::array<std::string_view, 4> kKernels{"kernel", "privateuse1_kernel", "mtia_ccp_events", "xpu_kernel"};
    return oneOf(lower(category), kKernels);
}

bool isDeviceCategory(std::string_view category)
{
    static constexpr std::array<std::string_view, 4> kCopies{"gpu_memcpy", "gpu_memset", "memcpy", "memset"};
    return isKernelCategory(category) || oneOf(lower(category), kCopies);
}

bool isRuntimeCategory(std::string_view category)
{
    const std::string text = lower(category);
    return text.ends_with("_runtime") || text.ends_with("_driver") || text == "runtime";
}

bool isCpuOpCategory(std::string_view category)
{
    static constexpr std::array<std::string_view, 2> kOps{"cpu_op", "operator"};
    return oneOf(lower(category), kOps);
}

TraceFacts traceFacts(const Trace& trace, std::size_t longestNames, const JobControl& job)
{
    return Counting(trace, longestNames).run(job);
}

} // namespace opscope
