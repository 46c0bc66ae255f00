// One body in plain C, which the compiler vectorises for each instruction set. Every step is exact or one IEEE operation,
// and none may be fused: so all versions give the same bits.

#include "quantized_rows.h"

#include <math.h>
#include <string.h>

#include "magnitude.h"

#define BODY static inline __attribute__((always_inline))
#define GROUP GRACE_COLUMNS

BODY uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// `group` has all its columns.
BODY void quantize_group(const float *group, grace_quantized_group *quantized) {
#pragma clang fp contract(off) reassociate(off)
    float largest = grace_largest_magnitude(group, GROUP);
    if (!(largest >= 1e-30f && largest < INFINITY)) {
        memset(quantized, 0, sizeof *quantized);
        quantized->scale = largest < 1 ? 0 : NAN;
        return;
    }
    float inverse = 127.0f / largest;
    int32_t sums[2] = {0, 0};
    for (int half = 0; half < 2; half++) {
        int32_t sum = 0;
        for (int k = half * GROUP / 2; k < (half + 1) * GROUP / 2; k++) {
            // Adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low bits.
            int32_t quant = (int32_t)bits_of(group[k] * inverse + 0x1.8p23f) - 0x4B400000;
            quantized->quants[k] = (int8_t)quant;
            sum += quant;
        }
        sums[half] = sum;
    }
    quantized->scale = largest / 127.0f;
    quantized->start = -128 * (sums[0] + sums[1]);
    quantized->half_sums[0] = (float)sums[0];
    quantized->half_sums[1] = (float)sums[1];
}

BODY void quantize_rows_body(const float *rows, size_t M, size_t K, size_t stride, grace_quantized_group *quantized) {
    size_t groups = grace_steps(K);
    for (size_t m = 0; m < M; m++) {
        const float *row = rows + m * stride;
        for (size_t g = 0; g < groups; g++) {
            size_t columns = K - g * GROUP;
            if (columns >= GROUP) {
                quantize_group(row + g * GROUP, quantized + m * groups + g);
            } else {
                float whole[GROUP] = {0};
                memcpy(whole, row + g * GROUP, columns * sizeof(float));
                quantize_group(whole, quantized + m * groups + g);
            }
        }
    }
}

static void quantize_rows_portable(
    const float *rows, size_t M, size_t K, size_t stride, grace_quantized_group *quantized) {
    quantize_rows_body(rows, M, K, stride, quantized);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void quantize_rows_avx2(
    const float *rows, size_t M, size_t K, size_t stride, grace_quantized_group *quantized) {
    quantize_rows_body(rows, M, K, stride, quantized);
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"), min_vector_width(512))) static void quantize_rows_avx512(
    const float *rows, size_t M, size_t K, size_t stride, grace_quantized_group *quantized) {
    quantize_rows_body(rows, M, K, stride, quantized);
}
#endif

void grace_quantize_rows(
    grace_kernels kernels, const float *rows, size_t M, size_t K, size_t stride, grace_quantized_group *quantized) {
#if defined(__x86_64__)
    if (kernels >= GRACE_KERNELS_AVX512) {
        quantize_rows_avx512(rows, M, K, stride, quantized);
        return;
    }
    if (kernels == GRACE_KERNELS_AVX2) {
        quantize_rows_avx2(rows, M, K, stride, quantized);
        return;
    }
#endif
    (void)kernels;
    quantize_rows_portable(rows, M, K, stride, quantized);
}
