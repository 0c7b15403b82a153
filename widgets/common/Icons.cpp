#include "widgets/common/Icons.h"

#include <QIconEngine>
#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>

#include <cstring>

namespace opscope {

namespace {

struct Shape
{
    const char* name;
    const char* path;
    bool filled = false;
};

constexpr Shape kShapes[] = {
    {"open", "M1.8 12.2V3.8a1 1 0 0 1 1-1h3.1l1.5 1.7h5.8a1 1 0 0 1 1 1v6.7a1 1 0 0 1-1 1H2.8a1 1 0 0 1-1-1z"},
    {"record", "M8 3.2a4.8 4.8 0 1 1 0 9.6a4.8 4.8 0 1 1 0-9.6z", true},
    {"play", "M5 3.2l7.6 4.8L5 12.8z", true},
    {"export", "M8 10V2.4M5 5.2l3-2.9 3 2.9M2.6 9.2v3.2a1.2 1.2 0 0 0 1.2 1.2h8.4a1.2 1.2 0 0 0 1.2-1.2V9.2"},
    {"back", "M9.8 3.4L5.2 8l4.6 4.6"},
    {"forward", "M6.2 3.4L10.8 8l-4.6 4.6"},
    {"zoom-in", "M6.9 2.4a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM10.2 10.2l3.5 3.5M4.9 6.9h4M6.9 4.9v4"},
    {"zoom-out", "M6.9 2.4a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM10.2 10.2l3.5 3.5M4.9 6.9h4"},
    {"fit", "M2 3v10M14 3v10M4.2 8h7.6M6 6L4.1 8 6 10M10 6l1.9 2-1.9 2"},
    {"find", "M6.9 2.4a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM10.2 10.2l3.5 3.5"},
    {"filter", "M2 3h12L9.5 8.3v4.2L6.5 14V8.3z"},
    {"link", "M2 3.5h3.5a2.5 2.5 0 0 1 2.5 2.5v4a2.5 2.5 0 0 0 2.5 2.5H14M12 10.4l2.1 2.1-2.1 2.1"},
    {"bookmark", "M4.2 2.4h7.6v11.2L8 10.8l-3.8 2.8z"},
    {"pin", "M5.4 2.4h5.2M6.2 2.4v4.2L4.4 9.4h7.2L9.8 6.6V2.4M8 9.4v4.4"},
    {"copy", "M6.4 5.4h6.2a1 1 0 0 1 1 1v6.2a1 1 0 0 1-1 1H6.4a1 1 0 0 1-1-1V6.4a1 1 0 0 1 1-1zM10.6 5.4V3.4a1 1 0 0 0-1-1H3.4a1 1 0 0 0-1 1v6.2a1 1 0 0 0 1 1h2"},
    {"edit", "M10.6 2.8l2.6 2.6-7.6 7.6-3.2.6.6-3.2z"},
    {"tree", "M2.6 2.4v9.4a1 1 0 0 0 1 1h2.6M2.6 7.6h3.6M2.6 3h3M9 3h4.8M9 7.6h4.8M9 12.8h4.8"},
    {"table", "M2.4 3h11.2v10H2.4zM2.4 6.4h11.2M6.4 6.4V13"},
    {"histogram", "M2.2 13.4h11.6M4 13V9M7 13V4.4M10 13V7M13 13v-2.4"},
    {"tensor", "M8 1.9l5.4 3v6.2L8 14.1l-5.4-3V4.9zM2.8 5L8 8l5.2-3M8 8v6"},
    {"stack", "M2.4 4h11.2M2.4 8h11.2M2.4 12h11.2"},
    {"cpu", "M4.4 4.4h7.2v7.2H4.4zM6.2 4.2V2M9.8 4.2V2M6.2 14v-2.2M9.8 14v-2.2M4.2 6.2H2M4.2 9.8H2M14 6.2h-2.2M14 9.8h-2.2"},
    {"gpu", "M1.8 4.2h12.4v7H1.8zM4.4 11.4v2M7.4 11.4v2M8.6 7.7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M4 6.6h2M4 8.8h2"},
    {"file", "M9 2H4.4a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h7.2a1 1 0 0 0 1-1V5.6zM9 2v3.6h3.6"},
    {"folder", "M1.8 12.2V3.8a1 1 0 0 1 1-1h3.1l1.5 1.7h5.8a1 1 0 0 1 1 1v6.7a1 1 0 0 1-1 1H2.8a1 1 0 0 1-1-1z"},
    {"clock", "M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 1 1 0-11.6zM8 4.8V8l2.4 1.6"},
    {"warning", "M8 2.2l6.2 11H1.8zM8 6.6v3.2M8 11.6v.05"},
    {"error", "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.6M8 10.9v.05"},
    {"note", "M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 1 1 0-11.6zM8 7.4v3.6M8 5v.05"},
    {"ok", "M2.8 8.6l3.4 3.4 7-7.6"},
    {"close", "M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4"},
    {"more", "M3.4 8v.05M8 8v.05M12.6 8v.05"},
    {"chevron-down", "M4 6.2l4 4 4-4"},
    {"chevron-right", "M6.2 4l4 4-4 4"},
    {"chevron-up", "M4 9.8l4-4 4 4"},
    {"refresh", "M13.2 8a5.2 5.2 0 1 1-1.6-3.8M13.4 2v3h-3"},
    {"dim", "M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 1 1 0-11.6zM8 2.2v11.6M8 5.4h4.8M8 8h5.6M8 10.6h4.8"},
    {"eye", "M1.4 8S3.8 3.6 8 3.6 14.6 8 14.6 8 12.2 12.4 8 12.4 1.4 8 1.4 8zM8 6a2 2 0 1 1 0 4a2 2 0 1 1 0-4z"},
    {"eye-off", "M1.4 8S3.8 3.6 8 3.6 14.6 8 14.6 8 12.2 12.4 8 12.4 1.4 8 1.4 8zM8 6a2 2 0 1 1 0 4a2 2 0 1 1 0-4zM2.8 13.4L13.2 2.6"},
    {"question", "M5.6 5.8a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2 1-1.2 2M8 12.6v.05"},
    {"detail", "M2.4 3h11.2v10H2.4zM9.4 3v10M11 5.6h1.2M11 8h1.2"},
    {"external", "M6.4 3.4H3a.8.8 0 0 0-.8.8V13a.8.8 0 0 0 .8.8h8.8a.8.8 0 0 0 .8-.8V9.6M9.4 2.4h4.2v4.2M13.4 2.6L7.6 8.4"},
};

const Shape* find(const char* name)
{
    for (const Shape& shape : kShapes) {
        if (std::strcmp(shape.name, name) == 0)
            return &shape;
    }
    return nullptr;
}

QByteArray svg(const Shape& shape, const QColor& colour)
{
    const QByteArray hex = colour.name().toLatin1();
    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='" + QByteArray(shape.path) + "' fill='"
        + (shape.filled ? hex : QByteArray("none")) + "' stroke='" + hex
        + "' stroke-width='1.4' stroke-linecap='round' stroke-linejoin='round'/></svg>";
}

/// Draws the path at the size asked for; nothing is scaled.
class LineIconEngine : public QIconEngine
{
public:
    LineIconEngine(const Shape& shape, const QColor& colour) : m_shape(shape), m_colour(colour) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        QSvgRenderer renderer(svg(m_shape, m_colour));
        painter->save();
        if (mode == QIcon::Disabled)
            painter->setOpacity(painter->opacity() * 0.45);
        renderer.render(painter, rect);
        painter->restore();
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        if (m_cached.size() == size && m_cachedMode == mode)
            return m_cached;
        m_cached = QPixmap(size);
        m_cached.fill(Qt::transparent);
        m_cachedMode = mode;
        QPainter painter(&m_cached);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return m_cached;
    }
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal) override
    {
        return pixmap(size, mode, state); // `size` counts device pixels already
    }
    QIconEngine* clone() const override { return new LineIconEngine(m_shape, m_colour); }
    QString key() const override { return QStringLiteral("opscope-line"); }
    bool isNull() override { return false; }

private:
    const Shape& m_shape;
    QColor m_colour;
    QPixmap m_cached;
    QIcon::Mode m_cachedMode = QIcon::Normal;
};

} // namespace

QIcon icon(const char* name, const QColor& colour)
{
    const Shape* shape = find(name);
    return shape ? QIcon(new LineIconEngine(*shape, colour)) : QIcon();
}

} // namespace opscope
