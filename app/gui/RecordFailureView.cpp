#include "app/gui/RecordFailureView.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

namespace opscope {
namespace {

/// Several lines: each made presentable for itself.
QString displayLines(const std::string& text)
{
    QStringList lines;
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t to = std::min(text.find('\n', from), text.size());
        lines << displayText(std::string_view(text).substr(from, to - from));
        from = to + 1;
    }
    while (!lines.isEmpty() && lines.last().isEmpty())
        lines.removeLast();
    return lines.join(QLatin1Char('\n'));
}

} // namespace

RecordFailureView::RecordFailureView(const Theme& theme, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_sentence(new WrappedText(Theme::uiFont(14, QFont::DemiBold))), m_advice(new WrappedText(Theme::uiFont(12))),
      m_kept(new WrappedText(Theme::uiFont(12))), m_fold(new QToolButton), m_open(new QPushButton(QStringLiteral("&Open it"))), m_copy(new QPushButton(QStringLiteral("Cop&y"))), m_details(new QPlainTextEdit)
{
    m_sentence->setColour(theme.textHi);
    m_advice->setColour(theme.text);
    m_kept->setColour(theme.text);
    m_sentence->setAccessibleName(QStringLiteral("Why it could not be recorded"));
    m_advice->setAccessibleName(QStringLiteral("What to do about it"));
    auto* sign = new QLabel;
    sign->setPixmap(icon("error", theme.err).pixmap(QSize(20, 20), devicePixelRatioF()));
    m_fold->setText(QStringLiteral("Details"));
    m_fold->setCheckable(true);
    m_fold->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_fold->setIconSize({12, 12});
    m_fold->setObjectName(QStringLiteral("fold"));
    m_copy->setAutoDefault(false);
    m_open->setAutoDefault(false);
    m_details->setReadOnly(true);
    m_details->setFont(Theme::fixedFont(11));
    m_details->setTabChangesFocus(true);
    m_details->setAccessibleName(QStringLiteral("What programs said"));
    m_details->setMinimumHeight(120);
    auto* folds = new QHBoxLayout;
    folds->addWidget(m_fold);
    folds->addStretch(1);
    folds->addWidget(m_copy);
    auto* words = new QVBoxLayout;
    words->setSpacing(8);
    words->addWidget(m_sentence);
    words->addWidget(m_advice);
    words->addWidget(m_kept);
    words->addWidget(m_open, 0, Qt::AlignLeft);
    words->addLayout(folds);
    words->addWidget(m_details, 1);
    words->addStretch(0);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(16, 16, 16, 14);
    row->setSpacing(12);
    row->addWidget(sign, 0, Qt::AlignTop);
    row->addLayout(words, 1);
    connect(m_open, &QPushButton::clicked, this, &RecordFailureView::openClicked);
    connect(m_fold, &QToolButton::toggled, this, &RecordFailureView::showDetails);
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QStringList parts{m_sentence->toPlainText(), m_advice->toPlainText(), m_details->toPlainText()};
        parts.removeAll(QString());
        QApplication::clipboard()->setText(parts.join(QStringLiteral("\n\n")));
    });
}

void RecordFailureView::setFailure(const RecordFailure& failure, const QString& kept)
{
    m_sentence->setText(displayText(failure.message));
    m_advice->setText(displayText(failure.advice));
    m_advice->setVisible(!failure.advice.empty());
    m_kept->setText(kept.isEmpty() ? QString() : QStringLiteral("What was recorded until then is in %1").arg(displayText(toUtf8(shortPath(kept)))));
    m_kept->setVisible(!kept.isEmpty());
    m_open->setVisible(!kept.isEmpty());
    m_details->setPlainText(displayLines(failure.details));
    m_fold->setVisible(!failure.details.empty());
    m_copy->setVisible(!failure.details.empty());
    showDetails(false);
}

QString RecordFailureView::sentence() const { return m_sentence->toPlainText(); }
QString RecordFailureView::advice() const { return m_advice->toPlainText(); }

void RecordFailureView::showDetails(bool show)
{
    m_fold->setChecked(show);
    m_fold->setIcon(icon(show ? "chevron-down" : "chevron-right", m_theme.textDim));
    m_details->setVisible(show);
}

} // namespace opscope
