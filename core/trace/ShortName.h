#pragma once

#include <string>
#include <string_view>

namespace opscope {

/// Without the wrappers that every slice of its kind begins with: "autograd::engine::evaluate_function: ", "nn.Module: ".
std::string_view unwrappedName(std::string_view name);
/// "void at::native::(anonymous namespace)::cunn_SoftMaxForward<...>(...)" -> "cunn_SoftMaxForward";
/// "autograd::engine::evaluate_function: X" -> "X"; "nn.Module: Linear_0" -> "Linear_0"; other Python frames stay whole.
/// A part of `name`, so no copy.
std::string_view shortNameView(std::string_view name);
/// The same, linker names ("_ZN...") made readable first.
std::string shortName(std::string_view name);

} // namespace opscope
