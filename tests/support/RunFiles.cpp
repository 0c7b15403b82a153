#include "tests/support/RunFiles.h"

#include <QFile>

namespace opscope::test {

namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string attribute(const char* name, const char* type, const std::string& json)
{
    return std::string(R"({"name":")") + name + R"(","type":")" + type + R"(","value":)" + json + "}";
}

std::string node(std::uint64_t id, std::uint64_t parent, const std::string& name, std::uint64_t rfId, std::int64_t sequence, int scope)
{
    const std::string empty = R"({"values":[],"shapes":[],"types":[],"strides":[]})";
    return R"({"id":)" + number(id) + R"(,"name":")" + name + R"(","ctrl_deps":)" + number(parent) + R"(,"inputs":)" + empty +
           R"(,"outputs":)" + empty + R"(,"attrs":[)" + attribute("rf_id", "uint64", number(rfId)) + "," +
           attribute("fw_parent", "uint64", "0") + "," + attribute("seq_id", "int64", std::to_string(sequence)) + "," +
           attribute("scope", "uint64", std::to_string(scope)) + "," + attribute("tid", "uint64", "1") + "," +
           attribute("fw_tid", "uint64", "0") + "," + attribute("op_schema", "string", R"("")") + "]}";
}

} // namespace

std::string kinetoText(const SmallRun& run)
{
    std::string text = R"({"schemaVersion":1,)";
    if (run.rank >= 0)
        text += R"("distributedInfo":{"backend":"nccl","rank":)" + std::to_string(run.rank) + R"(,"world_size":)" +
                std::to_string(run.worldSize) + "},";
    text += R"("traceEvents":[)";
    for (std::size_t k = 0; k < run.names.size(); ++k) {
        text += (k ? "," : "") + std::string(R"({"ph":"X","cat":"cpu_op","name":")") + run.names[k] + R"(","pid":)" +
                std::to_string(run.pid) + R"(,"tid":)" + std::to_string(run.pid) + R"(,"ts":)" + number(1000 + 100 * k) +
                R"(,"dur":50,"args":{"External id":)" + number(500 + k) + R"(,"Record function id":)" + number(run.firstRfId + k) +
                R"(,"Sequence number":)" + number(run.firstSequence + k) + R"(,"Ev Idx":)" + number(k) + "}}";
    }
    return text + "]}";
}

std::string etText(const SmallRun& run)
{
    std::string text = R"({"schema":"1.1.1-chakra.0.0.4","pid":)" + std::to_string(run.pid) +
                       R"(,"time":"2024-01-02 03:04:05","start_ts":1,"nodes":[)" +
                       node(1, 1, "[pytorch|profiler|execution_trace|process]", 0, -1, 7) + "," +
                       node(2, 1, "[pytorch|profiler|execution_trace|thread]", 0, -1, 7);
    for (std::size_t k = 0; k < run.names.size(); ++k)
        text += "," + node(3 + k, 2, run.names[k], run.firstRfId + k, static_cast<std::int64_t>(run.firstSequence + k), 0);
    return text + R"(],"finish_ts":2})";
}

void writeFile(const QString& path, const std::string& text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text.data(), static_cast<qint64>(text.size())) != static_cast<qint64>(text.size()))
        qFatal("cannot write %s", qPrintable(path));
}

} // namespace opscope::test
