#include "app/gui/RecordProcessTable.h"

#include "widgets/common/Icons.h"

#include <QEvent>
#include <QHeaderView>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace opscope {
namespace {

constexpr int kPadding = 8, kSign = 14;
constexpr int kCommandLeast = 220; // below this the columns at its right give way

const char* signOf(Readiness::State state)
{
    switch (state) {
    case Readiness::State::Ready: return "ok";
    case Readiness::State::NeedsPermission: return "warning";
    case Readiness::State::NotPossible: break;
    }
    return nullptr;
}

} // namespace

void RecordProcessDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const bool selected = option.state & QStyle::State_Selected;
    if (selected)
        painter->fillRect(option.rect, m_theme.selectedRow);
    else if (option.state & QStyle::State_MouseOver)
        painter->fillRect(option.rect, m_theme.hover);
    painter->save();
    const int column = index.column();
    if (selected && column == RecordProcessModel::Pid)
        painter->fillRect(QRect(option.rect.topLeft(), QSize(2, option.rect.height())), m_theme.accent);
    const QVariant state = index.data(RecordProcessModel::StateRole);
    const char* sign = state.isValid() ? signOf(static_cast<Readiness::State>(state.toInt())) : nullptr;
    if (sign) {
        const QColor colour = static_cast<Readiness::State>(state.toInt()) == Readiness::State::Ready ? m_theme.ok : m_theme.warn;
        const QPoint middle = option.rect.center();
        opscope::icon(sign, colour).paint(painter, QRect(middle.x() - kSign / 2 + 1, middle.y() - kSign / 2 + 1, kSign, kSign));
    } else {
        const bool word = column == RecordProcessModel::Command || column == RecordProcessModel::User;
        const bool main = word || column == RecordProcessModel::Pid;
        painter->setFont(word ? m_words : m_numbers);
        const QString text = column < RecordProcessModel::FirstBackend ? index.data().toString() : state.isValid() ? QStringLiteral("–") : QStringLiteral("…");
        const bool idle = column == RecordProcessModel::Cpu && text == QLatin1String("0 %");
        const bool worker = index.data(RecordProcessModel::WorkerRole).toBool();
        painter->setPen(selected ? m_theme.textHi : worker ? m_theme.textDim : !main && (idle || column >= RecordProcessModel::Started) ? m_theme.textDim : m_theme.text);
        const QRect room = option.rect.adjusted(kPadding, 0, -kPadding, 0);
        const auto alignment = static_cast<Qt::Alignment>(index.data(Qt::TextAlignmentRole).toInt());
        painter->drawText(room, int(alignment) | Qt::TextSingleLine, painter->fontMetrics().elidedText(text, Qt::ElideRight, room.width()));
    }
    painter->restore();
}

