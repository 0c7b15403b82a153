#include "app/gui/FilterHelp.h"

#include "core/query/Filter.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QLabel>
#include <QPainter>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <cstring>

namespace opscope {

namespace {

constexpr int kWidth = 760, kHeight = 470;
const QString kScheme = QStringLiteral("example:");

struct Operator
{
    const char* sign;
    const char* means;
    const char* example;
};

constexpr Operator kOperators[] = {
    {"== !=", "is, is not; upper and lower case differ", "name == \"aten::mm\""},
    {"~", "contains; upper and lower case alike", "name ~ \"gemm\""},
    {"=~", "matches a regular expression", "name =~ \"^aten::.*_backward$\""},
    {"like", "matches a pattern with * and ?", "name like \"*gemm*tn\""},
    {"in", "one of several values, or a range", "cat in (\"kernel\", \"gpu_memcpy\")"},
    {"< <= > >=", "numbers, times, sizes; with units ns us ms s, KiB MiB GiB", "dur > 50us"},
    {"and or not ( )", "put together; and binds tighter than or", "dur > 50us and not (cat == \"kernel\" or family == sync)"},
};

QString cell(const QString& html, const char* style = "")
{
    return QStringLiteral("<td style='padding:2px 14px 2px 0;%1'>%2</td>").arg(QLatin1String(style), html);
}

QString code(const QString& text, const QColor& ink)
{
    return QStringLiteral("<span style='font-family:\"%1\";color:%2;white-space:pre'>%3</span>")
        .arg(Theme::fixedFont().family(), ink.name(), richText(text));
}

/// An example that does not parse is shown, but cannot be clicked: it would only put an error into the field.
QString example(const char* text, const Theme& theme)
{
    const QString shown = QString::fromUtf8(text);
    if (!std::holds_alternative<Filter>(Filter::parse(text))) return code(shown, theme.text);
    return QStringLiteral("<a style='text-decoration:none' href='%1%2'>%3</a>")
        .arg(kScheme, QString::fromLatin1(QUrl::toPercentEncoding(shown)), code(shown, theme.accent));
}

QString heading(const char* text, const Theme& theme)
{
    return QStringLiteral("<p style='margin:12px 0 4px 0;color:%1;font-weight:600'>%2</p>").arg(theme.textHi.name(), QLatin1String(text));
}

} // namespace

QString FilterHelp::page(const Theme& theme)
{
    const QString dim = QStringLiteral("color:%1;").arg(theme.textDim.name());
    const QByteArray dimStyle = dim.toLatin1();
    QString html = QStringLiteral("<div style='color:%1'>").arg(theme.text.name());
    html += QStringLiteral("<p style='margin:0'>A filter is a condition that each event meets or does not: a field, an operator and a value. "
                           "Click an example to put it into the field.</p>");
    html += heading("Operators", theme) + QStringLiteral("<table>");
    for (const Operator& row : kOperators)
        html += QStringLiteral("<tr>") + cell(code(QString::fromUtf8(row.sign), theme.textHi)) + cell(QString::fromUtf8(row.means), dimStyle.constData())
              + cell(example(row.example, theme)) + QStringLiteral("</tr>");
    html += QStringLiteral("</table>") + heading("Fields", theme) + QStringLiteral("<table>");
    bool functions = false;
    for (const FilterField& field : filterFields()) {
        if (!functions && std::strcmp(field.type, "function") == 0) {
            functions = true;
            html += QStringLiteral("</table>") + heading("What a row is to others", theme) + QStringLiteral("<table>");
        }
        html += QStringLiteral("<tr>") + cell(code(QString::fromUtf8(field.name), theme.textHi))
              + cell(richText(std::string_view(field.help)), dimStyle.constData()) + cell(example(field.example, theme)) + QStringLiteral("</tr>");
    }
    html += QStringLiteral("</table><p style='margin:12px 0 0 0;%1'>A field that an event does not have makes every comparison false, != too; "
                           "not (…) of it is true. Times count from the first event; a range keeps what overlaps it.</p></div>").arg(dim);
    return html;
}

FilterHelp::FilterHelp(ViewSettings& settings, QWidget* field)
    : QFrame(field->window()), m_settings(settings), m_field(field), m_page(new QTextBrowser(this)), m_close(new QToolButton(this))
{
    setObjectName(QStringLiteral("filterHelp"));
    m_page->setFocusPolicy(Qt::NoFocus);
    m_page->setOpenLinks(false);
    m_page->setFrameShape(QFrame::NoFrame);
    m_page->document()->setDocumentMargin(0);
    QFont font = Theme::uiFont(12);
    font.setStyleStrategy(QFont::PreferNoShaping); // as in the field: == are two signs (HTML cannot say so)
    m_page->document()->setDefaultFont(font);
    m_page->setAccessibleName(QStringLiteral("Filter language"));
    m_close->setFocusPolicy(Qt::NoFocus);
    m_close->setIconSize({14, 14});
    m_close->setFixedSize(22, 22);
    m_close->setStyleSheet(QStringLiteral("QToolButton { padding: 0; }"));
    m_close->setToolTip(QStringLiteral("Close (Esc)"));
    auto* title = new QLabel(QStringLiteral("Filter"), this);
    title->setFont(Theme::uiFont(13, QFont::DemiBold));
    title->setProperty("role", QStringLiteral("strong"));
    auto* top = new QHBoxLayout;
    top->setContentsMargins(0, 0, 0, 0);
    top->addWidget(title, 1);
    top->addWidget(m_close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 8, 6, 10);
    column->setSpacing(4);
    column->addLayout(top);
    column->addWidget(m_page, 1);
    connect(m_close, &QToolButton::clicked, this, &QWidget::hide);
    connect(m_page, &QTextBrowser::anchorClicked, this, [this](const QUrl& url) {
        const QString address = url.toString(QUrl::FullyDecoded);
        if (address.startsWith(kScheme)) Q_EMIT exampleChosen(address.mid(kScheme.size()));
    });
    connect(&m_settings, &ViewSettings::changed, this, [this] { if (isVisible()) showTheme(); });
    hide();
}

void FilterHelp::showTheme()
{
    const Theme& theme = m_settings.theme();
    m_close->setIcon(icon("close", theme.textDim));
    m_page->setStyleSheet(QStringLiteral("QTextBrowser { background: transparent; border: none; }"));
    m_page->setHtml(page(theme));
    update();
}

void FilterHelp::open()
{
    QWidget* area = m_field->window();
    if (parentWidget() != area) setParent(area);
    showTheme();
    const QPoint below = m_field->mapTo(area, QPoint(0, m_field->height() + 2));
    const int width = std::min(kWidth, area->width() - 16), height = std::min(kHeight, area->height() - below.y() - 12);
    setGeometry(std::clamp(below.x(), 8, std::max(8, area->width() - width - 8)), below.y(), width, std::max(120, height));
    raise();
    show();
}

void FilterHelp::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintRaised(painter, rect(), m_settings.theme());
}

} // namespace opscope
