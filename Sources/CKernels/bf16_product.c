// Products with bfloat16 weights for any number of rows.
//
// A weight is packed once in panels of 32 outputs. A kernel keeps the sums of a few rows and one panel in registers and
// walks K once; a panel of some dozen KiB stays in the cache for the next rows. Each sum belongs to one register lane
// from the first pair to the last, so its order, and with it its bits, depend on nothing but K.
//
// The versions differ in their last bits: AVX-512 BF16 adds a pair in its own way and flushes denormals.

#include "bf16_product.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef void (*block_kernel)(
    const uint16_t *panel, const uint16_t *rows, size_t row_stride, float *output, size_t output_stride, size_t pairs);

// Unrolled, always: only then are the sums registers.
#define EACH_ROW(M) _Pragma("clang loop unroll(full)") for (int m = 0; m < M; m++)

static inline float widen(uint16_t value) {
    uint32_t bits = (uint32_t)value << 16;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

static inline uint16_t round_to_nearest_even(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
        return (uint16_t)(bits >> 16 | 0x40);  // NaN stays NaN.
    }
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

void grace_bf16_pack_panel(const float *weight, size_t N, size_t K, size_t panel, uint16_t *packed) {
    size_t pairs = (K + 1) / 2;
    for (size_t pair = 0; pair < pairs; pair++) {
        for (size_t lane = 0; lane < GRACE_BF16_PANEL; lane++) {
            for (size_t half = 0; half < 2; half++) {
                size_t n = panel * GRACE_BF16_PANEL + lane;
                size_t k = 2 * pair + half;
                packed[(pair * GRACE_BF16_PANEL + lane) * 2 + half] =
                    n < N && k < K ? round_to_nearest_even(weight[n * K + k]) : 0;
            }
        }
    }
}

// MARK: - Portable

static void portable_block(
    const uint16_t *panel, const uint16_t *rows, size_t row_stride, float *output, size_t output_stride, size_t pairs) {
    (void)row_stride;
    (void)output_stride;
    float sums[GRACE_BF16_PANEL] = {0};
    for (size_t pair = 0; pair < pairs; pair++) {
        float first = widen(rows[2 * pair]);
        float second = widen(rows[2 * pair + 1]);
        for (size_t lane = 0; lane < GRACE_BF16_PANEL; lane++) {
            const uint16_t *weights = panel + (pair * GRACE_BF16_PANEL + lane) * 2;
            sums[lane] += first * widen(weights[0]);
            sums[lane] += second * widen(weights[1]);
        }
    }
    memcpy(output, sums, sizeof sums);
}

static const block_kernel portable_blocks[] = {portable_block};

#if defined(__x86_64__)

// MARK: - AVX2

// Eight outputs a register: the low half of each 32-bit lane is the pair's first weight, the high half its second.
#define AVX2_BLOCK(M)                                                                                              \
    __attribute__((target("avx2,fma"))) static void avx2_block_##M(                                                \
        const uint16_t *panel, const uint16_t *rows, size_t row_stride, float *output, size_t output_stride,       \
        size_t pairs) {                                                                                            \
        const __m256i high = _mm256_set1_epi32((int)0xFFFF0000);                                                   \
        for (size_t part = 0; part < 4; part++) {                                                                  \
            __m256 sums[M];                                                                                        \
            EACH_ROW(M) sums[m] = _mm256_setzero_ps();                                                             \
            for (size_t pair = 0; pair < pairs; pair++) {                                                          \
                __m256i weights = _mm256_loadu_si256(                                                              \
                    (const __m256i *)(panel + pair * 2 * GRACE_BF16_PANEL + part * 16));                           \
                __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(weights, 16));                                \
                __m256 second = _mm256_castsi256_ps(_mm256_and_si256(weights, high));                              \
                EACH_ROW(M) {                                                                                      \
                    const uint16_t *x = rows + m * row_stride + 2 * pair;                                          \
                    sums[m] = _mm256_fmadd_ps(_mm256_set1_ps(widen(x[0])), first, sums[m]);                        \
                    sums[m] = _mm256_fmadd_ps(_mm256_set1_ps(widen(x[1])), second, sums[m]);                       \
                }                                                                                                  \
            }                                                                                                      \
            EACH_ROW(M) _mm256_storeu_ps(output + m * output_stride + part * 8, sums[m]);                          \
        }                                                                                                          \
    }
AVX2_BLOCK(1)
AVX2_BLOCK(2)
AVX2_BLOCK(3)
AVX2_BLOCK(4)

