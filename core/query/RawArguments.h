#pragma once

#include "core/format/JsonReader.h"
#include "core/query/NumberTest.h"
#include "core/query/RowTest.h"
#include "core/query/TextTest.h"

#include <span>
#include <string>
#include <vector>

namespace opscope {

/// `args.KEY`: what has no column is read back from the file, for all rows that the rest of the filter leaves open.
class RawArgumentTest final : public RowTest
{
public:
    RawArgumentTest(const Trace& trace, const FilterNode& comparison);

    bool ready() const { return m_ready; }
    bool slice(SliceId row) const override { return m_passed.slices.contains(row); }
    bool instant(InstantId row) const override { return m_passed.instants.contains(row); }
    bool sample(SampleId row) const override { return m_passed.samples.contains(row); }
    bool node(NodeId row) const override { return m_passed.nodes.contains(row); }

    /// An event or a node.
    bool passes(const JsonDocument& event) const;
    /// Of the JSON text of one. Quick, and right when it says no.
    bool mayPass(std::string_view json) const;

private:
    friend Status readRawArguments(const Trace&, const Matches&, std::span<RawArgumentTest* const>, const JobControl&);
    bool compare(std::string_view raw, bool isString, std::string_view text) const;

    std::vector<std::string> m_path;
    std::vector<std::string> m_needles;  ///< keys: an event without them need not be parsed
    TextTest m_text, m_compactText;
    RealTest m_real;
    NumberTest m_number;
    bool m_texts = false, m_numbers = false, m_present = false, m_differs = false, m_exact = true;
    Matches m_passed;
    bool m_ready = false;
};

/// Reads the events of `rows` once, in the order of the files, and asks each test. Errors: Cancelled, CannotRead.
Status readRawArguments(const Trace& trace, const Matches& rows, std::span<RawArgumentTest* const> tests, const JobControl& job);

} // namespace opscope
