#pragma once

#include "core/link/PairFinder.h"
#include "widgets/common/Theme.h"

#include <QDialog>
#include <QStringList>

class QLabel;
class QPushButton;
class QTreeWidget;

namespace opscope {

/// File › Join: what lies beside the open files and seems to belong to them, with the reason, and files from elsewhere.
class JoinDialog : public QDialog
{
    Q_OBJECT

public:
    JoinDialog(const Theme& theme, const QString& folder, QWidget* parent = nullptr);
    /// The likely ones are ticked: nothing is joined before "Join" is pressed.
    void setPartners(const std::vector<Partner>& partners);
    void addFiles(const QStringList& files);
    QStringList chosen() const;
    QTreeWidget& list() { return *m_list; }
    QPushButton& joinButton() { return *m_join; }

private:
    void addRow(const QString& path, const QString& what, const QString& why, bool ticked);
    void showState();

    QString m_folder;
    QLabel* m_heading;
    QTreeWidget* m_list;
    QPushButton* m_join;
    bool m_looking = true;
};

} // namespace opscope
