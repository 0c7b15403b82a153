#include "widgets/tensor/TensorPanel.h"

#include "core/base/Time.h"
#include "widgets/common/Icons.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/common/BarList.h"
#include "widgets/tensor/CheckList.h"
#include "widgets/tensor/FlowSection.h"
#include "widgets/tensor/HistogramView.h"
#include "widgets/tensor/LifeStrip.h"
#include "widgets/common/Parts.h"
#include "widgets/tensor/StatisticsStrip.h"
#include "widgets/tensor/TensorHeading.h"
#include "widgets/tensor/TensorList.h"
#include "widgets/tensor/ValueGrid.h"

#include <QFileDialog>
#include <QLineEdit>
#include <QProgressBar>
#include <QStackedLayout>
#include <QToolButton>

#include <algorithm>
#include <array>
#include <cmath>

namespace opscope {

namespace {

constexpr qint64 kPatienceMs = 150; // before progress is shown: most files are counted sooner

QString countText(std::uint64_t count)
{
    return displayText(formatCount(static_cast<std::int64_t>(std::min<std::uint64_t>(count, INT64_MAX))));
}

/// Three digits that matter: 4.18, 1,204, 3.2e+12.
QString meanText(double mean)
{
    const double size = std::abs(mean);
    return size < 1e9 ? QString::number(mean, 'f', size < 10 ? 2 : size < 100 ? 1 : 0) : QString::number(mean, 'g', 4);
}

QString dash() { return QStringLiteral("–"); }

/// Warnings that no failed check says with the same numbers.
std::vector<std::string> unsaid(std::vector<std::string> warnings, const std::vector<TensorCheck>& checks)
{
    std::erase_if(warnings, [&](const std::string& warning) {
        return std::ranges::any_of(checks, [&](const TensorCheck& check) {
            const std::string numbers = check.numbers.substr(0, check.numbers.find_last_not_of(" B") + 1);
            return !check.good && !numbers.empty() && warning.find(numbers) != std::string::npos;
        });
    });
    return warnings;
}

/// How to get what is missing, in words of the recorder (execution-trace.md 12).
QString howToRecord(const Trace& trace, const EtNode& node)
{
    return QStringLiteral("To capture the inputs of this operator, record with "
                          "ENABLE_PYTORCH_EXECUTION_TRACE_EXTRAS=1 and "
                          "ENABLE_PYTORCH_EXECUTION_TRACE_SAVE_INTEGRAL_TENSOR_DATA=%1. "
                          "Only inputs of whole numbers are captured.")
        .arg(displayText(trace.text(node.name).substr(0, 200)));
}

} // namespace

QString TensorPanel::message() const { return m_pages->currentIndex() == 1 ? m_message->text() : QString(); }

QString TensorPanel::notice() const
{
    return m_noticeSection->isHidden() ? QString() : m_noticeTitle->text() + QLatin1Char(' ') + m_noticeText->toPlainText();
}

QString TensorPanel::footer() const { return m_fileText->text() + QLatin1Char(' ') + m_orderText->text() + QLatin1Char('\n') + m_saidText->text(); }

void TensorPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    m_lens->setActive(true);
}

void TensorPanel::hideEvent(QHideEvent* event)
{
    QWidget::hideEvent(event);
    m_lens->setActive(false);
}

void TensorPanel::lookChanged()
{
    const Theme& theme = m_settings.theme();
    m_heading->setTheme(theme);
    m_list->setTheme(theme);
    m_strip->setTheme(theme);
    m_histogram->setTheme(theme);
    m_frequent->setTheme(theme, BarList::Bars::Accent, 22);
    m_bags->setTheme(theme, BarList::Bars::Memory, 18);
    m_checks->setTheme(theme);
    m_flow->setTheme(theme);
    m_grid->setTheme(theme);
    for (QLabel* label : m_titles) setTextColour(label, theme.textHi);
    for (QLabel* label : m_dimTexts) setTextColour(label, theme.textDim);
    m_noticeText->setColour(theme.textDim);
    for (QLabel* label : {m_progressText, m_noticeTitle}) setTextColour(label, theme.text);
    setTextColour(m_fileText, theme.textHi);
    m_copy->setIcon(icon("copy", theme.text));
    QPalette footer = m_footer->palette();
    footer.setColor(QPalette::Window, theme.raised);
    m_footer->setPalette(footer);
    m_fileIcon->setPixmap(icon("file", theme.textDim).pixmap(14, 14));
    m_saidIcon->setPixmap(icon("warning", theme.warn).pixmap(14, 14));
    showSaving();
    if (m_lens->node()) showHeading();
}

