#pragma once

#include <QWidget>

#include <vector>

class QGridLayout;
class QLabel;
class QScrollArea;
class QToolButton;

namespace opscope {

class LinkBlock;
class LinkLegend;
class LinkLine;
class TraceDocument;
class ViewSettings;

/// The Links panel: what is linked to what, by which method, how surely, and what is not and why. Each line walks its places.
class LinkReportPanel : public QWidget
{
    Q_OBJECT

public:
    LinkReportPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    const std::vector<LinkBlock*>& blocks() const { return m_blocks; }
    /// "3 of 42", "" before the first click.
    QString position() const;
    QString emptyText() const;      ///< what stands there instead of blocks; "" when there are some
    /// Goes on (+1) or back (-1) among the places of the line that was chosen last.
    void walk(int direction);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeTools();
    QWidget* makeFoot();
    void traceChanged();
    void lookChanged();
    void rebuild();
    void arrange();
    void chosen(LinkLine* line, int direction);
    void moveFocus(LinkLine* from, int direction);
    void showPosition();
    void fitFoot();

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QWidget* m_tools = nullptr;
    QLabel* m_relation = nullptr;
    QToolButton* m_copy = nullptr;
    QScrollArea* m_scroll = nullptr;
    QWidget* m_content = nullptr;
    QGridLayout* m_grid = nullptr;
    QLabel* m_empty = nullptr;
    QWidget* m_foot = nullptr;
    LinkLegend* m_legend = nullptr;
    QLabel* m_position = nullptr;
    QToolButton* m_back = nullptr;
    QToolButton* m_on = nullptr;
    std::vector<LinkBlock*> m_blocks;
    std::vector<LinkLine*> m_lines;
    LinkLine* m_current = nullptr;
    std::size_t m_at = 0;           ///< among the places of m_current
    int m_columns = 0;
    bool m_dark = true;             ///< theme of the blocks
};

} // namespace opscope
