#include "widgets/timeline/TimelineMenu.h"

#include "core/trace/ShortName.h"
#include "widgets/common/Text.h"
#include "widgets/document/ClickFilters.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/timeline/TimelineCanvas.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>

namespace opscope {

namespace {

class MenuFiller
{
public:
    MenuFiller(QMenu& menu, TraceDocument& document, const TimelineModel& model)
        : m_menu(menu), m_document(document), m_model(model), m_trace(*model.trace)
    {
    }

    void fill(const CanvasHit& hit)
    {
        switch (hit.kind) {
        case CanvasHit::Slice:
        case CanvasHit::Run: addSlice(hit.slice); break;
        case CanvasHit::Instant:
            addPair(shown(m_trace.text(m_trace.instants().name(hit.instant))), sameName(m_trace, hit.instant));
            addTrack(m_trace.trackOf(hit.instant));
            break;
        case CanvasHit::Curve: addTrack(m_trace.counters().series(hit.series).track); break;
        case CanvasHit::Header: addHeader(hit.header); break;
        case CanvasHit::Nothing:
        case CanvasHit::Splitter:
        case CanvasHit::Link: break;
        }
        addRange();
        if (m_document.filter().empty()) return;
        m_menu.addSeparator();
        add(QObject::tr("Clear the filter"), [this] { return Filter(); });
    }

private:
    /// Works its filter out when it is chosen; the menu may be gone by then, the document is not.
    template <class Make>
    void add(const QString& text, Make make)
    {
        QString label = text;
        QAction* action = m_menu.addAction(label.replace(QLatin1Char('&'), QLatin1String("&&")));
        QObject::connect(action, &QAction::triggered, &m_document, [filter = make(), document = &m_document] { document->setFilter(filter); });
    }
    void addAnd(const QString& text, const Filter& more)
    {
        add(text, [&] { return both(m_document.filter(), more); });
    }
    void addPair(const QString& what, const Filter& filter)
    {
        addAnd(QObject::tr("Show only %1").arg(what), filter);
        addAnd(QObject::tr("Hide %1").arg(what), negated(filter));
    }
    static QString shown(std::string_view name)
    {
        constexpr qsizetype kMost = 48;
        const QString text = displayText(shortName(name));
        return QStringLiteral("“%1”").arg(text.size() > kMost ? text.left(kMost - 1) + QStringLiteral("…") : text);
    }

    void addSlice(SliceId slice)
    {
        const QString name = shown(m_trace.name(slice));
        addPair(name, sameName(m_trace, slice));
        if (const Filter category = sameCategory(m_trace, slice); !category.empty())
            addAnd(QObject::tr("Show only category %1").arg(displayText(m_trace.category(m_trace.slices().category(slice)).name)), category);
        m_menu.addSeparator();
        addTrack(m_trace.trackOf(slice));
        m_menu.addSeparator();
        if (auto inside = Filter::parse("inside(" + sameName(m_trace, slice).text() + ")"); std::holds_alternative<Filter>(inside))
            addAnd(QObject::tr("Show only what lies inside %1").arg(name), std::get<Filter>(inside));
        if (m_trace.timeBase() == TimeBase::Nanoseconds)
            addAnd(QObject::tr("Show only what overlaps it in time"), rangeFilter(m_trace, m_trace.slices().range(slice)));
        m_menu.addSeparator();
        QAction* copy = m_menu.addAction(QObject::tr("Copy the name"));
        QObject::connect(copy, &QAction::triggered, &m_document,
                         [name = QString::fromUtf8(m_trace.name(slice).data(), static_cast<qsizetype>(m_trace.name(slice).size()))] {
                             QGuiApplication::clipboard()->setText(name);
                         });
    }

    void addTrack(TrackId track)
    {
        addPair(QObject::tr("track %1").arg(displayText(m_trace.trackName(track))), onTrack(m_trace, track));
    }

    void addHeader(const HeaderHit& header)
    {
        if (header.part == HeaderHit::Group) {
            const ProcessId process = m_model.groups[header.index].process;
            addPair(displayText(m_trace.processName(process)), ofProcess(m_trace, process));
        } else if (header.part != HeaderHit::Nothing) {
            addTrack(m_model.bands[header.index].track);
        }
    }

    void addRange()
    {
        const auto& range = m_document.selection().range;
        if (!range || m_trace.timeBase() != TimeBase::Nanoseconds) return;
        m_menu.addSeparator();
        addAnd(QObject::tr("Show only what overlaps the selected range"), rangeFilter(m_trace, *range));
    }

    QMenu& m_menu;
    TraceDocument& m_document;
    const TimelineModel& m_model;
    const Trace& m_trace;
};

} // namespace

void fillTimelineMenu(QMenu& menu, TraceDocument& document, const TimelineModel& model, const CanvasHit& hit)
{
    MenuFiller(menu, document, model).fill(hit);
}

} // namespace opscope
