// One body in plain C for each kernel, which the compiler vectorises for each instruction set. It may reorder the sums
// inside a body (that is what vectorising a sum is), in the same way for the same lengths: bits depend on the row and the
// instruction set alone.

#include "row_kernels.h"

#include <math.h>

#include "kernel_versions.h"

DEFINE_EXPONENTIAL(exponential, fast)

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