static const block_kernel avx2_blocks[] = {avx2_block_1, avx2_block_2, avx2_block_3, avx2_block_4};

// MARK: - AVX-512

#define AVX512_BLOCK(M)                                                                                            \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))) static void avx512_block_##M(                    \
        const uint16_t *panel, const uint16_t *rows, size_t row_stride, float *output, size_t output_stride,       \
        size_t pairs) {                                                                                            \
        const __m512i high = _mm512_set1_epi32((int)0xFFFF0000);                                                   \
        __m512 low_sums[M], high_sums[M];                                                                          \
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm512_setzero_ps();                                              \
        for (size_t pair = 0; pair < pairs; pair++) {                                                              \
            __m512i low = _mm512_loadu_si512(panel + pair * 2 * GRACE_BF16_PANEL);                                 \
            __m512i up = _mm512_loadu_si512(panel + pair * 2 * GRACE_BF16_PANEL + 32);                             \
            __m512 low_first = _mm512_castsi512_ps(_mm512_slli_epi32(low, 16));                                    \
            __m512 low_second = _mm512_castsi512_ps(_mm512_and_si512(low, high));                                  \
            __m512 up_first = _mm512_castsi512_ps(_mm512_slli_epi32(up, 16));                                      \
            __m512 up_second = _mm512_castsi512_ps(_mm512_and_si512(up, high));                                    \
            EACH_ROW(M) {                                                                                          \
                const uint16_t *x = rows + m * row_stride + 2 * pair;                                              \
                __m512 first = _mm512_set1_ps(widen(x[0]));                                                        \
                __m512 second = _mm512_set1_ps(widen(x[1]));                                                       \
                low_sums[m] = _mm512_fmadd_ps(first, low_first, low_sums[m]);                                      \
                low_sums[m] = _mm512_fmadd_ps(second, low_second, low_sums[m]);                                    \
                high_sums[m] = _mm512_fmadd_ps(first, up_first, high_sums[m]);                                     \
                high_sums[m] = _mm512_fmadd_ps(second, up_second, high_sums[m]);                                   \
            }                                                                                                      \
        }                                                                                                          \
        EACH_ROW(M) {                                                                                              \
            _mm512_storeu_ps(output + m * output_stride, low_sums[m]);                                             \
            _mm512_storeu_ps(output + m * output_stride + 16, high_sums[m]);                                       \
        }                                                                                                          \
    }
AVX512_BLOCK(1)
AVX512_BLOCK(2)
AVX512_BLOCK(3)
AVX512_BLOCK(4)
AVX512_BLOCK(5)
AVX512_BLOCK(6)
AVX512_BLOCK(7)
AVX512_BLOCK(8)

static const block_kernel avx512_blocks[] = {
    avx512_block_1, avx512_block_2, avx512_block_3, avx512_block_4,
    avx512_block_5, avx512_block_6, avx512_block_7, avx512_block_8,
};

// MARK: - AVX-512 BF16

#define AVX512_BF16_BLOCK(M)                                                                                       \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))) static void avx512_bf16_block_##M(    \
        const uint16_t *panel, const uint16_t *rows, size_t row_stride, float *output, size_t output_stride,       \
        size_t pairs) {                                                                                            \
        __m512 low_sums[M], high_sums[M];                                                                          \
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm512_setzero_ps();                                              \
        for (size_t pair = 0; pair < pairs; pair++) {                                                              \
            __m512bh low = (__m512bh)_mm512_loadu_si512(panel + pair * 2 * GRACE_BF16_PANEL);                      \
            __m512bh up = (__m512bh)_mm512_loadu_si512(panel + pair * 2 * GRACE_BF16_PANEL + 32);                  \
            EACH_ROW(M) {                                                                                          \
                int32_t both;                                                                                      \
                memcpy(&both, rows + m * row_stride + 2 * pair, sizeof both);                                      \
                __m512bh x = (__m512bh)_mm512_set1_epi32(both);                                                    \
                low_sums[m] = _mm512_dpbf16_ps(low_sums[m], low, x);                                               \
                high_sums[m] = _mm512_dpbf16_ps(high_sums[m], up, x);                                              \
            }                                                                                                      \
        }                                                                                                          \
        EACH_ROW(M) {                                                                                              \
            _mm512_storeu_ps(output + m * output_stride, low_sums[m]);                                             \
            _mm512_storeu_ps(output + m * output_stride + 16, high_sums[m]);                                       \
        }                                                                                                          \
    }