void TensorPanel::showNode()
{
    const QString message = m_lens->message();
    m_message->setText(message);
    m_pages->setCurrentIndex(message.isEmpty() ? 0 : 1);
    m_list->refill();
    if (!m_lens->node()) return showFlow(); // lets go of the trace
    showHeading();
    fitHeights();
    showFlow();
    showFooter();
}

void TensorPanel::showHeading()
{
    const Trace& trace = *m_lens->trace();
    const ExecutionTrace& et = *trace.executionTrace();
    const EtNode& node = et.node(m_lens->node());
    const std::string_view name = trace.text(node.name);
    const std::string_view above = node.parent ? trace.text(et.node(node.parent).name) : std::string_view();
    const bool top = above.empty() || above.starts_with("[pytorch|profiler|execution_"); // a process or thread says nothing
    const QString place = top ? QStringLiteral("node %1").arg(node.id)
                              : QStringLiteral("under %1, node %2").arg(displayText(above.substr(0, 200))).arg(node.id);
    constexpr std::uint8_t kUserScope = 7; // execution-trace.md 4.4
    const Family family = familyOf(name, node.scope == kUserScope ? CategoryClass::UserAnnotation : CategoryClass::CpuOp);
    m_heading->setNode(displayText(name.substr(0, 400)), place, QColor::fromRgb(familyColor(family, m_settings.theme())), family == Family::Annotation);
    const std::uint32_t captured = capturedInputs(m_lens->rows());
    m_heading->setAside(node.inputTensors == 0 ? QString()
                        : captured == 0        ? QStringLiteral("no input tensor captured")
                                               : QStringLiteral("%1 of %2 input tensors captured").arg(captured).arg(node.inputTensors));
}

void TensorPanel::showTensor()
{
    m_list->showChosen();
    m_saidText->clear();
    m_place->clear();
    m_counting.start();
    showValues();
    showFlow();
}

/// One look for a tensor with values, one for a tensor without, and none of both while the file is being opened.
void TensorPanel::showValues()
{
    const CapturedValues* values = m_lens->values();
    const bool captured = values && values->data;
    for (QWidget* part : {m_shapeSection, m_valueSection}) part->setVisible(captured);
    m_noticeSection->setVisible(values && !captured);
    if (values && !captured && m_lens->node()) {
        const EtNode& node = m_lens->trace()->executionTrace()->node(m_lens->node());
        const bool couldBe = m_lens->chosen() && !m_lens->chosen()->output && m_lens->chosen()->captured;
        m_noticeTitle->setText(couldBe ? values->whyNot : QStringLiteral("Nothing was captured for this tensor."));
        m_noticeText->setText(howToRecord(*m_lens->trace(), node));
    }
    GridValues grid;
    if (captured) {
        const auto held = values->data;
        grid.count = held->expectedElements();
        grid.shape = held->shape();
        grid.at = [held](std::uint64_t i) { return held->at(i); };
        grid.text = [held](std::int64_t value) { return held->text(value); };
        grid.size = [held](std::int64_t value) { return sizeOf(*held, value); };
        grid.bags = values->bags.starts;
        m_grid->setExtremes(values->widestText, values->largest);
    }
    m_valuesText->setText(!captured                    ? QString()
                          : values->bags.starts        ? QStringLiteral("split at the offsets of %1").arg(values->bags.from)
                          : values->bags.note.isEmpty() ? QString()
                                                        : values->bags.note);
    m_grid->setValues(std::move(grid));
    showBags(captured ? values->bags : Bags());
    showStatistics();
    showFooter();
    fitHeights();
}

