#include "app/gui/JoinController.h"

#include "app/gui/JoinDialog.h"
#include "app/gui/JoinOffer.h"
#include "app/gui/NoticeBar.h"
#include "core/tensor/Resources.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>

#include <algorithm>

namespace opscope {

namespace {

QString canonical(const QString& file)
{
    const QString path = QFileInfo(file).canonicalFilePath();
    return path.isEmpty() ? file : path;
}

QString namesOf(const QStringList& files)
{
    const QString first = displayText(toUtf8(QFileInfo(files.first()).fileName()));
    return files.size() == 1 ? first : QStringLiteral("%1 files").arg(files.size());
}

/// Execution traces that have nothing to do with the timed trace they were opened with.
std::vector<const EtPairing*> unrelatedOf(const Trace& trace)
{
    std::vector<const EtPairing*> found;
    for (const EtPairing& pairing : trace.links().pairings()) {
        if (pairing.kineto && pairing.relation == RunRelation::Unrelated)
            found.push_back(&pairing);
    }
    return found;
}

} // namespace

JoinController::JoinController(TraceDocument& document, ViewSettings& settings, NoticeBar& bar, QObject* parent)
    : QObject(parent), m_document(document), m_settings(settings), m_bar(bar), m_looking(this), m_loading(this)
{
    connect(&m_loading, &Job::progressed, this, [this] { m_bar.showProgress(m_loading.progress()); });
}

void JoinController::reset()
{
    m_looking.cancel();
    m_loading.cancel();
    m_bar.clear();
    m_files.clear();
    m_folders.clear();
    m_partners.clear();
    m_looked = false;
}

void JoinController::opened(const QStringList& files)
{
    reset();
    m_files = files;
    warnIfUnrelated({});
    if (m_offers == Offers::On && m_bar.isHidden())
        look();
}

void JoinController::look()
{
    const TracePtr trace = m_document.trace();
    if (!trace || m_looking.running())
        return;
    m_looking.run([trace](const JobControl& job) { return findPartners(*trace, job); },
                  [this, trace](std::vector<Partner> partners) {
                      if (trace != m_document.trace())
                          return;
                      m_partners = std::move(partners);
                      m_looked = true;
                      if (m_dialog)
                          m_dialog->setPartners(m_partners);
                      else
                          offer();
                  });
}

void JoinController::offer()
{
    const std::optional<JoinOffer> found = makeOffer(m_partners);
    if (!found || m_offers == Offers::Off || !m_bar.isHidden() || m_loading.running())
        return;
    std::vector<NoticeBar::Action> actions;
    const QStringList files = found->files;
    actions.push_back({files.size() == 1 ? QStringLiteral("Join") : QStringLiteral("Join all"), [this, files] { join(files); }});
    if (found->more)
        actions.push_back({QStringLiteral("Choose…"), [this] { openDialog(m_bar.window()); }});
    actions.push_back({QStringLiteral("Not now"), {}});
    m_bar.showNotice(NoticeBar::Kind::Offer, found->sentence, std::move(actions));
}

void JoinController::join(const QStringList& more)
{
    if (!m_document.trace())
        return;
    Wish wish = joining() ? m_wish : Wish{m_files, m_folders, {}};
    QStringList known;
    for (const QString& file : wish.files)
        known << canonical(file);
    QStringList added;
    for (const QString& file : more) {
        if (known.contains(canonical(file)))
            continue;
        known << canonical(file);
        added << file;
    }
    if (added.isEmpty()) {
        Q_EMIT m_document.announced(QStringLiteral("These files are open here already."));
        return;
    }
    wish.files += added;
    wish.doing = QStringLiteral("Joining ") + namesOf(added);
    load(wish);
}

void JoinController::load(const Wish& wish)
{
    m_looking.cancel();
    m_wish = wish;
    m_bar.showNotice(NoticeBar::Kind::Progress, wish.doing, {{QStringLiteral("Cancel"), [this] { m_loading.cancel(); }}});
    m_loading.run([wish](const JobControl& job) { return loadFiles(wish.files, wish.folders, job); },
                  [this, wish](Result<TracePtr> result) { received(wish, std::move(result)); });
}

void JoinController::received(const Wish& wish, Result<TracePtr> result)
{
    m_bar.clear();
    if (!result) {
        m_bar.showNotice(NoticeBar::Kind::Warning, displayText(result.error().text()) + QStringLiteral(". Nothing was joined."),
                         {{QStringLiteral("Close"), {}}});
        return;
    }
    const QStringList before = std::exchange(m_files, wish.files);
    m_folders = wish.folders;
    m_partners.clear();
    m_looked = false;
    m_document.rejoin(std::move(result).value());
    Q_EMIT joined(m_files);
    warnIfUnrelated(before);
}

void JoinController::warnIfUnrelated(const QStringList& before)
{
    const std::vector<const EtPairing*> unrelated = unrelatedOf(*m_document.trace());
    if (unrelated.empty())
        return;
    const Trace& trace = *m_document.trace();
    QString sentence = QStringLiteral("These are not of one run: nothing was linked. ");
    if (trace.links().pairings().size() > 1)
        sentence = QStringLiteral("%1 of %2 execution traces are not of this run: they were not linked. ")
                       .arg(unrelated.size()).arg(trace.links().pairings().size());
    sentence += displayText(unrelated.front()->sentence);
    std::vector<NoticeBar::Action> actions;
    if (!before.isEmpty())
        actions.push_back({QStringLiteral("Take apart"), [this, before] { load({before, m_folders, QStringLiteral("Reading again")}); }});
    actions.push_back({QStringLiteral("Close"), {}});
    m_bar.showNotice(NoticeBar::Kind::Warning, sentence, std::move(actions));
}

void JoinController::openDialog(QWidget* parent)
{
    if (!m_document.trace() || m_dialog)
        return;
    m_dialog = new JoinDialog(m_settings.theme(), QFileInfo(m_files.value(0)).absolutePath(), parent);
    m_dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_dialog, &QDialog::accepted, this, [this] { join(m_dialog->chosen()); });
    if (m_looked)
        m_dialog->setPartners(m_partners);
    else
        look();
    m_dialog->open();
}

void JoinController::chooseResourcesFolder(QWidget* parent)
{
    const TracePtr trace = m_document.trace();
    if (!trace || !trace->executionTrace())
        return;
    QStringList names;
    for (const EtFile& file : trace->executionTrace()->files())
        names << fromPath(trace->sources()[file.source.index()].path);
    QString which = names.first();
    if (names.size() > 1) {
        bool accepted = false;
        which = QInputDialog::getItem(parent, QStringLiteral("Resources folder"), QStringLiteral("Of which execution trace?"), names, 0,
                                      false, &accepted);
        if (!accepted)
            return;
    }
    const QString folder = QFileDialog::getExistingDirectory(parent, QStringLiteral("Resources folder of ") + QFileInfo(which).fileName(),
                                                             QFileInfo(which).absolutePath());
    if (!folder.isEmpty())
        setResourcesFolder(which, folder);
}

void JoinController::setResourcesFolder(const QString& executionTrace, const QString& folder)
{
    Wish wish{m_files, m_folders, QStringLiteral("Reading again with the resources of ") + displayText(toUtf8(QFileInfo(folder).fileName()))};
    wish.folders[executionTrace] = folder;
    load(wish);
}

} // namespace opscope