AVX512_BF16_BLOCK(1)
AVX512_BF16_BLOCK(2)
AVX512_BF16_BLOCK(3)
AVX512_BF16_BLOCK(4)
AVX512_BF16_BLOCK(5)
AVX512_BF16_BLOCK(6)
AVX512_BF16_BLOCK(7)
AVX512_BF16_BLOCK(8)
AVX512_BF16_BLOCK(9)
AVX512_BF16_BLOCK(10)
AVX512_BF16_BLOCK(11)
AVX512_BF16_BLOCK(12)

static const block_kernel avx512_bf16_blocks[] = {
    avx512_bf16_block_1, avx512_bf16_block_2,  avx512_bf16_block_3,  avx512_bf16_block_4,
    avx512_bf16_block_5, avx512_bf16_block_6,  avx512_bf16_block_7,  avx512_bf16_block_8,
    avx512_bf16_block_9, avx512_bf16_block_10, avx512_bf16_block_11, avx512_bf16_block_12,
};

#endif

// MARK: - Any number of rows

/// The kernels of one instruction set, for 1 up to `count` rows at once.
typedef struct {
    const block_kernel *blocks;
    size_t count;
} block_kernels;

#define ALL_OF(blocks) ((block_kernels){blocks, sizeof blocks / sizeof blocks[0]})

static block_kernels blocks_of(grace_kernels kernels) {
#if defined(__x86_64__)
    switch (kernels) {
        case GRACE_KERNELS_AVX512_BF16: return ALL_OF(avx512_bf16_blocks);
        case GRACE_KERNELS_AVX512: return ALL_OF(avx512_blocks);
        case GRACE_KERNELS_AVX2: return ALL_OF(avx2_blocks);
        case GRACE_KERNELS_PORTABLE: break;
    }
#endif
    (void)kernels;
    return ALL_OF(portable_blocks);
}

/// One panel: full blocks, and the last two evenly, for small ones wait for their own sums.
static void multiply_panel(
    block_kernels kernels, const uint16_t *panel, const uint16_t *rows, float *output, size_t output_stride, size_t M,
    size_t pairs) {
    size_t m = 0;
    while (m < M) {
        size_t left = M - m;
        size_t block = left <= kernels.count ? left : left >= 2 * kernels.count ? kernels.count : (left + 1) / 2;
        kernels.blocks[block - 1](
            panel, rows + m * 2 * pairs, 2 * pairs, output + m * output_stride, output_stride, pairs);
        m += block;
    }
}

void grace_bf16_multiply(
    grace_kernels kernels, const uint16_t *packed, const uint16_t *rows, float *output, size_t M, size_t N, size_t K,
    size_t first, size_t end) {
    block_kernels blocks = blocks_of(kernels);
    size_t pairs = (K + 1) / 2;
    for (size_t panel = first; panel < end; panel++) {
        const uint16_t *weights = packed + panel * 2 * GRACE_BF16_PANEL * pairs;
        size_t n = panel * GRACE_BF16_PANEL;
        if (n + GRACE_BF16_PANEL <= N) {
            multiply_panel(blocks, weights, rows, output + n, N, M, pairs);
            continue;
        }
        // The last panel has outputs that are not there: through a row of its own, one row at a time.
        for (size_t m = 0; m < M; m++) {
            float sums[GRACE_BF16_PANEL];
            multiply_panel(blocks, weights, rows + m * 2 * pairs, sums, GRACE_BF16_PANEL, 1, pairs);
            memcpy(output + m * N + n, sums, (N - n) * sizeof(float));
        }
    }
}

// MARK: - Activations

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))) static size_t round_avx512_bf16(
    const float *row, size_t K, uint16_t *rounded) {
    size_t k = 0;
    for (; k + 16 <= K; k += 16) {
        _mm256_storeu_si256((__m256i *)(rounded + k), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(row + k)));
    }
    return k;
}
#endif

void grace_bf16_round_rows(
    grace_kernels kernels, const float *rows, size_t M, size_t K, size_t stride, uint16_t *rounded) {
    size_t padded = (K + 1) / 2 * 2;
    for (size_t m = 0; m < M; m++) {
        size_t k = 0;
#if defined(__x86_64__)
        if (kernels == GRACE_KERNELS_AVX512_BF16) {
            k = round_avx512_bf16(rows + m * stride, K, rounded + m * padded);
        }
#endif
        for (; k < K; k++) {
            rounded[m * padded + k] = round_to_nearest_even(rows[m * stride + k]);
        }
        if (padded > K) {
            rounded[m * padded + K] = 0;
        }
    }
    (void)kernels;
}
