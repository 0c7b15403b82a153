import triton


@triton.jit
def triton_poi_fused_add_0(in_ptr0, out_ptr0):
    pass