void TensorPanel::showBags(const Bags& bags)
{
    m_bagSection->setVisible(bags.starts != nullptr);
    if (!bags.starts) return m_bags->setRows(0, {}, {});
    m_bagTitle->setText(QStringLiteral("Bag lengths, from %1").arg(bags.from));
    const auto row = [bags](std::uint64_t bag) {
        const std::uint64_t end = bag + 1 < bags.starts->size() ? (*bags.starts)[bag + 1] : bags.values;
        const std::uint64_t length = end - (*bags.starts)[bag];
        return BarRow{QString::number(bag), bags.longest == 0 ? 0 : static_cast<double>(length) / static_cast<double>(bags.longest),
                      countText(length)};
    };
    m_bags->setRows(bags.starts->size(), row, {QString::number(bags.starts->size() - 1), 0, countText(bags.longest)});
    QString text = QStringLiteral("The longest bag holds %1 of %2 lookups").arg(countText(bags.longest), countText(bags.values));
    if (bags.shortest > 0 && bags.longest > bags.shortest)
        text += QStringLiteral(", %1 times the shortest").arg(static_cast<double>(bags.longest) / static_cast<double>(bags.shortest), 0, 'f', 1);
    else if (bags.shortest == 0)
        text += QStringLiteral("; the shortest is empty");
    m_bagText->setText(text + QLatin1Char('.'));
}

std::vector<StatisticsCell> TensorPanel::tensorCells() const
{
    const Trace& trace = *m_lens->trace();
    const TensorDesc& tensor = *m_lens->tensor();
    const std::string_view strides = trace.text(tensor.strides), device = trace.text(tensor.device);
    const auto view = m_lens->flow() ? m_lens->flow()->viewOf(m_lens->chosen()->tensor) : std::nullopt;
    const bool sized = tensor.itemSize > 0; // nested tensors are written with nothing but a type
    std::vector<StatisticsCell> cells{
        {QStringLiteral("Elements"), sized ? countText(static_cast<std::uint64_t>(std::max<std::int64_t>(tensor.elements, 0))) : dash(),
         sized ? QStringLiteral("%1, %2 B each").arg(dtypeText(trace, tensor)).arg(tensor.itemSize) : dtypeText(trace, tensor)},
        {QStringLiteral("Size"), byteText(tensor), shapeText(trace, tensor)},
        {QStringLiteral("Layout"), displayText(title(layoutOf(trace, tensor))),
         strides.empty() ? QStringLiteral("strides not recorded") : QStringLiteral("strides ") + spacedList(strides)},
        {QStringLiteral("Device"), device.empty() ? dash() : displayText(device.substr(0, 40)), {}},
        {QStringLiteral("Storage"), QString::number(tensor.storageId), QStringLiteral("offset %1").arg(countText(static_cast<std::uint64_t>(std::max<std::int64_t>(tensor.offset, 0))))},
        {QStringLiteral("Tensor"), QString::number(tensor.tensorId),
         view ? QStringLiteral("view, seen first by %1").arg(nodeText(trace, view->node, 24)) : QStringLiteral("its id in the file")}};
    if (const auto& range = m_lens->declared()) {
        cells[3] = {QStringLiteral("Minimum"), displayText(range->minimum), QStringLiteral("declared")};
        cells[5] = {QStringLiteral("Maximum"), displayText(range->maximum), QStringLiteral("declared")};
    }
    return cells;
}

