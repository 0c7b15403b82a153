#include "tests/support/FxtWords.h"

#include <bit>

namespace opscope::test {

namespace {

std::string bytesOf(std::initializer_list<std::uint64_t> all)
{
    std::string out;
    for (const std::uint64_t word : all)
        for (unsigned byte = 0; byte < 8; ++byte) out += static_cast<char>(word >> (8 * byte) & 0xFF);
    return out;
}

std::string padded(std::string_view text)
{
    std::string out(text);
    out.resize((text.size() + 7) / 8 * 8, '\0');
    return out;
}

std::uint64_t reference(std::string_view inlined) { return inlined.empty() ? 0 : 0x8000 | inlined.size(); }

std::string joined(const FxtWords::Arguments& arguments)
{
    std::string out;
    for (const std::string& argument : arguments) out += argument;
    return out;
}

/// A header with the size of what follows.
std::string record(std::uint64_t header, const std::string& body) { return bytesOf({header | (1 + body.size() / 8) << 4}) + body; }

} // namespace

FxtWords& FxtWords::words(std::initializer_list<std::uint64_t> all) { return raw(bytesOf(all)); }

FxtWords& FxtWords::raw(std::string_view bytes)
{
    m_bytes += bytes;
    return *this;
}

FxtWords& FxtWords::provider(std::uint32_t id, std::string_view name)
{
    return raw(record(1 << 16 | std::uint64_t{id} << 20 | std::uint64_t{name.size()} << 52, padded(name)));
}

FxtWords& FxtWords::section(std::uint32_t id) { return raw(record(2 << 16 | std::uint64_t{id} << 20, "")); }
FxtWords& FxtWords::clock(std::uint64_t rate) { return raw(record(1, bytesOf({rate}))); }

FxtWords& FxtWords::clock(std::uint64_t rate, std::uint64_t baseTicks, std::int64_t baseTime)
{
    return raw(record(1, bytesOf({rate, baseTicks, static_cast<std::uint64_t>(baseTime)})));
}

FxtWords& FxtWords::string(std::uint32_t index, std::string_view text)
{
    return raw(record(2 | std::uint64_t{index} << 16 | std::uint64_t{text.size()} << 32, padded(text)));
}

FxtWords& FxtWords::thread(std::uint8_t index, std::uint64_t process, std::uint64_t thread)
{
    return raw(record(3 | std::uint64_t{index} << 16, bytesOf({process, thread})));
}

FxtWords& FxtWords::kernelObject(std::uint8_t type, std::uint64_t koid, std::string_view name, const Arguments& arguments)
{
    const std::uint64_t header = 7 | std::uint64_t{type} << 16 | reference(name) << 24 | std::uint64_t{arguments.size()} << 40;
    return raw(record(header, bytesOf({koid}) + padded(name) + joined(arguments)));
}

FxtWords& FxtWords::userObject(std::uint8_t thread, std::uint64_t pointer, std::string_view name)
{
    return raw(record(6 | std::uint64_t{thread} << 16 | reference(name) << 24, bytesOf({pointer}) + padded(name)));
}

FxtWords& FxtWords::event(std::uint8_t type, std::uint8_t thread, std::string_view category, std::string_view name, std::uint64_t ticks,
                          const Arguments& arguments, std::uint64_t tail)
{
    const std::uint64_t header = 4 | std::uint64_t{type} << 16 | std::uint64_t{arguments.size()} << 20 | std::uint64_t{thread} << 24 |
                                 reference(category) << 32 | reference(name) << 48;
    const bool hasTail = type == 1 || (type >= 4 && type <= 10);
    return raw(record(header, bytesOf({ticks}) + padded(category) + padded(name) + joined(arguments) + (hasTail ? bytesOf({tail}) : "")));
}

FxtWords& FxtWords::indexed(std::uint8_t type, std::uint8_t thread, std::uint16_t category, std::uint16_t name, std::uint64_t ticks)
{
    return raw(record(4 | std::uint64_t{type} << 16 | std::uint64_t{thread} << 24 | std::uint64_t{category} << 32 | std::uint64_t{name} << 48, bytesOf({ticks})));
}

FxtWords& FxtWords::contextSwitch(std::uint16_t cpu, std::uint64_t ticks, std::uint64_t outgoing, std::uint8_t state, std::uint64_t incoming,
                                  const Arguments& arguments)
{
    const std::uint64_t header = 8 | std::uint64_t{arguments.size()} << 16 | std::uint64_t{cpu} << 20 | std::uint64_t{state} << 36 | std::uint64_t{1} << 60;
    return raw(record(header, bytesOf({ticks, outgoing, incoming}) + joined(arguments)));
}

FxtWords& FxtWords::wakeup(std::uint16_t cpu, std::uint64_t ticks, std::uint64_t thread, const Arguments& arguments)
{
    const std::uint64_t header = 8 | std::uint64_t{arguments.size()} << 16 | std::uint64_t{cpu} << 20 | std::uint64_t{2} << 60;
    return raw(record(header, bytesOf({ticks, thread}) + joined(arguments)));
}

FxtWords& FxtWords::log(std::uint8_t thread, std::uint64_t ticks, std::string_view message)
{
    return raw(record(9 | std::uint64_t{message.size()} << 16 | std::uint64_t{thread} << 32, bytesOf({ticks}) + padded(message)));
}

FxtWords& FxtWords::blob(std::string_view name, std::uint8_t type, std::string_view payload)
{
    const std::uint64_t header = 5 | reference(name) << 16 | std::uint64_t{payload.size()} << 32 | std::uint64_t{type} << 48;
    return raw(record(header, padded(name) + padded(payload)));
}

FxtWords& FxtWords::largeBlob(std::string_view category, std::string_view name, std::uint8_t thread, std::uint64_t ticks, std::string_view payload)
{
    const std::string body = bytesOf({reference(category) | reference(name) << 16 | std::uint64_t{thread} << 36}) + padded(category) + padded(name) +
                             bytesOf({ticks, payload.size()}) + padded(payload);
    return raw(record(15, body));
}

std::string FxtWords::arg32(std::string_view name, std::uint8_t type, std::int64_t upper)
{
    return record(type | reference(name) << 16 | static_cast<std::uint64_t>(upper) << 32, padded(name));
}

std::string FxtWords::arg64(std::string_view name, std::uint8_t type, std::uint64_t word)
{
    return record(type | reference(name) << 16, padded(name) + bytesOf({word}));
}

std::string FxtWords::argReal(std::string_view name, double value) { return arg64(name, 5, std::bit_cast<std::uint64_t>(value)); }

std::string FxtWords::argText(std::string_view name, std::string_view value)
{
    return record(6 | reference(name) << 16 | reference(value) << 32, padded(name) + padded(value));
}

std::string FxtWords::argBlob(std::string_view name, std::string_view payload)
{
    return record(10 | reference(name) << 16 | std::uint64_t{payload.size()} << 32, padded(name) + padded(payload));
}

} // namespace opscope::test
