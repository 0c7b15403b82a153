#pragma once

#include "core/link/PairFinder.h"

#include <QString>
#include <QStringList>

#include <optional>
#include <span>
#include <vector>

namespace opscope {

/// What a window proposes to open with what is open: a sentence that ends in a question, and the files of "Join".
struct JoinOffer
{
    QString sentence;
    QStringList files;
    bool more = false;      ///< there are other partners, worth a look at the list
};

/// The likeliest partners; nothing when there are none. The other half of the run goes before other ranks.
std::optional<JoinOffer> makeOffer(std::span<const Partner> partners);
/// "rank 3, execution trace"
QString describe(const Partner& partner);
QString fileNameOf(const std::string& path);

/// Which of these files open together: one list a window, timed traces in front. Files belong together when the one names the
/// other as its partner, or when they are one timed trace and one execution trace. Reads the heads of the files: for a worker.
std::vector<QStringList> groupFiles(const QStringList& files);

} // namespace opscope
