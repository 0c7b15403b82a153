#pragma once

#include <QColor>
#include <QIcon>

namespace opscope {

/// A line icon of 16 px in one colour (look.md section 11), drawn anew for every size and scale, so always crisp. Names:
/// open record play export back forward zoom-in zoom-out fit find filter link bookmark pin copy edit tree table histogram tensor
/// stack cpu gpu file folder clock warning error note ok close more chevron-down chevron-right chevron-up refresh dim eye eye-off
/// question detail external. An unknown name gives a null icon.
QIcon icon(const char* name, const QColor& colour);

} // namespace opscope
