#include <QTest>

#include "core/io/Loader.h"
#include "core/query/FilterFields.h"
#include "core/query/Query.h"
#include "tests/support/Golden.h"

#include <sstream>

using namespace opscope;
using namespace opscope::test;

/// core/query/FILTER.md as a new reader takes it: every example is pasted and run, and the numbers beside them hold.
class tst_FilterPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        std::istringstream page(readFile(std::string(OPSCOPE_TEST_DATA) + "/../../core/query/FILTER.md"));
        for (std::string line; std::getline(page, line);) m_lines.push_back(line);
        QVERIFY(m_lines.size() > 100);
        const std::string folder = std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/";
        const std::string files[] = {folder + "training_step.pt.trace.json.gz", folder + "training_step_et.json.gz"};
        auto trace = loadTrace(files);
        QVERIFY(trace.ok());
        m_trace = *trace;
    }

    void everyExampleFindsWhatThePageSays()
    {
        int examples = 0, counted = 0, nothing = 0;
        std::string wrong;
        for (const std::string& line : linesOfBlocks("```")) {
            ++examples;
            const auto parsed = Filter::parse(line);
            const FilterError* error = std::get_if<FilterError>(&parsed);
            QVERIFY2(!error, (line + ": " + (error ? error->message : "")).c_str());
            const auto found = runQuery(*m_trace, std::get<Filter>(parsed));
            QVERIFY2(found.ok(), line.c_str());
            const std::size_t remark = line.rfind("# ");
            if (remark == std::string::npos) continue;
            ++counted;
            nothing += found->empty();
            if (line.substr(remark + 2) != std::to_string(found->count())) wrong += line.substr(0, remark) + "# " + std::to_string(found->count()) + '\n';
        }
        if (!wrong.empty()) qWarning("these find something else:\n%s", wrong.c_str());
        QVERIFY(wrong.empty());
        QVERIFY(examples > 50);
        QVERIFY(counted > 40);
        QVERIFY2(nothing <= 1, "examples that find nothing show nothing");
    }

    void everyFieldStandsInATableWithAnExampleThatRuns()
    {
        for (const FilterField& field : filterFields()) {
            if (std::string_view(field.name) == "has(") continue; // told in the text
            const bool function = std::string_view(field.name).ends_with('(');
            const std::string name = function ? std::string(field.name) + "\xE2\x80\xA6)" : std::string(field.name);
            const std::string row = "| `" + name + "` | " + field.help + (function ? "" : std::string(" | ") + field.type) + " | `" + field.example + "` |";
            QVERIFY2(std::ranges::find(m_lines, row) != m_lines.end(), ("FILTER.md lacks: " + row).c_str());
            const auto parsed = Filter::parse(field.example);
            QVERIFY2(std::holds_alternative<Filter>(parsed), field.example);
            QVERIFY(runQuery(*m_trace, std::get<Filter>(parsed)).ok());
        }
    }

    void theExamplesOfTheReadmeRun()
    {
        const std::string readme = readFile(std::string(OPSCOPE_TEST_DATA) + "/../../README.md");
        const std::size_t section = readme.find("### Find: filters");
        const std::size_t begin = readme.find("```\n", section) + 4;
        QVERIFY(section != std::string::npos);
        std::istringstream block(readme.substr(begin, readme.find("```", begin) - begin));
        int examples = 0;
        for (std::string line; std::getline(block, line); ++examples) {
            const auto parsed = Filter::parse(line);
            QVERIFY2(std::holds_alternative<Filter>(parsed), line.c_str());
            QVERIFY2(runQuery(*m_trace, std::get<Filter>(parsed)).ok(), line.c_str());
        }
        QCOMPARE(examples, 5);
    }

    void everyErrorOfThePageIsWhatIsSaid()
    {
        int errors = 0;
        bool table = false;
        for (const std::string& line : m_lines) {
            table = line == "| text | error |" || (table && line.starts_with("|"));
            if (!table || !line.starts_with("| `")) continue;
            const std::size_t end = line.find("` | `");
            const auto parsed = Filter::parse(line.substr(3, end - 3));
            const FilterError* error = std::get_if<FilterError>(&parsed);
            QVERIFY2(error, line.c_str());
            QCOMPARE("| `" + line.substr(3, end - 3) + "` | `" + error->message + "` |", line);
            ++errors;
        }
        QCOMPARE(errors, 6);
    }

private:
    /// Lines of code blocks that begin with exactly this fence.
    std::vector<std::string> linesOfBlocks(std::string_view fence) const
    {
        std::vector<std::string> out;
        bool inside = false, wanted = false;
        for (const std::string& line : m_lines) {
            if (line.starts_with("```")) {
                wanted = !inside && line == fence;
                inside = !inside;
            } else if (inside && wanted && !line.empty()) {
                out.push_back(line);
            }
        }
        return out;
    }

    std::vector<std::string> m_lines;
    TracePtr m_trace;
};

QTEST_GUILESS_MAIN(tst_FilterPage)
#include "tst_FilterPage.moc"
