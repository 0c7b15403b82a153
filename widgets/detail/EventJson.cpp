#include "widgets/detail/EventJson.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

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

Result<EventText> readSelected(const Trace& trace, const Selection& selection)
{
    if (selection.node && trace.executionTrace()) return readNode(trace, selection.node);
    if (selection.slice) return readEvent(trace, selection.slice);
    if (selection.instant) return readEvent(trace, selection.instant);
    return Error{ErrorCode::Usage, "nothing is selected", {}};
}

} // namespace

std::shared_ptr<const EventJson> readEventJson(const Trace& trace, const Selection& selection)
{
    auto event = std::make_shared<EventJson>();
    Result<EventText> text = readSelected(trace, selection);
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
