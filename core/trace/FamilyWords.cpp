#include "core/trace/FamilyWords.h"

#include <array>

namespace opscope {
namespace {

constexpr FamilyWord any(Family family, std::string_view word) { return {family, WordPlace::Anywhere, word}; }
constexpr FamilyWord alone(Family family, std::string_view word) { return {family, WordPlace::Alone, word}; }

// Order matters: "addmm" must meet `mm` words before `add`, "nccl…AllReduce" must meet nccl before `reduce`, and a cuDNN
// convolution with "nchwToNhwc" in its name is a transposition, not a convolution.
constexpr std::array kWords{
    // look-alikes: words of the lists below inside words that mean something else
    any(Family::Elementwise, "aten::normal"), any(Family::Other, "upsample"), any(Family::Other, "interpolate"),
    any(Family::Memory, "convert"),

    any(Family::Communication, "nccl"), any(Family::Communication, "rccl"), any(Family::Communication, "c10d"),
    any(Family::Communication, "record_param_comms"), any(Family::Communication, "all_reduce"),
    any(Family::Communication, "allreduce"), any(Family::Communication, "all_gather"),
    any(Family::Communication, "allgather"), any(Family::Communication, "reduce_scatter"),
    any(Family::Communication, "reducescatter"), any(Family::Communication, "all_to_all"),
    any(Family::Communication, "alltoall"), any(Family::Communication, "gloo"),

    any(Family::Memory, "memcpy"), any(Family::Memory, "memset"), any(Family::Memory, "copy"), any(Family::Memory, "clone"),
    any(Family::Memory, "contiguous"), any(Family::Memory, "nchwtonhwc"), any(Family::Memory, "nhwctonchw"),
    any(Family::Memory, "index_select"), any(Family::Memory, "embedding"), any(Family::Memory, "catarray"),
    any(Family::Memory, "transpose"), any(Family::Memory, "pin_memory"),
    alone(Family::Memory, "cat"), alone(Family::Memory, "to"), alone(Family::Memory, "fill"), alone(Family::Memory, "zero"),
    alone(Family::Memory, "zeros"), alone(Family::Memory, "zeros_like"), alone(Family::Memory, "empty"),
    alone(Family::Memory, "empty_like"), alone(Family::Memory, "empty_strided"), alone(Family::Memory, "resize"),
    alone(Family::Memory, "stack"), alone(Family::Memory, "ones"), alone(Family::Memory, "full"),

    any(Family::Attention, "flash"), any(Family::Attention, "fmha"), any(Family::Attention, "attention"),
    any(Family::Attention, "sdpa"),

    any(Family::Reduction, "reduce"), any(Family::Reduction, "norm"), any(Family::Reduction, "softmax"),
    any(Family::Reduction, "pool"), any(Family::Reduction, "bn_"), any(Family::Reduction, "argmax"),
    any(Family::Reduction, "cumsum"), any(Family::Reduction, "nll_loss"), any(Family::Reduction, "cross_entropy"),
    alone(Family::Reduction, "sum"), alone(Family::Reduction, "mean"), alone(Family::Reduction, "max"),
    alone(Family::Reduction, "min"), alone(Family::Reduction, "topk"), alone(Family::Reduction, "sort"),

    any(Family::Matmul, "gemm"), any(Family::Matmul, "gemv"), any(Family::Matmul, "conv"), any(Family::Matmul, "dgrad"),
    any(Family::Matmul, "wgrad"), any(Family::Matmul, "fprop"), any(Family::Matmul, "addmm"),
    any(Family::Matmul, "linear"), any(Family::Matmul, "matmul"), any(Family::Matmul, "xmma"),
    any(Family::Matmul, "winograd"), any(Family::Matmul, "nvjet"), any(Family::Matmul, "einsum"),
    any(Family::Matmul, "cijk_"), // rocBLAS Tensile kernels
    alone(Family::Matmul, "bmm"), alone(Family::Matmul, "mm"), alone(Family::Matmul, "baddbmm"),

    any(Family::Elementwise, "elementwise"), any(Family::Elementwise, "pointwise"), any(Family::Elementwise, "relu"),
    any(Family::Elementwise, "gelu"), any(Family::Elementwise, "silu"), any(Family::Elementwise, "sigmoid"),
    any(Family::Elementwise, "tanh"), any(Family::Elementwise, "threshold"), any(Family::Elementwise, "foreach"),
    any(Family::Elementwise, "dropout"), any(Family::Elementwise, "multi_tensor_apply"),
    any(Family::Elementwise, "addcmul"), any(Family::Elementwise, "addcdiv"), any(Family::Elementwise, "rsqrt"),
    any(Family::Elementwise, "triton_poi"),
    alone(Family::Elementwise, "add"), alone(Family::Elementwise, "mul"), alone(Family::Elementwise, "div"),
    alone(Family::Elementwise, "sub"), alone(Family::Elementwise, "rsub"), alone(Family::Elementwise, "neg"),
    alone(Family::Elementwise, "pow"), alone(Family::Elementwise, "exp"), alone(Family::Elementwise, "sqrt"),
    alone(Family::Elementwise, "where"), alone(Family::Elementwise, "lerp"),
};

constexpr bool isLetter(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool endsWith(std::string_view text, std::string_view tail)
{
    return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// "aten::add", "aten::add_", "aten::_to", "aten::add.Tensor"; "addfunctor"; "functor_add"; "mulbackward0".
bool standsAlone(std::string_view before, std::string_view after)
{
    const bool wordStarts = before.empty() || !(isLetter(before.back()) || isDigit(before.back()));
    if (endsWith(before, "aten::") || endsWith(before, "aten::_")) {
        if (!after.empty() && after.front() == '_') after.remove_prefix(1); // in place
        return after.empty() || !(isLetter(after.front()) || isDigit(after.front()) || after.front() == '_');
    }
    if (after.starts_with("functor") || after.starts_with("_functor")) return true;
    if (after.starts_with("backward")) return wordStarts;
    return endsWith(before, "functor_") && (after.empty() || !isLetter(after.front()));
}

} // namespace

std::span<const FamilyWord> familyWords() { return kWords; }

bool matches(std::string_view name, const FamilyWord& word)
{
    for (std::size_t at = name.find(word.word); at != std::string_view::npos; at = name.find(word.word, at + 1)) {
        if (word.match == WordPlace::Anywhere) return true;
        if (standsAlone(name.substr(0, at), name.substr(at + word.word.size()))) return true;
    }
    return false;
}

} // namespace opscope
