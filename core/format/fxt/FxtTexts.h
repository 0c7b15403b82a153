#pragma once

#include "core/io/Redactor.h"
#include "core/trace/Trace.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace opscope {

/// Texts of a trace on their way into a file, with what is private replaced; each different one is looked at once.
class FxtTexts
{
public:
    FxtTexts(const Trace& trace, const Redactor* redactor) : m_trace(trace), m_redactor(redactor) {}

    std::string_view operator()(StringId id)
    {
        if (!m_redactor || !id.valid()) return m_trace.text(id);
        const auto [it, isNew] = m_known.try_emplace(id.value);
        if (isNew) it->second.replaced = m_redactor->applyToText(m_trace.text(id), {}, it->second.text);
        m_replaced += it->second.replaced;
        return it->second.replaced ? std::string_view(it->second.text) : m_trace.text(id);
    }
    /// One that comes once.
    std::string operator()(std::string_view text)
    {
        std::string out;
        if (m_redactor) m_replaced += m_redactor->applyToText(text, {}, out);
        else out = text;
        return out;
    }
    std::uint64_t replaced() const { return m_replaced; }

private:
    struct Known
    {
        std::string text;
        bool replaced = false;
    };
    const Trace& m_trace;
    const Redactor* m_redactor;
    std::unordered_map<std::uint32_t, Known> m_known;
    std::uint64_t m_replaced = 0;
};

} // namespace opscope
