#pragma once

#include "core/link/LinkWalk.h"

#include <QString>
#include <QStringList>

#include <functional>

namespace opscope {

/// Short name of a slice, safe to show.
using SliceNamer = std::function<QString(SliceId)>;

/// "31.7 ms earlier": where what is linked lies in time, seen from the slice it is linked to. In an execution trace without
/// times "31 nodes earlier". An effect that starts before its cause: "2.0 µs too early: the clocks differ".
QString delayText(const Trace& trace, Nanos delay, bool ahead);

/// "Forward aten::conv2d, 31.7 ms earlier"; "guess" behind it where it is one of several answers.
QString linkText(const Trace& trace, const LinkedThing& thing, const SliceNamer& name);

/// What the hover card says of causes: "launched by aten::bmm, 3.3 ms earlier", "starts 2.0 µs before its launch: the clocks
/// differ", "forward aten::conv2d, 31.7 ms earlier". Empty for slices without one.
QStringList causeLines(const Trace& trace, SliceId slice, const SliceNamer& name);

} // namespace opscope
