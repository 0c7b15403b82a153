import triton
import triton.language as tl


@triton.jit
def triton_poi_fused_relu_0(in_ptr0, out_ptr0, xnumel, XBLOCK: tl.constexpr):
    index = tl.program_id(0) * XBLOCK + tl.arange(0, XBLOCK)
    value = tl.load(in_ptr0 + index, index < xnumel)
    tl.store(out_ptr0 + index, tl.maximum(value, 0), index < xnumel)
