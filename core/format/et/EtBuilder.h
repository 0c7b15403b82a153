#pragma once

#include "core/base/Diagnostics.h"
#include "core/base/StringPool.h"
#include "core/format/et/EtTensors.h"
#include "core/trace/ExecutionTrace.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace opscope {

/// Collects nodes in the order of the file and makes the tree of them: rows sorted by id, children as ranges. What the
/// file leaves out is made (a root, scopes that never ended), what cannot be (a parent younger than its child) is cut
/// and noted. Holds rows only: about 110 bytes a node and 60 a tensor, plus 40 a node while the tree is made.
class EtBuilder
{
public:
    enum class LinkKey : std::uint8_t { None, CtrlDeps, Parent };

    explicit EtBuilder(Diagnostics& diagnostics);

    StringPool& strings() { return m_strings; }
    EtFile& file() { return m_trace->m_files.front(); }
    EtStats& stats() { return m_stats; }
    et::TensorReader& tensorReader() { return m_tensorReader; }
    std::size_t nodes() const { return m_trace->m_nodes.size(); }

    /// Whether there is any node beside those of processes and threads.
    bool hasEvents() const { return m_hasEvents; }
    /// Id and parents as tokens of the file: what equals what is decided by the values, whatever their types.
    void add(EtNode node, const et::RawNode& raw);
    /// Builds the tree; the builder is empty then.
    std::unique_ptr<ExecutionTrace> finish();
    StringPool takeStrings() { return std::move(m_strings); }

private:
    using Key = std::int64_t; // an id; what is no whole number gets a key of its own
    struct Link
    {
        Key target = 0;
        std::uint32_t row = 0; // in the order of the file
        LinkKey key = LinkKey::None;
    };
    struct Place
    {
        Key key = 0;
        std::uint32_t row = 0;
    };
    static bool earlier(const Place& a, const Place& b) { return a.key != b.key ? a.key < b.key : a.row < b.row; }
    static constexpr std::uint32_t kNoRow = 0xFFFFFFFFu;

    bool keyOf(std::string_view token, Key& key);
    void addLinks(std::string_view token, LinkKey key, std::uint32_t row);
    void countNode(const EtNode& node, const et::RawNode& raw);

    void indexKeys();
    /// Position in m_index of the first node with this key; kNoRow when there is none.
    std::uint32_t find(Key key) const;
    void countLinks();
    void countDepths(const std::vector<std::uint32_t>& parents);
    void countDistinct();
    void numberOddIds();

    void findSpecialNodes();
    void makeRoot();
    void chooseLinks();
    void makeStandIns();
    std::uint32_t addSynthetic(std::int64_t id, std::string_view name, std::uint32_t tid);
    void sortRows();
    void linkParents();
    NodeId parentOf(std::uint32_t row, const Link* link);
    /// Where a node belongs whose parent cannot be used.
    NodeId threadOf(std::uint32_t row) const;
    void layOutChildren();

    Diagnostics& m_diagnostics;
    StringPool m_strings;
    EtStats m_stats;
    std::unique_ptr<ExecutionTrace> m_trace;
    et::TensorReader m_tensorReader;
    std::vector<Key> m_keys;   // per row of the file
    std::vector<Link> m_links; // in the order of the file; several a node only for arrays
    std::unordered_map<std::string, Key> m_oddKeys;
    std::vector<std::uint32_t> m_chosenLink;           // per row of the file: the link that makes the tree
    std::vector<Place> m_index;                        // one a distinct key, sorted by key: its first row
    std::vector<std::uint32_t> m_order, m_rank;        // sorted row -> row of the file, and back
    std::unordered_map<Key, std::uint32_t> m_standIns; // missing parent -> row of the file of its stand-in
    std::vector<std::uint32_t> m_threads;              // rows of thread nodes, by (tid, row)
    std::uint32_t m_root = kNoRow;
    bool m_hasEvents = false;
};

} // namespace opscope
