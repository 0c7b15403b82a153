#pragma once

#include "core/query/Filter.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace opscope {

enum class FieldId : std::uint8_t {
    Name, Short, Category, Family, Type, Series, Value,
    Track, Process, Pid, Tid, Stream, Device, Rank, File,
    Time, Start, End, Duration, Self, Depth,
    Bytes, Correlation, ExternalId, Sequence, RfId, EventIndex, FwTid,
    Argument,                                  ///< args.KEY
    TensorDtype, TensorShape, TensorRank, TensorDim, TensorStrides, TensorElements, TensorBytes, TensorDevice,
    Id, Parent, OpSchema, KernelBackend, KernelFile, ProcessGroup, Collective, Scope
};

/// What a field is compared as.
enum class FieldType : std::uint8_t {
    Text,
    Word,       ///< text of a fixed list
    Number,     ///< whole
    Real,
    Key,        ///< a number or a text, as the file has it
    Duration,   ///< ns, with unit
    Moment,     ///< ns since the first event
    Stretch,    ///< `time`: in A..B only
    Size,       ///< bytes, with unit
    Raw,        ///< whatever the argument is
    Shape       ///< text: a list of numbers, blanks do not count
};

enum class TensorSide : std::uint8_t { Input, Output };

/// A field with what stands in brackets or behind dots.
struct FilterFieldRef
{
    FieldId id = FieldId::Name;
    TensorSide side = TensorSide::Input;
    std::int32_t tensor = kAny;               ///< input[2]; kAny: input[*]
    std::int32_t dim = 0;                     ///< dim[-1]; kAny: dim[*]
    std::vector<std::string> path;            ///< args.KEY.KEY
    static constexpr std::int32_t kAny = INT32_MIN;
    friend bool operator==(const FilterFieldRef&, const FilterFieldRef&) = default;
};

/// Functions of another filter: what a row is to the rows that it matches.
enum class FilterLink : std::uint8_t {
    LaunchedBy, LaunchedIn, Launches, Inside, Contains, ChildOf, ParentOf, ForwardOf, BackwardOf, LinkedTo
};

/// One row of THE LIST.
struct FieldInfo
{
    FieldId id;
    FieldType type;
    FilterField help;                          ///< name, type and so on for people
    std::span<const std::string_view> aliases; ///< other spellings, those of files among them: "External id"
    std::span<const std::string_view> words;   ///< FieldType::Word: what it may be
};
struct LinkInfo
{
    FilterLink id;
    FilterField help;
};
/// Fields without brackets or dots, in the order of help. Those of tensors are a list of their own.
std::span<const FieldInfo> plainFields();
std::span<const FieldInfo> tensorFields();     ///< "dtype", "dim" ... behind input[i].
const FieldInfo& rawField();                   ///< args.KEY
std::span<const LinkInfo> linkFunctions();

const FieldInfo& info(FieldId id);
std::string_view name(FilterLink link);
/// Case does not matter, nor whether "External id" is written with a blank or as external_id. Null when there is none.
const FieldInfo* plainField(std::string_view text);
const FieldInfo* tensorField(std::string_view text);
const LinkInfo* linkFunction(std::string_view text);
/// "dur", "input[0].dim[-1]", "args.\"a b\"": as the language writes it.
std::string text(const FilterFieldRef& field);
/// The known name that is nearest to a misspelt one, "" when none is near.
std::string nearestName(std::string_view text, bool tensor);

} // namespace opscope
