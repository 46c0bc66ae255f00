#include "kernel_choice.h"

#include <stdbool.h>

grace_kernels grace_best_kernels(void) {
#if defined(__x86_64__)
    // These look at XCR0 as well as at CPUID, so the operating system's consent is included.
    __builtin_cpu_init();
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (vnni && __builtin_cpu_supports("avx512bf16")) {
        return GRACE_KERNELS_AVX512_BF16;
    }
    if (vnni) {
        return GRACE_KERNELS_AVX512_VNNI;
    }
    if (avx512) {
        return GRACE_KERNELS_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
        return GRACE_KERNELS_AVX2;
    }
#endif
    return GRACE_KERNELS_PORTABLE;
}
