#ifndef GRACE_KERNEL_VERSIONS_H
#define GRACE_KERNEL_VERSIONS_H

// What the kernels of a row share: one body in plain C for each kernel, which the compiler vectorises for each instruction
// set, and the choice among its versions.

#include <stdint.h>
#include <string.h>

#include "kernel_choice.h"

/// A body, or a part of one: compiled into each version with that version's instructions.
#define BODY static inline __attribute__((always_inline))

#define PRAGMA(text) _Pragma(#text)

/// Defines exp(x) for x up to 88, to about one unit in the last place; 0 below -87. exp(x) = 2^n * exp(r) with
/// |r| <= log(2) / 2, where a polynomial of degree 6 is close enough. `mode` says whether products and sums may be
/// contracted, which is faster where there is such an instruction, and gives other bits than where there is none.
#define DEFINE_EXPONENTIAL(name, mode)                                             \
    BODY float name(float x) {                                                     \
        PRAGMA(clang fp contract(mode))                                            \
        float clamped = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;               \
        float n = __builtin_rintf(clamped * 1.44269504f);                          \
        /* log(2) in two parts, so that the product with n is exact. */            \
        float r = clamped - n * 0.693359375f;                                      \
        r -= n * -2.12194440e-4f;                                                  \
        float sum = 1.9875691500e-4f;                                              \
        sum = sum * r + 1.3981999507e-3f;                                          \
        sum = sum * r + 8.3334519073e-3f;                                          \
        sum = sum * r + 4.1665795894e-2f;                                          \
        sum = sum * r + 1.6666665459e-1f;                                          \
        sum = sum * r + 5.0000001201e-1f;                                          \
        sum = sum * r * r + r + 1.0f;                                              \
        uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;                        \
        float power;                                                               \
        memcpy(&power, &bits, sizeof power);                                       \
        float result = sum * power;                                                \
        return x < -87.0f ? 0.0f : result;                                         \
    }

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"), min_vector_width(512)))

/// Defines the versions of `name`, each the function `<name>_body` compiled for one instruction set.
#define KERNEL(name, parameters, arguments)                                        \
    static void name##_portable parameters { name##_body arguments; }              \
    AVX2 static void name##_avx2 parameters { name##_body arguments; }             \
    AVX512 static void name##_avx512 parameters { name##_body arguments; }
/// Calls the best version of `name` that `kernels` has: a statement.
#define CALL(name, arguments)                                                      \
    if (kernels >= GRACE_KERNELS_AVX512) {                                         \
        name##_avx512 arguments;                                                   \
    } else if (kernels >= GRACE_KERNELS_AVX2) {                                    \
        name##_avx2 arguments;                                                     \
    } else {                                                                       \
        name##_portable arguments;                                                 \
    }
#else
#define KERNEL(name, parameters, arguments)                                        \
    static void name##_portable parameters { name##_body arguments; }
#define CALL(name, arguments)                                                      \
    (void)kernels;                                                                 \
    name##_portable arguments;
#endif

#endif
