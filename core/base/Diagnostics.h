#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

enum class Severity : std::uint8_t { Note, Warning, Error };

/// Everything that can be wrong with a file and was worked around. Order is the order of the Problems panel.
/// One line each in Diagnostics.cpp: severity, id (stable, for JSON), title, what Opscope did.
enum class Defect : std::uint8_t {
    // the container
    CompressedDataCut, CompressedDataDamaged, TrailingBytes, FileCutOff, Utf16, InvalidUtf8, ControlCharacter, JsonSyntax,
    CommentsInJson, ArrayNotClosed, TrailingCommas, SecondDocument, DuplicateTopLevelKey,
    // events
    NotAnObject, DamagedEvent, MissingPhase, MissingName, MissingTime, BadTime, TimeOutOfRange, MissingDuration, BadDuration,
    NegativeDuration, NumberInString, NonFiniteNumber, DeepArguments, UnknownPhase, DuplicateKey, LongText,
    // pairing and nesting
    EndWithoutBegin, BeginWithoutEnd, EndNameDiffers, OverlappingSlices, AsyncWithoutPartner, FlowWithoutPartner, FlowWithoutId,
    UnfinishedScope, RenamedTrack, NamedButUnused,
    // execution traces
    UnknownSchema, DamagedNode, MissingParent, ParentCycle, DuplicateNodeId, MissingRoot, MissingNodeId, WrongNodeType, OrphanScope,
    TruncatedList, MissingFinishTime,
    // links and what belongs to an execution trace
    RepeatedCorrelation, WideId, ExternalIdNotUsed, ZeroRecordFunctionIds, OtherProcess, UnrelatedTraces, DanglingLink,
    StartsBeforeLaunch, CollectiveMismatch, ClockShifted, UnsafePath, MissingCapture, WrongSizeCapture, SurplusCapture,
    MissingKernelFile, CaptureOffset, ValuesOutOfRange,
    // records of .fxt
    RecordOfSizeZero, DamagedRecord, DamagedArgument, UnknownRecord, UnknownArgument, UnknownStringIndex, UnknownThreadIndex,
    UnknownProvider, ProviderBufferFull, ZeroTickRate, EndBeforeStart, CounterNotNumeric,
    // the trace as a whole
    NoEvents, ProducerMessage,
    Count_
};

struct DefectInfo
{
    Severity severity;
    std::string_view id;       ///< "negative-duration"
    std::string_view title;    ///< "Negative durations"
    std::string_view action;   ///< "Shown with length 0"
};
const DefectInfo& info(Defect defect);

/// One place where a defect was seen.
struct DefectPlace
{
    std::uint64_t offset = 0;       ///< byte in the (unpacked) source
    std::uint32_t source = 0;       ///< row of Trace::sources()
    std::string detail;             ///< short, may be empty: "expected ',' after a value"
};

/// Counted data defects: kind, count, first places. Never one object per event; cheap to note, easy to merge.
class Diagnostics
{
public:
    static constexpr std::size_t kPlacesKept = 16;

    void note(Defect defect, std::uint64_t offset, std::string_view detail = {});
    void note(Defect defect, std::uint64_t offset, std::uint64_t count, std::string_view detail);
    /// Adds what another one holds; its places get `source` and come behind ours, then the first by offset are kept.
    void merge(const Diagnostics& other, std::uint32_t source);

    std::uint64_t count(Defect defect) const { return m_entries[static_cast<std::size_t>(defect)].count; }
    const std::vector<DefectPlace>& places(Defect defect) const
    {
        return m_entries[static_cast<std::size_t>(defect)].places;
    }
    bool empty() const;
    /// Those that occurred, errors first, then warnings, then notes.
    std::vector<Defect> seen() const;
    std::uint64_t countOf(Severity severity) const; ///< kinds, not events

private:
    struct Entry
    {
        std::uint64_t count = 0;
        std::vector<DefectPlace> places;
    };
    std::array<Entry, static_cast<std::size_t>(Defect::Count_)> m_entries;
};

} // namespace opscope
