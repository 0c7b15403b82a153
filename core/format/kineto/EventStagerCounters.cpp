#include "core/format/kineto/EventStager.h"

#include "core/format/kineto/JsonText.h"

#include <cmath>

// Values over time: counter events, and what [memory] instants say.

namespace opscope::kineto {

void EventStager::stageCounter(const Times& when, StringId named)
{
    const RawEvent& e = *m_event;
    if (e.args.empty())
        return;
    if (e.has(Key::Id) && e[Key::Id].form != Form::Null) { // counters of one name and several ids are several counters
        std::string whole(m_tables.strings.view(named));
        std::string id;
        unescape(e[Key::Id].view(), id);
        whole += ' ';
        whole += id;
        named = longText(whole, kLongestText);
    }
    forEachMember(e.args, [&](const Scalar& key, const Scalar& value) {
        const double number = numberOf(value);
        if (!std::isfinite(number))
            return;
        if (value.form == Form::String)
            note(Defect::NumberInString);
        const StringId series = text(key);
        StagedCounter& row = m_part->counters.append();
        row.time = when.start.ns;
        row.value = number;
        row.offset = e.offset;
        row.counter = named;
        row.series = series;
        row.track = m_track;
    });
}

// [memory]: a curve for each device (kineto-trace.md 7.7).
void EventStager::stageMemory(const Times& when)
{
    std::int64_t type = 0, device = -1, bytes = 0, total = 0;
    bool hasBytes = false, hasTotal = false;
    forEachMember(m_event->args, [&](const Scalar& key, const Scalar& value) {
        const std::string_view k = key.view();
        if (k == "Device Type")
            wholeNumber(value, type);
        else if (k == "Device Id")
            wholeNumber(value, device);
        else if (k == "Bytes")
            hasBytes = wholeNumber(value, bytes);
        else if (k == "Total Allocated")
            hasTotal = wholeNumber(value, total);
    });
    if (!hasBytes && !hasTotal)
        return;
    std::string name;
    switch (type) {
    case 0: name = "CPU"; break;
    case 1: name = "CUDA"; break;
    case 6: name = "HIP"; break;
    case 12: name = "XPU"; break;
    case 20: name = "PrivateUse1"; break;
    default: name = "device type " + std::to_string(type); break;
    }
    if (device >= 0)
        name += ' ' + std::to_string(device);
    StagedCounter& row = m_part->counters.append();
    row.time = when.start.ns;
    row.value = static_cast<double>(hasTotal ? total : bytes);
    row.offset = m_event->offset;
    row.counter = m_allocated;
    row.series = m_tables.strings.intern(name);
    row.track = m_track;
    row.isBytes = true;
    row.isDelta = !hasTotal;
}

} // namespace opscope::kineto