RecordProcessTable::RecordProcessTable(const Theme& theme, std::span<const RecorderBackend> backends, QWidget* parent)
    : QTreeView(parent), m_theme(theme), m_model(new RecordProcessModel(backends, this))
{
    setModel(m_model);
    setItemDelegate(new RecordProcessDelegate(theme, this));
    setRootIsDecorated(false);
    setItemsExpandable(false);
    setUniformRowHeights(true);
    setAlternatingRowColors(true);
    setMouseTracking(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(QStringLiteral("Processes"));
    setFrameShape(NoFrame);
    header()->setStretchLastSection(false);
    header()->setSectionsMovable(false);
    header()->setMinimumSectionSize(24);
    header()->setHighlightSections(false);
    setSortingEnabled(true);
    sortByColumn(RecordProcessModel::Cpu, Qt::DescendingOrder);
    m_model->sortAsAtFirst();
    fitColumns();
}

/// Whatever rows do meanwhile: what is chosen stays where it is on the screen, else the view does.
template <class Change>
void RecordProcessTable::changing(Change change)
{
    const std::optional<int> before = m_chosen ? m_model->rowOf(*m_chosen) : std::nullopt;
    const int top = before ? visualRect(m_model->index(*before, 0)).top() : 0;
    const bool inSight = before && top >= 0 && top < viewport()->height();
    const int value = verticalScrollBar()->value();
    m_changing = true;
    change();
    const std::optional<int> row = m_chosen ? m_model->rowOf(*m_chosen) : std::nullopt;
    if (row && currentIndex().row() != *row)
        setCurrentIndex(m_model->index(*row, RecordProcessModel::Command));
    if (!row) {
        selectionModel()->clear();
        setCurrentIndex({});
    }
    m_changing = false;
    executeDelayedItemsLayout();
    verticalScrollBar()->setValue(value);
    if (row && inSight && value > 0)
        verticalScrollBar()->setValue(value + visualRect(m_model->index(*row, 0)).top() - top);
    if (m_chosen && !row) {
        // What only does not fit the search any more is chosen again as soon as it does.
        const bool runs = m_model->runs(*m_chosen);
        m_ended = runs ? std::nullopt : std::optional(m_chosen->pid);
        m_lost = runs ? m_chosen : std::nullopt;
        m_chosen.reset();
        Q_EMIT chosenChanged();
    } else if (row) {
        Q_EMIT chosenUpdated();
    }
}

void RecordProcessTable::showProcesses(std::vector<RecordProcess> processes)
{
    changing([&] { m_model->setProcesses(std::move(processes)); });
    fitColumns(); // PyTorch may have come or gone
    viewport()->update();
}

void RecordProcessTable::setSearch(const QString& text)
{
    changing([&] { m_model->setSearch(text); });
    if (!m_chosen) {
        chooseRow(m_lost ? m_model->rowOf(*m_lost).value_or(0) : 0);
    } else if (const std::optional<int> row = m_model->rowOf(*m_chosen)) {
        scrollTo(m_model->index(*row, 0));
    }
    viewport()->update();
}

void RecordProcessTable::setShowHidden(bool show)
{
    changing([&] { m_model->setShowHidden(show); });
    fitColumns();
}

const RecordProcess* RecordProcessTable::chosen() const
{
    const std::optional<int> row = m_chosen ? m_model->rowOf(*m_chosen) : std::nullopt;
    return row ? m_model->at(*row) : nullptr;
}

void RecordProcessTable::choose(ProcessKey key)
{
    if (const std::optional<int> row = m_model->rowOf(key))
        chooseRow(*row);
}

void RecordProcessTable::chooseRow(int row)
{
    if (row >= 0 && row < m_model->rowCount())
        setCurrentIndex(m_model->index(row, RecordProcessModel::Command));
}

void RecordProcessTable::currentChanged(const QModelIndex& current, const QModelIndex& previous)
{
    QTreeView::currentChanged(current, previous);
    const RecordProcess* process = m_model->at(current.row());
    if (m_changing || !current.isValid() || !process || m_chosen == process->key())
        return;
    m_chosen = process->key();
    m_lost.reset();
    m_ended.reset();
    Q_EMIT chosenChanged();
}

bool RecordProcessTable::viewportEvent(QEvent* event)
{
    // A row that moves away from below the pointer makes people click on another one.
    if (event->type() == QEvent::Enter)
        m_model->setHolding(true);
    else if (event->type() == QEvent::Leave)
        changing([this] { m_model->setHolding(false); });
    return QTreeView::viewportEvent(event);
}

void RecordProcessTable::fitColumns()
{
    using Model = RecordProcessModel;
    const QFontMetrics numbers(Theme::fixedFont(11)), words(Theme::uiFont(12)), heads(Theme::uiFont(11, QFont::Medium));
    const auto wide = [](const QFontMetrics& metrics, const char* text) { return metrics.horizontalAdvance(QLatin1String(text)) + 2 * kPadding; };
    const auto head = [&](const char* text) { return wide(heads, text) + 14; }; // and the arrow of the order
    std::vector<int> widths(Model::FirstBackend, 0);
    widths[Model::Pid] = wide(numbers, "4194304");
    widths[Model::Rank] = head("Rank");
    widths[Model::Python] = head("Python");
    widths[Model::Torch] = wide(numbers, "2.13.0+cu130");
    widths[Model::Gpu] = head("GPU");
    widths[Model::User] = wide(words, "username1");
    widths[Model::Cpu] = wide(numbers, "12800 %");
    widths[Model::Memory] = wide(numbers, "1008.00 KiB") + 2;
    widths[Model::Threads] = head("Threads");
    widths[Model::Started] = wide(numbers, "2025-12-31");
    for (int column = Model::FirstBackend; column < m_model->columnCount(); ++column)
        widths.push_back(heads.horizontalAdvance(m_model->headerData(column, Qt::Horizontal).toString()) + 3 * kPadding);
    std::vector<bool> hidden(widths.size());
    for (const int column : {Model::Python, Model::Torch})
        hidden[static_cast<std::size_t>(column)] = !m_model->showsTorch();
    hidden[Model::Gpu] = !m_model->showsGpus();
    hidden[Model::Rank] = !m_model->showsRanks();
    int rest = viewport()->width();
    for (std::size_t column = 0; column < widths.size(); ++column)
        rest -= hidden[column] ? 0 : widths[column];
    // In a narrow window what is missed least goes first.
    for (const Model::Column column : {Model::Started, Model::Threads, Model::User, Model::Memory}) {
        if (rest >= kCommandLeast)
            break;
        hidden[column] = true;
        rest += widths[column];
    }
    widths[Model::Command] = std::max(kCommandLeast, rest);
    for (int column = 0; column < m_model->columnCount(); ++column) {
        setColumnHidden(column, hidden[static_cast<std::size_t>(column)]);
        header()->resizeSection(column, widths[static_cast<std::size_t>(column)]);
    }
}

void RecordProcessTable::resizeEvent(QResizeEvent* event)
{
    QTreeView::resizeEvent(event);
    fitColumns();
}

void RecordProcessTable::paintEvent(QPaintEvent* event)
{
    QTreeView::paintEvent(event);
    if (m_model->rowCount())
        return;
    QPainter painter(viewport());
    painter.setFont(Theme::uiFont(12));
    painter.setPen(m_theme.textDim);
    const QString text = !m_model->hasProcesses()  ? QStringLiteral("Looking for processes…")
        : m_model->hiddenCount() ? QStringLiteral("No process that is shown fits. %1 hidden ones do.").arg(m_model->hiddenCount())
                                 : QStringLiteral("No process fits what is searched for.");
    painter.drawText(viewport()->rect().adjusted(kPadding, 12, -kPadding, 0), Qt::AlignHCenter | Qt::AlignTop, text);
}

} // namespace opscope
