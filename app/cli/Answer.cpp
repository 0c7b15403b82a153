#include "app/cli/Answer.h"

#include "core/base/Path.h"

#include <filesystem>
#include <ostream>

namespace opscope {

Result<Answer> Answer::open(Console& console, const std::string& path, const Trace& trace)
{
    if (path.empty()) return Answer(console, nullptr);
    for (const SourceFile& source : trace.sources()) {
        std::error_code ignored; // what is not there is not the same
        if (path == source.path || std::filesystem::equivalent(path, source.path, ignored))
            return Error{ErrorCode::CannotWrite, fileName(path) + " is open as a trace and is not written over", {}};
    }
    auto file = ByteSink::createFile(path, path.ends_with(".gz") ? ByteSink::Packing::Gzip : ByteSink::Packing::Plain);
    if (!file) return file.error();
    return Answer(console, std::move(*file));
}

bool Answer::write(std::string_view text)
{
    if (m_file) {
        m_file->write(text);
        return m_file->good();
    }
    return static_cast<bool>(m_console->out() << text);
}

Status Answer::close()
{
    if (m_file) return m_file->close();
    if (m_console->delivered()) return Done{};
    return Error{ErrorCode::CannotWrite, "the answer could not be written", {}};
}

} // namespace opscope
