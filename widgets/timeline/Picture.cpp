#include "widgets/timeline/Picture.h"

#include "widgets/common/Text.h"
#include "widgets/timeline/TimelineView.h"

#include <QBuffer>
#include <QImage>
#include <QPainter>
#include <QPalette>
#include <QPixmap>
#include <QSaveFile>
#include <QSvgGenerator>

namespace opscope {
namespace {

QByteArray svgOf(TimelineView& timeline)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(timeline.size());
    generator.setViewBox(QRect(QPoint(), timeline.size()));
    generator.setResolution(96); // fonts are given in pixels
    const TracePtr trace = timeline.scene().model ? timeline.scene().model->trace : nullptr;
    generator.setTitle(QStringLiteral("Timeline"));
    if (trace)
        generator.setDescription(QStringLiteral("%1 slices, drawn by Opscope").arg(trace->slices().size()));
    QPainter painter(&generator);
    painter.fillRect(QRect(QPoint(), timeline.size()), timeline.palette().window()); // where the scroll bar is not drawn
    timeline.paintTo(painter);
    painter.end();
    return buffer.data();
}

QByteArray pngOf(TimelineView& timeline)
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    timeline.grab().toImage().convertToFormat(QImage::Format_RGB32).save(&buffer, "PNG");
    return buffer.data();
}

} // namespace

bool isSvgName(const QString& path)
{
    return path.endsWith(QLatin1String(".svg"), Qt::CaseInsensitive);
}

Status saveTimelinePicture(TimelineView& timeline, const QString& path)
{
    timeline.renderNow();
    const QByteArray bytes = isSvgName(path) ? svgOf(timeline) : pngOf(timeline);
    QSaveFile file(path);
    const bool written = !bytes.isEmpty() && file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit();
    if (!written)
        return Error{ErrorCode::CannotWrite, toUtf8(path) + ": the picture cannot be written there", {}};
    return Done{};
}

} // namespace opscope
