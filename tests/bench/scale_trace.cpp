#include "tests/bench/ScaledTrace.h"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

using namespace opscope::bench;

namespace {

// "400000000", "400M", "1G"; 0 for what is no number, which asks for nothing and so is refused.
std::uint64_t amount(const char* text)
{
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(text, &end, 10);
    const std::string_view unit(end);
    if (unit.empty()) return number;
    return unit == "k" ? number * 1'000 : unit == "M" ? number * 1'000'000 : unit == "G" ? number * 1'000'000'000 : 0;
}

} // namespace

// scale_trace OUT [--bytes N] [--events N] [--input FILE]: a big trace made of a small one, see ScaledTrace.h.
int main(int count, char** args)
{
    Scale scale{OPSCOPE_SAMPLE, 0, 0};
    std::string output;
    for (int i = 1; i < count; ++i) {
        const std::string_view arg = args[i];
        if (arg == "--bytes" && i + 1 < count)
            scale.bytes = amount(args[++i]);
        else if (arg == "--events" && i + 1 < count)
            scale.events = amount(args[++i]);
        else if (arg == "--input" && i + 1 < count)
            scale.input = args[++i];
        else
            output = arg;
    }
    if (output.empty() || output.starts_with("-") || (!scale.bytes && !scale.events)) {
        std::cerr << "scale_trace OUT [--bytes N] [--events N] [--input FILE]\n";
        return 2;
    }
    try {
        std::cout << writeScaled(scale, output) << " events\n";
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
