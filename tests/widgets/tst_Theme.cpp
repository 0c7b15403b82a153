#include "widgets/common/Icons.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"
#include "widgets/common/Theme.h"

#include <QRegularExpression>
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

using namespace opscope;

namespace {

double linear(double channel)
{
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

/// WCAG 2.1 relative luminance.
double luminance(const QColor& c)
{
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

/// `share` of b mixed into a, as painting with that opacity does.
QColor mixed(const QColor& a, const QColor& b, double share)
{
    const auto channel = [share](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * share)); };
    return {channel(a.red(), b.red()), channel(a.green(), b.green()), channel(a.blue(), b.blue())};
}

std::vector<QColor> fills(const Theme& theme)
{
    std::vector<QColor> all;
    for (std::size_t family = 0; family < kFamilies; ++family) {
        for (const QRgb shade : shades(static_cast<Family>(family), theme.isDark))
            all.push_back(QColor::fromRgb(shade));
    }
    return all;
}

double worst(const std::vector<QColor>& tops, const std::vector<QColor>& grounds)
{
    double least = 21;
    for (const QColor& top : tops) {
        for (const QColor& ground : grounds)
            least = std::min(least, contrast(top, ground));
    }
    return least;
}

} // namespace

Q_DECLARE_METATYPE(opscope::Theme)

