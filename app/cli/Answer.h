#pragma once

#include "app/cli/Console.h"
#include "core/base/Result.h"
#include "core/io/ByteSink.h"
#include "core/trace/Trace.h"

#include <memory>
#include <string>
#include <string_view>

namespace opscope {

/// Where a command's answer goes: stdout, or the file of `-o`, which is there as a whole or not at all.
class Answer
{
public:
    /// `path` "": stdout. Refuses to write over a file that the trace was read from. A name that ends in .gz is packed.
    static Result<Answer> open(Console& console, const std::string& path, const Trace& trace);

    /// False: there is no point in going on; close() says why.
    bool write(std::string_view text);
    bool isFile() const { return m_file != nullptr; }
    /// All of a file is written and synced; only its name is missing.
    Status finish() { return m_file ? m_file->finish() : Status(Done{}); }
    /// Without it a file is not made.
    Status close();

private:
    Answer(Console& console, std::unique_ptr<ByteSink> file) : m_console(&console), m_file(std::move(file)) {}
    Console* m_console;
    std::unique_ptr<ByteSink> m_file;
};

} // namespace opscope
