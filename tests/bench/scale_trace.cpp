#include "tests/bench/ScaledTrace.h"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

using namespace opscope::bench;

// scale_trace OUT [--bytes N] [--events N] [--input FILE]: a big trace made of a small one, see ScaledTrace.h.
int main(int count, char** args)
{
    Scale scale{OPSCOPE_SAMPLE, 0, 0};
    std::string output;
    for (int i = 1; i < count; ++i) {
        const std::string_view arg = args[i];
        if (arg == "--bytes" && i + 1 < count)
            scale.bytes = std::strtoull(args[++i], nullptr, 10);
        else if (arg == "--events" && i + 1 < count)
            scale.events = std::strtoull(args[++i], nullptr, 10);
        else if (arg == "--input" && i + 1 < count)
            scale.input = args[++i];
        else
            output = arg;
    }
    if (output.empty() || output.starts_with("-")) {
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
