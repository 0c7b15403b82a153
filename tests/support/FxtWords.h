#pragma once

#include "core/format/fxt/FxtRecords.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::test {

/// An .fxt by hand, record after record, also such as no writer would make. Shares no code with FxtWriter. Begins with the magic number.
/// Names are written inline unless they are numbers of registered ones.
class FxtWords
{
public:
    using Arguments = std::vector<std::string>;

    FxtWords() { magic(); }
    const std::string& bytes() const { return m_bytes; }

    FxtWords& words(std::initializer_list<std::uint64_t> all);
    FxtWords& raw(std::string_view bytes);
    FxtWords& magic() { return words({fxt::kMagic}); }
    /// Info record; it is current from here on.
    FxtWords& provider(std::uint32_t id, std::string_view name);
    FxtWords& section(std::uint32_t id);
    FxtWords& clock(std::uint64_t ticksPerSecond);
    FxtWords& clock(std::uint64_t ticksPerSecond, std::uint64_t baseTicks, std::int64_t baseTime);
    FxtWords& string(std::uint32_t index, std::string_view text);
    FxtWords& thread(std::uint8_t index, std::uint64_t process, std::uint64_t thread);
    FxtWords& kernelObject(std::uint8_t type, std::uint64_t koid, std::string_view name, const Arguments& arguments = {});
    FxtWords& userObject(std::uint8_t thread, std::uint64_t pointer, std::string_view name);
    /// `tail` is written for the types that have one.
    FxtWords& event(std::uint8_t type, std::uint8_t thread, std::string_view category, std::string_view name, std::uint64_t ticks,
                    const Arguments& arguments = {}, std::uint64_t tail = 0);
    FxtWords& indexed(std::uint8_t type, std::uint8_t thread, std::uint16_t category, std::uint16_t name, std::uint64_t ticks);
    FxtWords& contextSwitch(std::uint16_t cpu, std::uint64_t ticks, std::uint64_t outgoing, std::uint8_t state, std::uint64_t incoming,
                            const Arguments& arguments = {});
    FxtWords& wakeup(std::uint16_t cpu, std::uint64_t ticks, std::uint64_t thread, const Arguments& arguments = {});
    FxtWords& log(std::uint8_t thread, std::uint64_t ticks, std::string_view message);
    FxtWords& blob(std::string_view name, std::uint8_t type, std::string_view payload);
    FxtWords& largeBlob(std::string_view category, std::string_view name, std::uint8_t thread, std::uint64_t ticks, std::string_view payload);

    static std::string arg(std::string_view name, std::uint8_t type) { return arg32(name, type, 0); }
    static std::string arg32(std::string_view name, std::uint8_t type, std::int64_t upper);
    static std::string arg64(std::string_view name, std::uint8_t type, std::uint64_t word);
    static std::string argReal(std::string_view name, double value);
    static std::string argText(std::string_view name, std::string_view value);
    static std::string argBlob(std::string_view name, std::string_view payload);

private:
    std::string m_bytes;
};

} // namespace opscope::test
