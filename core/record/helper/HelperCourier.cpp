#include "core/record/helper/HelperCourier.h"

#include "core/base/Path.h"
#include "core/io/FilePlace.h"
#include "core/record/torch/Exchange.h"
#include "core/record/torch/FolderFiles.h"
#include "core/record/torch/TorchProcess.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace opscope::helper {
namespace {

constexpr std::string_view kControl = ".control";

} // namespace

void HelperCourier::deliver(const RecordTarget& target, const torch::Exchange& exchange)
{
    const auto process = torch::torchProcess(target.pid);
    const std::string control = process ? process->helperControl : "";
    if (!control.ends_with(kControl)) {
        Q_EMIT refused({"Process " + std::to_string(target.pid) + " does not listen any more.", "It calls opscope.listen() to be recorded so."});
        return;
    }
    m_name = fileName(control).substr(0, fileName(control).size() - kControl.size()) + ".request";
    m_folder = torch::openFolder(AT_FDCWD, folderOf(control)); // which belongs to its user alone, or it would not have been announced
    m_text = nlohmann::json{{"version", 1}, {"folder", exchange.forTarget()}}.dump();
    if (const Status done = put(); !done) Q_EMIT refused({done.error().message + ".", "It is where the program looks for requests."});
    else Q_EMIT delivered();
}

Status HelperCourier::put()
{
    const std::string part = "." + m_name + ".part";
    struct stat owner = {};
    const auto fail = [&](int reason) {
        ::unlinkat(m_folder.get(), part.c_str(), 0);
        return writeRefusal(m_name, writeReason(reason));
    };
    if (!m_folder || ::fstat(m_folder.get(), &owner) != 0) return fail(errno);
    ::unlinkat(m_folder.get(), part.c_str(), 0);
    const Descriptor file(::openat(m_folder.get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail(errno);
    if (const int reason = torch::writeAll(file.get(), m_text)) return fail(reason);
    if (owner.st_uid != ::geteuid() && ::fchown(file.get(), owner.st_uid, static_cast<gid_t>(-1)) != 0) return fail(errno);
    if (::renameat(m_folder.get(), part.c_str(), m_folder.get(), m_name.c_str()) != 0) return fail(errno);
    return Done{};
}

bool HelperCourier::lies() const { return m_folder && torch::aboutName(m_folder.get(), m_name).has_value(); }

bool HelperCourier::deliverAgain()
{
    if (!m_folder) return false;
    // Where it lies still, all of the program stands: its listening thread would have taken it within a moment.
    if (lies()) Q_EMIT waitingFor(QStringLiteral("it has not taken the request yet"));
    else if (!put()) return false;
    return true;
}

void HelperCourier::takeBack()
{
    if (lies()) ::unlinkat(m_folder.get(), m_name.c_str(), 0);
}

} // namespace opscope::helper
