#include "app/cli/Console.h"

#include "core/base/StringPool.h"

#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace opscope {
namespace {

bool isSet(const char* variable)
{
    const char* value = std::getenv(variable);
    return value && *value;
}

bool isDumbTerminal()
{
    const char* terminal = std::getenv("TERM");
    return !terminal || std::string_view(terminal) == "dumb";
}

} // namespace

Console::Console()
    : m_outIsTerminal(isatty(STDOUT_FILENO)), m_errIsTerminal(isatty(STDERR_FILENO)),
      m_styles(m_outIsTerminal && !isSet("NO_COLOR") && !isDumbTerminal())
{
}

std::ostream& Console::out() { return std::cout; }
std::ostream& Console::err() { return std::cerr; }

void Console::complain(std::string_view sentence)
{
    err() << withoutControls(sentence) << '\n';
}

bool Console::delivered()
{
    return static_cast<bool>(out().flush());
}

std::string Console::styled(std::string_view code, std::string_view text) const
{
    if (!m_styles) return std::string(text);
    return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

} // namespace opscope
