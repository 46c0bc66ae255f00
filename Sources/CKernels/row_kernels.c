// One body in plain C for each kernel, which the compiler vectorises for each instruction set. It may reorder the sums
// inside a body (that is what vectorising a sum is), in the same way for the same lengths: bits depend on the row and the
// instruction set alone.

#include "row_kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define BODY static inline __attribute__((always_inline))

/// exp(x) for x up to 88, to about one unit in the last place; 0 below -87. exp(x) = 2^n * exp(r) with
/// |r| <= log(2) / 2, where a polynomial of degree 6 is close enough.
BODY float exponential(float x) {
#pragma clang fp contract(fast)
    float clamped = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    float n = __builtin_rintf(clamped * 1.44269504f);
    // log(2) in two parts, so that the product with n is exact.
    float r = clamped - n * 0.693359375f;
    r -= n * -2.12194440e-4f;
    float sum = 1.9875691500e-4f;
    sum = sum * r + 1.3981999507e-3f;
    sum = sum * r + 8.3334519073e-3f;
    sum = sum * r + 4.1665795894e-2f;
    sum = sum * r + 1.6666665459e-1f;
    sum = sum * r + 5.0000001201e-1f;
    sum = sum * r * r + r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    float result = sum * power;
    return x < -87.0f ? 0.0f : result;
}

BODY void rms_norm_body(const float *x, const float *gain, float epsilon, float *y, size_t C) {
#pragma clang fp contract(fast) reassociate(on)
    float squares = 0;
    for (size_t c = 0; c < C; c++) squares += x[c] * x[c];
    float scale = 1.0f / __builtin_sqrtf(squares / (float)C + epsilon);
    for (size_t c = 0; c < C; c++) y[c] = x[c] * scale * gain[c];
}

BODY void add_body(float *restrict x, const float *restrict y, size_t C) {
    for (size_t c = 0; c < C; c++) x[c] += y[c];
}

BODY void swiglu_body(float *gate, const float *up, size_t F) {
#pragma clang fp contract(fast)
    for (size_t f = 0; f < F; f++) gate[f] = gate[f] / (1.0f + exponential(-gate[f])) * up[f];
}

BODY void rotary_body(float *heads, const float *angles, size_t H, size_t D) {
#pragma clang fp contract(fast)
    size_t half = D / 2;
    for (size_t h = 0; h < H; h++) {
        float *restrict first = heads + h * D;
        float *restrict second = first + half;
        for (size_t d = 0; d < half; d++) {
            float a = first[d];
            float b = second[d];
            first[d] = a * angles[d] - b * angles[half + d];
            second[d] = b * angles[d] + a * angles[half + d];
        }
    }
}

// MARK: - For each instruction set

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"), min_vector_width(512)))

/// Defines `grace_<name>` and its versions, each the body compiled for one instruction set.
#define KERNEL(name, parameters, arguments)                                \
    static void name##_portable parameters { name##_body arguments; }      \
    AVX2 static void name##_avx2 parameters { name##_body arguments; }     \
    AVX512 static void name##_avx512 parameters { name##_body arguments; }
#define CALL(name, arguments)                                              \
    switch (kernels) {                                                     \
        case GRACE_KERNELS_AVX512_BF16:                                    \
        case GRACE_KERNELS_AVX512: name##_avx512 arguments; break;         \
        case GRACE_KERNELS_AVX2: name##_avx2 arguments; break;             \
        case GRACE_KERNELS_PORTABLE: name##_portable arguments; break;     \
    }
#else
#define KERNEL(name, parameters, arguments)                                \
    static void name##_portable parameters { name##_body arguments; }
#define CALL(name, arguments) (void)kernels; name##_portable arguments
#endif

KERNEL(rms_norm, (const float *x, const float *gain, float epsilon, float *y, size_t C), (x, gain, epsilon, y, C))
KERNEL(add, (float *x, const float *y, size_t C), (x, y, C))
KERNEL(swiglu, (float *gate, const float *up, size_t F), (gate, up, F))
KERNEL(rotary, (float *heads, const float *angles, size_t H, size_t D), (heads, angles, H, D))

void grace_rms_norm(grace_kernels kernels, const float *x, const float *gain, float epsilon, float *y, size_t C) {
    CALL(rms_norm, (x, gain, epsilon, y, C))
}

void grace_add(grace_kernels kernels, float *x, const float *y, size_t C) {
    CALL(add, (x, y, C))
}

void grace_swiglu(grace_kernels kernels, float *gate, const float *up, size_t F) {
    CALL(swiglu, (gate, up, F))
}

void grace_rotary(grace_kernels kernels, float *heads, const float *angles, size_t H, size_t D) {
    CALL(rotary, (heads, angles, H, D))
}