std::vector<StatisticsCell> TensorPanel::valueCells() const
{
    const CapturedTensor& held = *m_lens->values()->data;
    const TensorStatistics* s = m_lens->statistics();
    const auto text = [&](std::int64_t value) { return QString::fromStdString(held.text(value)); };
    const auto declared = [&](const std::string TensorRange::*end) {
        return m_lens->declared() ? QStringLiteral("declared ") + displayText(*m_lens->declared().*end) : QStringLiteral("not declared");
    };
    std::vector<StatisticsCell> cells{
        {QStringLiteral("Values"), countText(held.fileElements()),
         displayText(title(held.type())) + (held.storageOrderDiffers() ? QStringLiteral(", by its strides") : QStringLiteral(", dense"))},
        {QStringLiteral("Minimum"), s ? text(s->minimum) : dash(), declared(&TensorRange::minimum)},
        {QStringLiteral("Maximum"), s ? text(s->maximum) : dash(), declared(&TensorRange::maximum)},
        {QStringLiteral("Distinct"), dash(), {}},
        {QStringLiteral("Median"), dash(), {}},
        {QStringLiteral("Order"), dash(), {}}};
    if (!s || s->count == 0) return cells;
    const double share = static_cast<double>(s->distinct) / static_cast<double>(s->count);
    cells[3].value = (s->distinctIsEstimate ? QStringLiteral("~") : QString()) + countText(s->distinct);
    cells[3].note = QStringLiteral("%1, %2 repeat").arg(displayText(formatShare(share)), countText(s->duplicates));
    cells[4].value = s->median ? text(*s->median) : dash();
    cells[4].note = QStringLiteral("mean ") + meanText(s->mean);
    cells[5].value = displayText(title(s->order));
    cells[5].note = (s->zeros == 0 ? QStringLiteral("no zeros") : s->zeros == 1 ? QStringLiteral("1 zero") : countText(s->zeros) + QStringLiteral(" zeros")) +
                    (s->negatives == 0 ? QString() : QStringLiteral(", %1 negative").arg(countText(s->negatives)));
    return cells;
}

void TensorPanel::showStatistics()
{
    const CapturedValues* values = m_lens->values();
    const bool captured = values && values->data;
    if (!m_lens->chosen()) return m_strip->setCells({});
    m_strip->setCells(captured ? valueCells() : tensorCells());
    const Progress& progress = m_lens->progress();
    const std::uint64_t done = progress.done, total = progress.total;
    const bool late = m_lens->counting() && m_counting.isValid() && m_counting.elapsed() > kPatienceMs;
    m_progressRow->setVisible(captured && (late || m_lens->stopped()));
    m_progress->setRange(0, 1000);
    m_progress->setValue(total == 0 ? 0 : static_cast<int>(static_cast<double>(done) / static_cast<double>(total) * 1000));
    m_progress->setVisible(!m_lens->stopped());
    m_progressText->setText(m_lens->stopped() ? QStringLiteral("Statistics were stopped.")
                                              : QStringLiteral("Counting %1 of %2").arg(displayText(formatBytes(static_cast<std::int64_t>(done))),
                                                                                        displayText(formatBytes(static_cast<std::int64_t>(total)))));
    m_stop->setText(m_lens->stopped() ? QStringLiteral("Count again") : QStringLiteral("Stop"));
    m_checks->setChecks(captured ? unsaid(values->data->warnings(), m_lens->checks()) : std::vector<std::string>(), m_lens->checks());
    m_checkSection->setVisible(!m_checks->empty());
    const TensorStatistics* s = captured ? m_lens->statistics() : nullptr;
    if (!s) {
        m_histogram->setBins({}, {}, false);
        m_distributionText->clear();
        m_frequent->setRows(0, {}, {});
        return;
    }
    const auto held = values->data;
    const auto text = [held](std::int64_t value) { return held->text(value); };
    m_histogram->setBins(s->bins, text, held->type() == IntegralType::UInt64);
    m_distributionText->setText(m_histogram->summary());
    QString widest;
    for (const TensorStatistics::Frequent& f : s->frequent)
        if (const QString value = QString::fromStdString(text(f.value)); value.size() > widest.size()) widest = value;
    const std::uint64_t most = s->frequent.empty() ? 0 : s->frequent.front().count;
    const auto row = [text, frequent = s->frequent, count = s->count, most](std::uint64_t i) {
        const TensorStatistics::Frequent& f = frequent[i];
        return BarRow{QString::fromStdString(text(f.value)), static_cast<double>(f.count) / static_cast<double>(most), countText(f.count),
                      displayText(formatShare(static_cast<double>(f.count) / static_cast<double>(count)))};
    };
    m_frequent->setRows(s->frequent.size(), row, {widest, 0, countText(most), QStringLiteral("100.0 %")});
    m_grid->setExtremes(static_cast<int>(std::max(text(s->minimum).size(), text(s->maximum).size())),
                        std::max(sizeOf(*held, s->minimum), sizeOf(*held, s->maximum)));
    fitHeights();
}

