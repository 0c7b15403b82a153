#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <charconv>
#include <concepts>
#include <iosfwd>
#include <string>
#include <string_view>

namespace opscope {

/// Words and numbers of the text forms of a trace, as a piece of text that grows. Harmless on a terminal whatever the file holds.
class RowText
{
public:
    RowText& raw(std::string_view text)
    {
        m_text += text;
        return *this;
    }
    template <std::integral T>
    RowText& number(T value)
    {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        return raw({digits, static_cast<std::size_t>(end - digits)});
    }
    RowText& number(double value) // the shortest text that reads back as the same number
    {
        char digits[40];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        return raw({digits, static_cast<std::size_t>(end - digits)});
    }
    /// In quotes, on one line.
    RowText& quoted(std::string_view text);
    template <class T>
    RowText& field(std::string_view key, T value)
    {
        return raw(" ").raw(key).raw("=").number(value);
    }
    RowText& textField(std::string_view key, std::string_view text) { return raw(" ").raw(key).raw("=").quoted(text); }
    RowText& textField(std::string_view key, const Trace& trace, StringId id) { return id.valid() ? textField(key, trace.text(id)) : *this; }
    /// A pid or tid as the file has it; nothing when it has none.
    RowText& keyField(std::string_view name, const Trace& trace, const TrackKey& key);
    /// The columns of a slice that came from its args, shapes as texts.
    RowText& arguments(const Trace& trace, SliceId slice);
    RowText& tensor(const Trace& trace, const TensorDesc& tensor);
    /// The name of a node and what the file says of it, ids of rows left out.
    RowText& nodeFields(const Trace& trace, const EtNode& node);

    const std::string& text() const { return m_text; }
    void clear() { m_text.clear(); }

protected:
    std::string m_text;
};

/// The same, one line after the other, written out in large pieces.
class Lines : public RowText
{
public:
    Lines(std::ostream& out, const JobControl& job) : m_out(out), m_job(job) { m_text.reserve(kFlushAt + 4096); }
    /// Ends the line. False when there is no point in going on.
    bool end()
    {
        m_text += '\n';
        return m_text.size() < kFlushAt || flush();
    }
    bool flush();

private:
    static constexpr std::size_t kFlushAt = 256 * 1024;
    std::ostream& m_out;
    const JobControl& m_job;
};

} // namespace opscope
