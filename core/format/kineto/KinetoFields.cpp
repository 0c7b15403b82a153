#include "core/format/kineto/KinetoFields.h"

#include <array>
#include <utility>

namespace opscope::kineto {
namespace {

constexpr Key fieldKey(ArgField field)
{
    return static_cast<Key>(static_cast<std::uint8_t>(Key::FirstField) + static_cast<std::uint8_t>(field));
}

using Row = std::pair<std::string_view, Key>;

constexpr std::array kEventKeys = {
    Row{"ph", Key::Ph},     Row{"cat", Key::Cat},   Row{"name", Key::Name}, Row{"pid", Key::Pid},
    Row{"tid", Key::Tid},   Row{"ts", Key::Ts},     Row{"dur", Key::Dur},   Row{"args", Key::Args},
    Row{"id", Key::Id},     Row{"id2", Key::Id2},   Row{"scope", Key::Scope}, Row{"bp", Key::BindPoint},
};

constexpr std::array kArgKeys = {
    Row{"correlation", fieldKey(ArgField::Correlation)},
    Row{"External id", fieldKey(ArgField::ExternalId)},
    Row{"external id", fieldKey(ArgField::ExternalId)}, // before 2022
    Row{"Record function id", fieldKey(ArgField::RecordFunctionId)},
    Row{"Sequence number", fieldKey(ArgField::SequenceNumber)},
    Row{"Fwd thread id", fieldKey(ArgField::FwdThreadId)},
    Row{"Ev Idx", fieldKey(ArgField::EventIndex)},
    Row{"Profiler Event Index", fieldKey(ArgField::EventIndex)}, // until 2022
    Row{"device", fieldKey(ArgField::Device)},
    Row{"stream", fieldKey(ArgField::Stream)},
    Row{"bytes", fieldKey(ArgField::Bytes)},
    Row{"Bytes", fieldKey(ArgField::Bytes)},
    Row{"wait_on_cuda_event_record_corr_id", fieldKey(ArgField::WaitCorrelation)},
    Row{"Input Dims", Key::InputDims},
    Row{"Input dims", Key::InputDims}, // before 2022
    Row{"Input type", Key::InputTypes},
    Row{"Input Strides", Key::InputStrides},
    Row{"finished", Key::Finished},
    Row{"Collective name", Key::CollectiveName},
};

// Written by other producers; of no use to us but to recognise an event.
constexpr std::array<std::string_view, 12> kFurtherKeys = {"s",  "tts",   "tdur",    "sf",  "cname",   "stack",
                                                           "esf", "estack", "bind_id", "use_async_tts", "flow_in", "flow_out"};

template <std::size_t N>
Key find(const std::array<Row, N>& rows, std::string_view key, Key otherwise)
{
    for (const Row& row : rows)
        if (row.first == key)
            return row.second;
    return otherwise;
}

} // namespace

Key eventKey(std::string_view key) { return find(kEventKeys, key, Key::Other); }
Key argKey(std::string_view key) { return find(kArgKeys, key, Key::ArgOther); }

std::string_view spelling(ArgField field)
{
    if (field == ArgField::Signature)
        return "Input Dims";
    for (const Row& row : kArgKeys)
        if (row.second == fieldKey(field))
            return row.first;
    return {};
}

bool looksLikeEventKey(std::string_view key)
{
    if (eventKey(key) != Key::Other)
        return true;
    for (std::string_view further : kFurtherKeys)
        if (further == key)
            return true;
    return false;
}

PhaseKind phaseKind(char phase)
{
    switch (phase) {
    case 'X': case 'B': case 'E':
        return PhaseKind::Slice;
    case 'i': case 'I': case 'R': case 'P': case 'c': case 'v': case 'V': case '(': case ')':
        return PhaseKind::Instant;
    case 's': case 't': case 'f': case 'b': case 'n': case 'e': case 'S': case 'T': case 'F': case 'p':
    case 'N': case 'O': case 'D':
        return PhaseKind::WithId;
    case 'C':
        return PhaseKind::Counter;
    case 'M':
        return PhaseKind::Metadata;
    default:
        return PhaseKind::Unknown;
    }
}

} // namespace opscope::kineto
