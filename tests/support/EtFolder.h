#pragma once

#include "core/trace/Trace.h"

#include <QTemporaryDir>

#include <string>
#include <string_view>
#include <vector>

namespace opscope::test {

/// One side of a node; texts are JSON with ' for ".
struct EtSide
{
    std::string values = "[]", shapes = "[]", types = "[]", strides = "";
};
/// A node of the attrs layout; ' for " everywhere.
struct EtText
{
    int id = 0, parent = 2;
    std::string name = "op";
    EtSide inputs = {}, outputs = {};
    std::string schema = "";
    std::string attrs = "";      ///< further ones: {'name': ..., 'type': ..., 'value': ...}
    int tid = 1;
};
std::string etNode(const EtText& node);
/// A file of these nodes with the thread node 2 and the root 1 behind them, as writers put them.
std::string etDocument(const std::vector<EtText>& nodes, const std::string& schema = "1.1.1-chakra.0.0.4");
/// An attribute for EtText::attrs.
std::string etAttr(const std::string& name, const std::string& value);
/// "[7,8,0,4,8,'cpu']"
std::string etTensor(int id, int storage, int elements, int itemSize, const std::string& device = "cuda:0", int offset = 0);

/// An execution trace on disk with its resources folder beside it. Goes away with the test.
class EtFolder
{
public:
    explicit EtFolder(std::string_view name = "a_et.json");
    std::string path() const { return m_path; }
    std::string folder() const;                                 ///< a_et_resources
    std::string at(std::string_view name) const;                ///< anything in the folder that holds the trace
    void write(std::string_view text) const;                    ///< the trace itself
    void put(std::string_view name, std::string_view bytes) const; ///< a file of the resources folder, which is made
    /// Writes these nodes and opens the file, which must load.
    TracePtr open(const std::vector<EtText>& nodes, const std::string& schema = "1.1.1-chakra.0.0.4") const;

private:
    QTemporaryDir m_dir;
    std::string m_path;
};

/// The bytes of values as a capture holds them.
template <class T>
std::string bytesOfValues(const std::vector<T>& values)
{
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// First node of this name; none when there is none.
NodeId nodeNamed(const Trace& trace, std::string_view name);
/// "missing-capture 1: nid_4_tid_2.dat" for each kind of defect that occurred.
std::vector<std::string> defectsOf(const Trace& trace);

} // namespace opscope::test
