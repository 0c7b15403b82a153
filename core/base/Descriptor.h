#pragma once

#include <unistd.h>
#include <utility>

namespace opscope {

/// A descriptor of the system that is closed at the end. Negative: none.
class Descriptor
{
public:
    explicit Descriptor(int value = -1) : m_value(value) {}
    Descriptor(Descriptor&& other) noexcept : m_value(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(m_value, other.m_value);
        return *this;
    }
    ~Descriptor()
    {
        if (m_value >= 0) ::close(m_value);
    }
    int get() const { return m_value; }
    explicit operator bool() const { return m_value >= 0; }
    int release() { return std::exchange(m_value, -1); }

private:
    int m_value;
};

} // namespace opscope
