#include "core/trace/TensorDesc.h"

#include <algorithm>
#include <array>
#include <utility>

namespace opscope {

namespace {

// C++ type names as PyTorch prints them (execution-trace.md section 5.2), both spellings of the integers, and the names of
// c10::ScalarType that node attributes use. 64-bit Linux: long has 64 bits.
constexpr std::array<std::pair<std::string_view, std::string_view>, 52> kShort = {{
    {"float", "f32"},
    {"Float", "f32"},
    {"double", "f64"},
    {"Double", "f64"},
    {"long", "i64"},
    {"long int", "i64"},
    {"long long", "i64"},
    {"long long int", "i64"},
    {"Long", "i64"},
    {"int", "i32"},
    {"Int", "i32"},
    {"short", "i16"},
    {"short int", "i16"},
    {"Short", "i16"},
    {"signed char", "i8"},
    {"char", "i8"},
    {"Char", "i8"},
    {"unsigned char", "u8"},
    {"Byte", "u8"},
    {"unsigned short", "u16"},
    {"short unsigned int", "u16"},
    {"UInt16", "u16"},
    {"unsigned int", "u32"},
    {"UInt32", "u32"},
    {"unsigned long", "u64"},
    {"long unsigned int", "u64"},
    {"UInt64", "u64"},
    {"bool", "bool"},
    {"Bool", "bool"},
    {"c10::Half", "f16"},
    {"Half", "f16"},
    {"c10::BFloat16", "bf16"},
    {"BFloat16", "bf16"},
    {"c10::complex<c10::Half>", "c32"},
    {"c10::complex<float>", "c64"},
    {"c10::complex<double>", "c128"},
    {"ComplexHalf", "c32"},
    {"ComplexFloat", "c64"},
    {"ComplexDouble", "c128"},
    {"c10::Float8_e4m3fn", "f8e4m3"},
    {"Float8_e4m3fn", "f8e4m3"},
    {"c10::Float8_e5m2", "f8e5m2"},
    {"Float8_e5m2", "f8e5m2"},
    {"c10::Float8_e4m3fnuz", "f8e4m3z"},
    {"Float8_e4m3fnuz", "f8e4m3z"},
    {"c10::Float8_e5m2fnuz", "f8e5m2z"},
    {"Float8_e5m2fnuz", "f8e5m2z"},
    {"c10::quint8", "qu8"},
    {"c10::qint8", "qi8"},
    {"c10::qint32", "qi32"},
    {"QUInt8", "qu8"},
    {"nullptr (uninitialized)", "undefined"},
}};

} // namespace

std::string_view shortDtype(std::string_view name)
{
    const auto* found = std::find_if(kShort.begin(), kShort.end(), [&](const auto& row) { return row.first == name; });
    return found == kShort.end() ? name : found->second;
}

} // namespace opscope
