#include "widgets/detail/EventJson.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"
#include "widgets/document/TraceDocument.h"

namespace opscope {

namespace {

constexpr std::size_t kLongString = 4000;
constexpr std::size_t kOneLine = 80;

class Printer
{
public:
    explicit Printer(qsizetype maxChars) : m_max(maxChars) {}

    /// Depth is at most JsonDocument::kMaxDepth: what is deeper comes as raw text.
    void print(JsonDocument::Ref json, int indent)
    {
        const bool nested = json.isArray() || json.isObject();
        if (!nested || json.size() == 0 || (json.raw().size() <= kOneLine && flat(json))) {
            m_text += nested ? oneLine(json) : cutText(json.raw(), kLongString);
            return;
        }
        m_text += QLatin1Char(json.isObject() ? '{' : '[');
        bool first = true;
        for (auto item = json.first(); item.valid(); item = json.after(item)) {
            if (m_text.size() > m_max) {
                m_cut = true;
                break;
            }
            newLine(first ? QString() : QStringLiteral(","), indent + 1);
            first = false;
            if (json.isObject()) m_text += QLatin1Char('"') + cutText(json.keyOf(item), kLongString) + QStringLiteral("\": ");
            print(item, indent + 1);
        }
        newLine({}, indent);
        m_text += QLatin1Char(json.isObject() ? '}' : ']');
    }
    bool cut() const { return m_cut; }
    QString& text() { return m_text; }

private:
    void newLine(const QString& before, int indent)
    {
        m_text += before + QLatin1Char('\n') + QString(indent * 2, QLatin1Char(' '));
    }
    static bool flat(JsonDocument::Ref json)
    {
        if (!json.isArray()) return false;
        for (auto item = json.first(); item.valid(); item = json.after(item))
            if (item.isObject() || (item.isArray() && item.size() > 0 && (item.first().isArray() || item.first().isObject()))) return false;
        return true;
    }
    static QString oneLine(JsonDocument::Ref json)
    {
        if (json.size() == 0) return json.isObject() ? QStringLiteral("{}") : QStringLiteral("[]");
        QStringList parts;
        for (auto item = json.first(); item.valid(); item = json.after(item))
            parts += item.isArray() ? oneLine(item) : displayText(item.raw());
        return QLatin1Char('[') + parts.join(QStringLiteral(", ")) + QLatin1Char(']');
    }

    QString m_text;
    qsizetype m_max;
    bool m_cut = false;
};

std::shared_ptr<const EventJson> parsed(Result<EventText> text)
{
    auto event = std::make_shared<EventJson>();
    if (!text) {
        event->error = text.error().text();
        return event;
    }
    event->text = std::move(text).value();
    Result<JsonDocument> document = JsonDocument::parse(event->text.json);
    if (document) event->document = std::move(document).value();
    else event->error = document.error().text();
    return event;
}

} // namespace

std::shared_ptr<const EventJson> readEventJson(const Trace& trace, const Selection& selection)
{
    const bool sliceFirst = selection.slice && trace.timeBase() != TimeBase::NodeOrder;
    if (selection.node && trace.executionTrace() && !sliceFirst) return parsed(readNode(trace, selection.node));
    if (selection.slice) return parsed(readEvent(trace, selection.slice));
    if (selection.instant) return parsed(readEvent(trace, selection.instant));
    return parsed(Error{ErrorCode::Usage, "nothing is selected", {}});
}

DetailFacts readDetailFacts(const Trace& trace, const Selection& selection)
{
    DetailFacts facts;
    facts.event = readEventJson(trace, selection);
    const bool timedSlice = selection.slice && trace.timeBase() != TimeBase::NodeOrder;
    if (!timedSlice) {
        if (selection.node) facts.node = facts.event;
        return facts;
    }
    if (const NodeId node = selection.node ? selection.node : nodeBehind(trace, selection.slice)) {
        facts.node = parsed(readNode(trace, node));
    } else if (const SliceId op = trace.operatorOf(selection.slice)) {
        facts.op = parsed(readEvent(trace, op));
    }
    return facts;
}

QString prettyJson(const EventJson& event, qsizetype maxChars)
{
    if (event.text.json.empty()) return {};
    if (!event.document) return cutText(event.text.json, static_cast<std::size_t>(maxChars));
    Printer printer(maxChars);
    printer.print(event.root(), 0);
    QString text = std::move(printer.text());
    if (printer.cut() || event.text.cut) {
        const QString size = displayText(formatBytes(static_cast<std::int64_t>(event.text.json.size())));
        text += QStringLiteral("\n… cut: ") +
                (event.text.cut ? QStringLiteral("only the first %1 of this event were read").arg(size)
                                : QStringLiteral("%1 in all").arg(size));
    }
    return text;
}

} // namespace opscope
