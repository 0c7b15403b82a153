#pragma once

#include "core/trace/Trace.h"
#include "widgets/document/Job.h"
#include "widgets/hierarchy/HierarchyTree.h"

#include <QTimer>
#include <QWidget>

#include <memory>

class QComboBox;
class QLabel;
class QLineEdit;
class QStackedLayout;

namespace opscope {

class HierarchyDelegate;
class HierarchyModel;
class HierarchyTreeView;
class TraceDocument;
class ViewSettings;

/// The Hierarchy panel: slices by nesting or nodes by parent, of what the document's filter and the field of the panel leave, with
/// ancestors. Trees of large traces are
/// built on a worker; nothing is built while the panel is hidden.
class HierarchyView : public QWidget
{
    Q_OBJECT

public:
    HierarchyView(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    HierarchyModel& model() { return *m_model; }
    HierarchyTreeView& tree() { return *m_tree; }
    QLineEdit& filterField() { return *m_filter; }
    QComboBox& sourceChooser() { return *m_chooser; }
    bool busy() const;          ///< a tree is being built

protected:
    void showEvent(QShowEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Built
    {
        TracePtr trace;
        std::shared_ptr<const HierarchyTree> all, shown;
        MatchesPtr matches;
    };
    void buildTools();
    void buildTree();
    void traceChanged();
    void lookChanged();
    void chooseSource(HierarchySource source);
    void rebuild();
    void received(const Built& built);
    void openFirstLevels();
    void showSelection();
    void currentChanged(const QModelIndex& index);
    void frame(const QModelIndex& index);
    void showMessage(const QString& text);
    QString nothingText(bool filtered) const;
    int depth() const;

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QWidget* m_tools = nullptr;
    QComboBox* m_chooser = nullptr;
    QLineEdit* m_filter = nullptr;
    QAction* m_filterIcon = nullptr;
    QStackedLayout* m_pages = nullptr;
    QLabel* m_message = nullptr;
    HierarchyModel* m_model = nullptr;
    HierarchyTreeView* m_tree = nullptr;
    HierarchyDelegate* m_delegate = nullptr;

    HierarchySource m_source = HierarchySource::Slices;
    TracePtr m_builtFor;                             ///< whose whole tree m_all is
    std::shared_ptr<const HierarchyTree> m_all;
    QTimer m_filterDelay;
    Job m_job;
    bool m_dirty = true;                             ///< to be rebuilt when shown
    bool m_following = false;                        ///< the document speaks, so its own echo is not sent back
};

} // namespace opscope
