#pragma once

#include <QWidget> // first: moc of Qt 6.4 stumbles over the standard library headers of core

#include "widgets/tensor/TensorLens.h"

#include <QElapsedTimer>

class QBoxLayout;
class QLabel;
class QLineEdit;
class QProgressBar;
class QStackedLayout;
class QToolButton;

namespace opscope {

class BarList;
class CheckList;
class ElidedLabel;
class FlowSection;
class HistogramView;
class StatisticsStrip;
struct StatisticsCell;
class TensorHeading;
class TensorList;
class TraceDocument;
class ValueGrid;
class WrappedText;
class ViewSettings;

/// The Tensors panel: the tensors of the selected node, and everything about one of them: its values, where they were captured,
/// with statistics and checks; where it comes from and who reads it. List on the left where there is room, else one column.
class TensorPanel : public QWidget
{
    Q_OBJECT

public:
    TensorPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    TensorLens& lens() { return *m_lens; }
    TensorList& list() { return *m_list; }
    ValueGrid& grid() { return *m_grid; }
    HistogramView& histogram() { return *m_histogram; }
    StatisticsStrip& statistics() { return *m_strip; }
    BarList& frequent() { return *m_frequent; }
    BarList& bags() { return *m_bags; }
    CheckList& checks() { return *m_checks; }
    FlowSection& flow() { return *m_flow; }
    QLineEdit& place() { return *m_place; }
    bool wide() const { return m_wide; }
    /// What stands there instead of tensors, or of values; "" when neither is missing.
    QString message() const;
    QString notice() const;
    QString footer() const;

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeProgress();
    QWidget* makeDistribution();
    QWidget* makeFrequent();
    QWidget* makeBags();
    QWidget* makeValues();
    QWidget* makeNotice();
    QWidget* makeFooter();
    void makePages();
    void follow();
    void arrange(bool wide);
    void fitHeights();
    void lookChanged();
    void showNode();
    void showHeading();
    void showTensor();
    void showValues();
    void showStatistics();
    void showFlow();
    void showSaving();
    void showFooter();
    void showBags(const Bags& bags);
    std::vector<StatisticsCell> tensorCells() const;
    std::vector<StatisticsCell> valueCells() const;
    void askWhereToSave();
    void say(const QString& sentence);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    TensorLens* m_lens;
    bool m_wide = true;
    QElapsedTimer m_counting;
    QStackedLayout* m_pages = nullptr;
    QLabel* m_message = nullptr;
    TensorHeading* m_heading = nullptr;
    QBoxLayout *m_left = nullptr, *m_right = nullptr, *m_column = nullptr, *m_shapes = nullptr;
    QWidget *m_wideBody = nullptr, *m_narrowBody = nullptr;
    TensorList* m_list = nullptr;
    StatisticsStrip* m_strip = nullptr;
    HistogramView* m_histogram = nullptr;
    BarList *m_frequent = nullptr, *m_bags = nullptr;
    CheckList* m_checks = nullptr;
    FlowSection* m_flow = nullptr;
    ValueGrid* m_grid = nullptr;
    QWidget *m_progressRow = nullptr, *m_distribution = nullptr, *m_frequentSection = nullptr, *m_shapeSection = nullptr;
    QWidget *m_checkSection = nullptr, *m_flowSection = nullptr, *m_bagSection = nullptr, *m_valueSection = nullptr;
    QWidget *m_noticeSection = nullptr, *m_footer = nullptr;
    QProgressBar* m_progress = nullptr;
    QLabel *m_progressText = nullptr, *m_bagTitle = nullptr, *m_bagText = nullptr, *m_noticeTitle = nullptr;
    WrappedText* m_noticeText = nullptr;
    ElidedLabel *m_distributionText = nullptr, *m_valuesText = nullptr, *m_fileText = nullptr, *m_orderText = nullptr, *m_saidText = nullptr;
    QLabel *m_placeLabel = nullptr, *m_fileIcon = nullptr, *m_saidIcon = nullptr;
    QToolButton *m_stop = nullptr, *m_copy = nullptr, *m_save = nullptr;
    QLineEdit* m_place = nullptr;
    std::vector<QLabel*> m_titles, m_dimTexts;
};

} // namespace opscope
