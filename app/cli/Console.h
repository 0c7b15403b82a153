#pragma once

#include "core/base/Result.h"

#include <iosfwd>
#include <string>
#include <string_view>

namespace opscope {

/// Where a command writes: answers to `out`, everything else to `err`. Nothing from a file reaches either without
/// withoutControls(), except JSON, which escapes by itself.
class Console
{
public:
    /// Looks at the real stdout and stderr to see whether they are terminals.
    Console();

    std::ostream& out();
    std::ostream& err();
    bool errIsTerminal() const { return m_errIsTerminal; }

    /// One sentence on stderr: "trace.json: the file is empty".
    void complain(std::string_view sentence);
    void complain(const Error& error) { complain(error.text()); }
    /// Emphasis on a terminal, plain text everywhere else and under NO_COLOR.
    std::string bold(std::string_view text) const { return styled("1", text); }
    std::string dim(std::string_view text) const { return styled("2", text); }
    std::string warning(std::string_view text) const { return styled("33", text); }
    std::string alarm(std::string_view text) const { return styled("31", text); }
    /// Flushes stdout; false when what was written did not arrive (a full disk).
    bool delivered();

private:
    std::string styled(std::string_view code, std::string_view text) const;

    bool m_outIsTerminal = false;
    bool m_errIsTerminal = false;
    bool m_styles = false;
};

} // namespace opscope
