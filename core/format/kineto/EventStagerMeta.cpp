#include "core/format/kineto/EventStager.h"

#include "core/format/kineto/JsonText.h"

// Metadata: names, labels and places of processes and threads.

namespace opscope::kineto {

void EventStager::stageMeta(StringId named)
{
    const RawEvent& e = *m_event;
    const std::string_view what = m_tables.strings.view(named);
    MetaKind kind = MetaKind::Other;
    std::string_view wanted;
    if (what == "process_name")
        kind = MetaKind::ProcessName, wanted = "name";
    else if (what == "thread_name")
        kind = MetaKind::ThreadName, wanted = "name";
    else if (what == "process_labels")
        kind = MetaKind::ProcessLabels, wanted = "labels";
    else if (what == "process_sort_index")
        kind = MetaKind::ProcessSortIndex, wanted = "sort_index";
    else if (what == "thread_sort_index")
        kind = MetaKind::ThreadSortIndex, wanted = "sort_index";
    StagedMeta row{key(Key::Pid), key(Key::Tid), kind, StringId(), 0, e.offset};
    bool found = false;
    if (kind != MetaKind::Other && !e.args.empty() && isAlreadyKept(row, StringPool::hash(e.args)))
        return;
    if (kind != MetaKind::Other && !e.args.empty())
        forEachMember(e.args, [&](const Scalar& name, const Scalar& scalar) {
            if (name.view() != wanted)
                return;
            found = true;
            row.text = scalar.form == Form::String ? text(scalar) : rawText(scalar.view(), kLongestText);
            wholeNumber(scalar, row.number);
        });
    if (!found) {
        row.kind = MetaKind::Other;
        row.text = named;
        row.number = static_cast<std::int64_t>(StringPool::hash(e.args));
        if (isAlreadyKept(row, 0))
            return;
    }
    m_part->meta.push_back(row);
}

/// Some writers repeat the same few lines 62,110 times: what says the same as the last one of its lane is not kept again, but moves
/// to where it stands now. `args`: hash of what an interpreted one says; of the others each text counts for itself.
bool EventStager::isAlreadyKept(const StagedMeta& meta, std::uint64_t args)
{
    std::uint64_t lane = mixed(hashOf(meta.pid, meta.tid), static_cast<std::uint64_t>(meta.kind));
    if (meta.kind == MetaKind::Other)
        lane = mixed(mixed(lane, meta.text.value), static_cast<std::uint64_t>(meta.number));
    auto [at, isNew] = m_metaSeen.try_emplace(lane, LastMeta{args, m_part->meta.size()});
    if (!isNew && at->second.value == args) {
        m_part->meta[at->second.row].offset = meta.offset;
        return true;
    }
    at->second = {args, m_part->meta.size()};
    return false;
}

} // namespace opscope::kineto
