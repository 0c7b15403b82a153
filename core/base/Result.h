#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace opscope {

enum class ErrorCode {
    CannotOpen,   ///< missing, not readable, a folder
    CannotRead,   ///< the system refused in the middle
    Empty,        ///< nothing inside
    NotATrace,    ///< readable, but something else; the message says what
    Malformed,    ///< the right kind of file, but nothing of it can be used
    Unsupported,  ///< recognised, and not read by this version
    TooLarge,     ///< more than our row numbers can hold, or an absurd claim
    CannotWrite,
    Cancelled,    ///< the user asked; not shown as an error
    Usage         ///< what the caller asked for makes no sense
};

/// Why something cannot go on: one plain sentence for the user, the place when there is one.
struct Error
{
    ErrorCode code = ErrorCode::Malformed;
    std::string message;                     ///< one sentence, no control characters
    std::optional<std::uint64_t> byteOffset; ///< in the (unpacked) file

    /// "resnet.json: traceEvents is not an array (byte 17)"
    std::string text() const
    {
        return byteOffset ? message + " (byte " + std::to_string(*byteOffset) + ")" : message;
    }
    /// The same error with its place in front: error.in("resnet.json").
    Error in(std::string_view place) const
    {
        Error copy = *this;
        copy.message = std::string(place) + ": " + copy.message;
        return copy;
    }
};

/// A value or the reason why there is none (C++23's std::expected, which Debian 12 does not have).
template <class T>
class [[nodiscard]] Result
{
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }
    T& value() & { assert(ok()); return std::get<0>(m_state); }
    const T& value() const& { assert(ok()); return std::get<0>(m_state); }
    T&& value() && { assert(ok()); return std::get<0>(std::move(m_state)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { assert(!ok()); return std::get<1>(m_state); }

private:
    std::variant<T, Error> m_state;
};

struct Done {};
using Status = Result<Done>;

} // namespace opscope
