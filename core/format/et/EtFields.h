#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace opscope::et {

/// One side of a node: four parallel arrays, as written.
struct RawSide
{
    std::string_view values, shapes, types, strides;
};

/// The fields of one node as the file writes them (values as tokens, "" where the key is absent), whatever the schema
/// version: attrs win over members of the node itself, as later writers moved them there.
struct RawNode
{
    std::string_view id, name, ctrlDeps, parent;
    std::string_view rfId, fwParent, seqId, scope, tid, fwTid, opSchema, kernelBackend, kernelFile, tensorRange;
    std::string_view collective, processGroup; ///< from attrs only
    std::string_view linkedProcessGroup;       ///< "pg_name" of the node itself: GPU nodes of a linked host trace
    RawSide inputs, outputs;
};

/// Takes one node object apart. False when the punctuation is not that of JSON, or when it is no object.
bool readFields(std::string_view object, RawNode& out);

/// The token of an id as valid JSON: numbers and strings stay what they are, anything else is null.
std::string idAsJson(std::string_view token);

/// A node that readFields() refused, as plain JSON again. `text` begins with the node; where it may go on behind it, a
/// name that was not escaped ends at the first place where it can end, else at the last.
enum class Reach : std::uint8_t { OneNode, Further };
struct Repair
{
    std::string json;           ///< empty: nothing can be made of it
    std::size_t consumed = 0;   ///< bytes of `text` up to the end of the node
    std::uint32_t forgiven = 0; ///< JsonDocument::Forgiven
    bool nameQuoted = false;    ///< the name was taken up to the last quote in front of the next key
};
Repair repair(std::string_view text, Reach reach);

} // namespace opscope::et
