#pragma once

#include "app/gui/LoadFiles.h"
#include "core/link/PairFinder.h"
#include "widgets/document/Job.h"

#include <QObject>
#include <QPointer>
#include <QStringList>

#include <vector>

class QWidget;

namespace opscope {

class JoinDialog;
class NoticeBar;
class TraceDocument;
class ViewSettings;

/// What belongs to the open trace: looks for it, offers it, reads everything together again when somebody says so, and says what
/// the files turned out to be to each other. Nothing is ever joined without having been asked for.
class JoinController : public QObject
{
    Q_OBJECT

public:
    enum class Offers : std::uint8_t { On, Off };

    JoinController(TraceDocument& document, ViewSettings& settings, NoticeBar& bar, QObject* parent = nullptr);
    void setOffers(Offers offers) { m_offers = offers; }
    /// After the files were opened (not joined) in this window.
    void opened(const QStringList& files);
    /// Nothing is open any more: stops everything.
    void reset();

    const QStringList& files() const { return m_files; }
    const ResourceFolders& resourceFolders() const { return m_folders; }
    /// Reads the open files and these as one trace, with view and selection kept; cancelled or failed, all stays as it is.
    void join(const QStringList& more);
    bool joining() const { return m_loading.running(); }
    /// File > Join…
    void openDialog(QWidget* parent);
    /// File > Resources folder…: asks for the folder, and for which execution trace where there are several.
    void chooseResourcesFolder(QWidget* parent);
    void setResourcesFolder(const QString& executionTrace, const QString& folder);

Q_SIGNALS:
    void joined(const QStringList& files);

private:
    struct Wish
    {
        QStringList files;
        ResourceFolders folders;
        QString doing;          ///< "Joining a.json"
    };
    void look();
    void offer();
    void load(const Wish& wish);
    void received(const Wish& wish, Result<TracePtr> result);
    void warnIfUnrelated(const QStringList& before);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    NoticeBar& m_bar;
    QStringList m_files;
    ResourceFolders m_folders;
    Wish m_wish;                ///< what is being read
    std::vector<Partner> m_partners;
    bool m_looked = false;
    Offers m_offers = Offers::On;
    QPointer<JoinDialog> m_dialog;
    Job m_looking, m_loading;
};

} // namespace opscope