class tst_Theme : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    // The table of look.md section 12, row by row.
    void statesAreToldFromTheCanvasAndFromEachOther_data() { themes(); }
    void statesAreToldFromTheCanvasAndFromEachOther()
    {
        QFETCH(Theme, theme);
        const auto color = [&](const char* state) { return QColor::fromRgb(stateLook(state, theme).fill); };
        const QColor running = color("Running"), waiting = color("Waiting for a CPU"), blocked = color("Blocked"), suspended = color("Suspended");
        QVERIFY2(worst({running, waiting, suspended}, {theme.canvas}) >= 3, qPrintable(QString::number(worst({running, waiting, suspended}, {theme.canvas}))));
        QVERIFY(contrast(blocked, theme.canvas) < 1.5); // quiet: nothing happens there
        QVERIFY(worst({running, waiting}, {blocked}) >= 2.4);
        QCOMPARE(stateLook("Suspended", theme).kind, Fill::Hatch);
        QVERIFY(std::abs(running.hsvHue() - waiting.hsvHue()) > 60);
    }
    void textCanBeReadOnEverySurface_data() { themes(); }
    void textCanBeReadOnEverySurface()
    {
        QFETCH(Theme, theme);
        const std::vector<QColor> surfaces{theme.canvas, theme.panel, theme.alternateRow, theme.raised, theme.input, theme.hover,
                                           theme.active, theme.selectedRow};
        const double least = worst({theme.textHi, theme.text, theme.textDim}, surfaces);
        QVERIFY2(least >= 4.5, qPrintable(QString::number(least)));
        QVERIFY(contrast(theme.onAccent, theme.accentFill) >= 4.5);
        const double signs = worst({theme.ok, theme.warn, theme.err, theme.accent}, {theme.panel, theme.raised, theme.selectedRow});
        QVERIFY2(signs >= 4.5, qPrintable(QString::number(signs)));
        const double links = worst({theme.linkLaunch, theme.linkForward, theme.linkNode, theme.linkSync}, {theme.canvas, theme.panel});
        QVERIFY2(links >= 4.5, qPrintable(QString::number(links)));
        QVERIFY(contrast(theme.textOff, theme.panel) >= 3);
    }
    void labelsCanBeReadOnEverySlice_data() { themes(); }
    void labelsCanBeReadOnEverySlice()
    {
        QFETCH(Theme, theme);
        const std::vector<QColor> all = fills(theme);
        QCOMPARE(all.size(), std::size_t(30));
        const double least = worst({theme.sliceText}, all);
        QVERIFY2(least >= 4.5, qPrintable(QString::number(least)));
        QVERIFY(contrast(theme.pythonText, theme.pythonFill) >= 4.5);
    }
    void slicesStandOutFromTheCanvas_data() { themes(); }
    void slicesStandOutFromTheCanvas()
    {
        QFETCH(Theme, theme);
        const double least = worst(fills(theme), {theme.canvas});
        QVERIFY2(least >= 3, qPrintable(QString::number(least)));
    }
    void ticksFocusAndSelectionStandOut_data() { themes(); }
    void ticksFocusAndSelectionStandOut()
    {
        QFETCH(Theme, theme);
        QVERIFY(contrast(theme.lineStrong, theme.panel) >= 3);
        QVERIFY(contrast(theme.accent, theme.panel) >= 3);
        QVERIFY(contrast(theme.selectionOutline, theme.canvas) >= 3);
    }
    void labelsOfDimmedSlicesCanBeRead_data() { themes(); }
    void labelsOfDimmedSlicesCanBeRead()
    {
        QFETCH(Theme, theme);
        double least = 21;
        for (const QColor& fill : fills(theme))
            least = std::min(least, contrast(theme.textDim, mixed(fill, theme.canvas, 0.74)));
        QVERIFY2(least >= 4.5, qPrintable(QString::number(least)));
    }
    void theStyleSheetHasNoTokenLeft_data() { themes(); }
    void theStyleSheetHasNoTokenLeft()
    {
        QFETCH(Theme, theme);
        const QString sheet = theme.styleSheet();
        QVERIFY2(!sheet.contains(QLatin1Char('$')), qPrintable(sheet.mid(sheet.indexOf(QLatin1Char('$')), 40)));
        QRegularExpressionMatchIterator images = QRegularExpression(QStringLiteral("url\\((:[^)]*)\\)")).globalMatch(sheet);
        QVERIFY(images.hasNext());
        while (images.hasNext()) {
            const QString path = images.next().captured(1);
            QVERIFY2(QFile::exists(path), qPrintable(path));
        }
    }
    void fontsAreSizedInPixels()
    {
        QCOMPARE(Theme::uiFont(14, QFont::DemiBold).pixelSize(), 14);
        QCOMPARE(Theme::uiFont(14, QFont::DemiBold).weight(), QFont::DemiBold);
        const QFontMetrics fixed(Theme::fixedFont());
        QCOMPARE(fixed.horizontalAdvance(QLatin1Char('1')), fixed.horizontalAdvance(QLatin1Char('m')));
    }
    void everyIconDrawsSomethingInItsColourAtAnyScale_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"open", "record", "play", "export", "back", "forward", "zoom-in", "zoom-out", "fit", "find", "filter", "link",
                                 "bookmark", "pin", "copy", "edit", "tree", "table", "histogram", "tensor", "stack", "cpu", "gpu", "file",
                                 "folder", "clock", "warning", "error", "note", "ok", "close", "more", "chevron-down", "chevron-right",
                                 "chevron-up", "refresh", "dim", "eye", "detail", "external"})
            QTest::newRow(name) << QByteArray(name);
    }
    void everyIconDrawsSomethingInItsColourAtAnyScale()
    {
        QFETCH(QByteArray, name);
        const QColor red(200, 10, 20);
        const QImage image = icon(name.constData(), red).pixmap(QSize(16, 16), 2.0).toImage().convertToFormat(QImage::Format_ARGB32);
        QCOMPARE(image.size(), QSize(32, 32));
        int drawn = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                if (image.pixelColor(x, y).alpha() == 255) {
                    ++drawn;
                    QCOMPARE(image.pixelColor(x, y).rgb(), red.rgb());
                }
            }
        }
        QVERIFY2(drawn >= 4, qPrintable(QString::number(drawn)));
    }
    void anUnknownIconIsNull() { QVERIFY(icon("no such thing", Qt::red).isNull()); }
    void namesCannotActOnTheScreen()
    {
        const QString shown = displayText("a\x1b[31m\nb\xE2\x80\xAE" "c"); // escape, line feed, right-to-left override
        for (const QChar c : shown)
            QVERIFY(c.isPrint() || c == QChar(QChar::ReplacementCharacter));
        QVERIFY(!shown.contains(QChar(0x202E)));
        QCOMPARE(richText(QStringLiteral("<b>\"x\"&y")), QStringLiteral("&lt;b&gt;&quot;x&quot;&amp;y"));
    }
    void longTextEndsInAnEllipsis()
    {
        const QString cut = elided(QStringLiteral("a rather long name of a kernel"), Theme::uiFont(), 60);
        QVERIFY(cut.endsWith(QChar(0x2026)));
        QVERIFY(QFontMetrics(Theme::uiFont()).horizontalAdvance(cut) <= 60);
        QVERIFY(elided(QStringLiteral("name"), Theme::uiFont(), 2).isEmpty());
    }

private:
    void themes()
    {
        QTest::addColumn<Theme>("theme");
        QTest::newRow("dark") << Theme::dark();
        QTest::newRow("light") << Theme::light();
    }
};

QTEST_MAIN(tst_Theme)
#include "tst_Theme.moc"