void TensorPanel::showFlow()
{
    const TensorRow* chosen = m_lens->chosen();
    m_flow->setTensor(m_lens->trace(), m_lens->flow(), chosen ? chosen->tensor : TensorId());
    m_flowSection->setVisible(chosen && !m_lens->tensor()->undefined());
    if (chosen && m_lens->values() && !m_lens->values()->data) m_strip->setCells(tensorCells()); // "view of" is known now
}

void TensorPanel::showSaving()
{
    const bool saving = m_lens->saving();
    const Theme& theme = m_settings.theme();
    m_save->setIcon(icon(saving ? "close" : "export", theme.text));
    m_save->setToolTip(saving ? QStringLiteral("Stop saving") : QStringLiteral("Save the values as .npy or .csv"));
    m_save->setAccessibleName(m_save->toolTip());
    if (!saving) return;
    const Progress& progress = m_lens->saveProgress();
    const std::uint64_t done = progress.done, total = progress.total;
    if (total > 0) say(QStringLiteral("Saving, %1").arg(displayText(formatShare(static_cast<double>(done) / static_cast<double>(total)))));
}

/// Left the file of the chosen values, right what is wrong with captured files of this trace, or what was just done.
void TensorPanel::showFooter()
{
    const CapturedValues* values = m_lens->values();
    const bool captured = values && values->data;
    m_fileIcon->setVisible(captured);
    m_fileText->setText(captured ? displayText(values->data->fileName()) : QString());
    m_fileText->setMinimumWidth(captured ? m_fileText->sizeHint().width() : 0);
    m_orderText->setText(!captured                              ? QString()
                         : values->data->storageOrderDiffers() ? QStringLiteral("in storage order, shown in logical order, little-endian")
                                                               : QStringLiteral("read in storage order, little-endian"));
    constexpr std::array kDefects{Defect::WrongSizeCapture, Defect::ValuesOutOfRange, Defect::CaptureOffset, Defect::MissingCapture,
                                  Defect::SurplusCapture};
    QStringList faults;
    std::uint64_t more = 0;
    if (const TracePtr& trace = m_lens->trace()) {
        for (const Defect defect : kDefects) {
            const auto& places = trace->diagnostics().places(defect);
            if (trace->diagnostics().count(defect) == 0) continue;
            if (faults.isEmpty()) faults += displayText(places.empty() || places.front().detail.empty() ? info(defect).title : places.front().detail);
            more += trace->diagnostics().count(defect);
        }
    }
    const QString text = faults.isEmpty() ? QString() : faults.front() + (more > 1 ? QStringLiteral(", and %1 more").arg(more - 1) : QString());
    m_saidText->setText(text);
    m_saidIcon->setVisible(!text.isEmpty());
}

void TensorPanel::say(const QString& sentence)
{
    m_saidIcon->hide();
    m_saidText->setText(sentence);
    Q_EMIT m_document.announced(sentence);
}

void TensorPanel::askWhereToSave()
{
    const CapturedValues* values = m_lens->values();
    if (!values || !values->data) return;
    QString name = displayText(values->data->fileName());
    name.replace(QStringLiteral(".dat"), QStringLiteral(".npy"));
    const QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Save values"), name,
                                                      QStringLiteral("NumPy array (*.npy);;Comma-separated values (*.csv)"));
    if (!path.isEmpty()) m_lens->save(path);
}

} // namespace opscope
