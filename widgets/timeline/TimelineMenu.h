#pragma once

class QMenu;

namespace opscope {

class TraceDocument;
struct CanvasHit;
struct TimelineModel;

/// What a right click on the timeline offers: filters of what lies there, added to the one in force. Empty where nothing does.
void fillTimelineMenu(QMenu& menu, TraceDocument& document, const TimelineModel& model, const CanvasHit& hit);

} // namespace opscope
