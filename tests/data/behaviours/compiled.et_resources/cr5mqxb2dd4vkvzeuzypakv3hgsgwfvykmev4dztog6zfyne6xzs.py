# AOT ID: ['0_backward']
from ctypes import c_void_p, c_long, c_int
import torch
import math
import random
import os
import tempfile
from math import inf, nan
from cmath import nanj
from torch._inductor.hooks import run_intermediate_hooks
from torch._inductor.utils import maybe_profile
from torch._inductor.codegen.memory_planning import _align as align
from torch import device, empty_strided
from torch._inductor.async_compile import AsyncCompile
from torch._inductor.select_algorithm import extern_kernels

aten = torch.ops.aten
inductor_ops = torch.ops.inductor
_quantized = torch.ops._quantized
assert_size_stride = torch._C._dynamo.guards.assert_size_stride
assert_alignment = torch._C._dynamo.guards.assert_alignment
empty_strided_cpu = torch._C._dynamo.guards._empty_strided_cpu
empty_strided_cpu_pinned = torch._C._dynamo.guards._empty_strided_cpu_pinned
empty_strided_cuda = torch._C._dynamo.guards._empty_strided_cuda
empty_strided_xpu = torch._C._dynamo.guards._empty_strided_xpu
empty_strided_mtia = torch._C._dynamo.guards._empty_strided_mtia
reinterpret_tensor = torch._C._dynamo.guards._reinterpret_tensor
alloc_from_pool = torch.ops.inductor._alloc_from_pool
async_compile = AsyncCompile()
empty_strided_p2p = torch._C._distributed_c10d._SymmetricMemory.empty_strided_p2p


cpp_fused_add_cos_mul_neg_permute_sin_0 = async_compile.cpp_pybinding(['const float*', 'const float*', 'const float*', 'float*'], r'''
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(const float* in_ptr0,
                       const float* in_ptr1,
                       const float* in_ptr2,
                       float* out_ptr0)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    {
        for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(8L); x0+=static_cast<int64_t>(16L))
        {
            for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(8L); x1+=static_cast<int64_t>(16L))
            {
                {
                    if(C10_LIKELY(x0 >= static_cast<int64_t>(0L) && x0 < static_cast<int64_t>(8L) && x1 >= static_cast<int64_t>(0L) && x1 < static_cast<int64_t>(8L)))
                    {
                        alignas(std::max(std::size_t(16), alignof(float))) float tmp3[16*16];
                        transpose_mxn<float,static_cast<int64_t>(8L),static_cast<int64_t>(8L),false>(in_ptr2 + static_cast<int64_t>(x0 + 8L*x1), static_cast<int64_t>(8L), tmp3, static_cast<int64_t>(8L));
                        transpose_mxn<float,static_cast<int64_t>(8L),static_cast<int64_t>(8L),false>(in_ptr2 + static_cast<int64_t>(x0 + 8L*x1), static_cast<int64_t>(8L), tmp3, static_cast<int64_t>(8L));
                        for (long x0_inner = 0; x0_inner < static_cast<int64_t>(8L); x0_inner++)
                        {
                            auto tmp0 = at::vec::Vectorized<float>::loadu(in_ptr0 + static_cast<int64_t>(x1 + 8L*x0 + 8L*x0_inner), static_cast<int64_t>(8L));
                            auto tmp1 = at::vec::Vectorized<float>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 8L*x0 + 8L*x0_inner), static_cast<int64_t>(8L));
                            auto tmp4 = at::vec::Vectorized<float>::loadu(tmp3 + static_cast<int64_t>(8L*x0_inner), static_cast<int64_t>(8L));
                            auto tmp2 = tmp1.sin();
                            auto tmp5 = tmp2 * tmp4;
                            auto tmp6 = static_cast<float>(1.5);
                            auto tmp7 = at::vec::Vectorized<float>(tmp6);
                            auto tmp8 = tmp5 + tmp7;
                            auto tmp9 = tmp8.sin();
                            auto tmp10 = tmp9.neg();
                            auto tmp11 = tmp0 * tmp10;
                            auto tmp12 = tmp11 * tmp4;
                            auto tmp13 = tmp1.cos();
                            auto tmp14 = tmp12 * tmp13;
                            tmp14.store(out_ptr0 + static_cast<int64_t>(x1 + 8L*x0 + 8L*x0_inner), static_cast<int64_t>(8L));
                        }
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}
''')


async_compile.wait(globals())
del async_compile

class Runner:
    def __init__(self, partitions):
        self.partitions = partitions

    def recursively_apply_fns(self, fns):
        new_callables = []
        for fn, c in zip(fns, self.partitions):
            new_callables.append(fn(c))
        self.partitions = new_callables

    def call(self, args):
        primals_1, primals_2, tangents_1 = args
        args.clear()
        assert_size_stride(tangents_1, (8, 8), (1, 8), 'input')
        assert_size_stride(primals_1, (8, 8), (8, 1), 'input')
        assert_size_stride(primals_2, (8, 8), (8, 1), 'input')
        buf0 = empty_strided_cpu((8, 8), (8, 1), torch.float32)
        cpp_fused_add_cos_mul_neg_permute_sin_0(tangents_1, primals_1, primals_2, buf0)
        del primals_1
        del primals_2
        del tangents_1
        return (buf0, None, )

runner = Runner(partitions=[])
call = runner.call
recursively_apply_fns = runner.recursively_apply_fns


def get_args():
    from torch._dynamo.testing import rand_strided
    primals_1 = rand_strided((8, 8), (8, 1), device='cpu', dtype=torch.float32)
    primals_2 = rand_strided((8, 8), (8, 1), device='cpu', dtype=torch.float32)
    tangents_1 = rand_strided((8, 8), (1, 8), device='cpu', dtype=torch.float32)
    return [primals_1, primals_2, tangents_1]


def benchmark_compiled_module(args, times=10, repeat=10):
    from torch._inductor.utils import print_performance
    fn = lambda: call(list(args))
    return print_performance(fn, times=times, repeat=repeat, device='cpu')


if __name__ == "__main__":
    from torch._inductor.wrapper_benchmark import compiled_module_main
    args = get_args()
    compiled_module_main('None', lambda times, repeat: benchmark_compiled_module(args, times=times, repeat=repeat))
