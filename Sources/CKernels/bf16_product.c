// Products with bfloat16 weights for any number of rows.
//
// A kernel keeps the sums of a few rows and one panel in registers and walks K once; a panel of some dozen KiB stays in the
// cache for the next rows. Each sum belongs to one register lane from the first pair to the last, so its order, and with it
// its bits, depend on nothing but K.
//
// The versions differ in their last bits: AVX-512 BF16 adds a pair in its own way and flushes denormals.

#include "bf16_product.h"

#include <string.h>

#include "bfloat16.h"
#include "panel_product.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// Pairs of a step, and elements of a panel's pair.
#define PAIRS (GRACE_COLUMNS / 2)
#define PAIR (GRACE_PANEL * 2)

void grace_bf16_pack_panel(const float *weights, size_t count, size_t K, void *panel) {
    uint16_t *packed = panel;
    memset(packed, 0, grace_bf16_panel_size(K));
    // Step by step, so that the lines that the lanes share stay in the cache.
    for (size_t first = 0; first < K; first += GRACE_COLUMNS, packed += PAIRS * PAIR) {
        size_t columns = K - first < GRACE_COLUMNS ? K - first : GRACE_COLUMNS;
        for (size_t lane = 0; lane < count; lane++) {
            uint16_t rounded[GRACE_COLUMNS] = {0};
            for (size_t k = 0; k < columns; k++) rounded[k] = grace_round_to_bfloat16(weights[lane * K + first + k]);
            for (size_t pair = 0; pair < PAIRS; pair++) {
                memcpy(packed + pair * PAIR + lane * 2, rounded + pair * 2, 2 * sizeof(uint16_t));
            }
        }
    }
}

void grace_bf16_unpack(const void *panel, size_t lane, size_t K, float *weights) {
    const uint16_t *packed = panel;
    for (size_t k = 0; k < K; k++) weights[k] = grace_widen_bfloat16(packed[k / 2 * PAIR + lane * 2 + k % 2]);
}

INLINE const uint16_t *row_of(const void *rows, size_t row_size, int row) {
    return (const uint16_t *)(const void *)((const char *)rows + (size_t)row * row_size);
}

// MARK: - Portable

static void portable_1(PARAMETERS) {
    (void)row_size;
    (void)output_stride;
    (void)ahead;
    const uint16_t *weights = panel;
    const uint16_t *x = rows;
    float sums[GRACE_PANEL] = {0};
    for (size_t pair = 0; pair < steps * PAIRS; pair++, weights += PAIR) {
        float first = grace_widen_bfloat16(x[2 * pair]);
        float second = grace_widen_bfloat16(x[2 * pair + 1]);
        for (size_t lane = 0; lane < GRACE_PANEL; lane++) {
            sums[lane] += first * grace_widen_bfloat16(weights[2 * lane]);
            sums[lane] += second * grace_widen_bfloat16(weights[2 * lane + 1]);
        }
    }
    memcpy(output, sums, sizeof sums);
}

static const grace_block_kernel portable_blocks[] = {portable_1};

#if defined(__x86_64__)

// MARK: - AVX2

#define AVX2 __attribute__((target("avx2,fma")))

/// Eight outputs a register: the low half of each 32-bit lane is the pair's first weight, the high half its second.
AVX2 INLINE void avx2_rows(const int M, PARAMETERS) {
    const __m256i high = _mm256_set1_epi32((int)0xFFFF0000);
    for (size_t part = 0; part < 4; part++) {
        const uint16_t *weights = (const uint16_t *)panel + part * 16;
        __m256 sums[4];
        EACH_ROW(M) sums[m] = _mm256_setzero_ps();
        for (size_t step = 0; step < steps; step++) {
            if (part == 0) prefetch_share(&ahead);
            for (size_t pair = step * PAIRS; pair < (step + 1) * PAIRS; pair++, weights += PAIR) {
                __m256i both = _mm256_load_si256((const __m256i *)(const void *)weights);
                __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
                __m256 second = _mm256_castsi256_ps(_mm256_and_si256(both, high));
                EACH_ROW(M) {
                    const uint16_t *x = row_of(rows, row_size, m) + 2 * pair;
                    sums[m] = _mm256_fmadd_ps(_mm256_set1_ps(grace_widen_bfloat16(x[0])), first, sums[m]);
                    sums[m] = _mm256_fmadd_ps(_mm256_set1_ps(grace_widen_bfloat16(x[1])), second, sums[m]);
                }
            }
        }
        EACH_ROW(M) _mm256_storeu_ps(output + (size_t)m * output_stride + part * 8, sums[m]);
    }
}

BLOCKS_TO_3(AVX2, avx2)
BLOCK(AVX2, avx2, 4)

static const grace_block_kernel avx2_blocks[] = {avx2_1, avx2_2, avx2_3, avx2_4};

// MARK: - AVX-512

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

/// Adds the products of a pair of columns with 16 outputs.
AVX512 INLINE __m512 add_by_columns(__m512 sums, const uint16_t *weights, const uint16_t *x) {
    __m512i both = _mm512_load_si512(weights);
    __m512 first = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
    __m512 second = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32((int)0xFFFF0000)));
    sums = _mm512_fmadd_ps(_mm512_set1_ps(grace_widen_bfloat16(x[0])), first, sums);
    return _mm512_fmadd_ps(_mm512_set1_ps(grace_widen_bfloat16(x[1])), second, sums);
}

BF16 INLINE __m512 add_by_pairs(__m512 sums, const uint16_t *weights, const uint16_t *x) {
    int32_t both;
    memcpy(&both, x, sizeof both);
    return _mm512_dpbf16_ps(sums, (__m512bh)_mm512_load_si512(weights), (__m512bh)_mm512_set1_epi32(both));
}

/// Defines `<name>_rows` for up to 12 rows, for an instruction set that adds the products of a pair by `add`.
#define ROWS(SET, name, add)                                                                                          \
    SET INLINE void name##_rows(const int M, PARAMETERS) {                                                            \
        const uint16_t *weights = panel;                                                                              \
        __m512 low_sums[12], high_sums[12];                                                                           \
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm512_setzero_ps();                                                 \
        for (size_t step = 0; step < steps; step++) {                                                                 \
            prefetch_share(&ahead);                                                                                   \
            for (size_t pair = step * PAIRS; pair < (step + 1) * PAIRS; pair++, weights += PAIR) {                    \
                EACH_ROW(M) {                                                                                         \
                    const uint16_t *x = row_of(rows, row_size, m) + 2 * pair;                                         \
                    low_sums[m] = add(low_sums[m], weights, x);                                                       \
                    high_sums[m] = add(high_sums[m], weights + PAIR / 2, x);                                          \
                }                                                                                                     \
            }                                                                                                         \
        }                                                                                                             \
        EACH_ROW(M) {                                                                                                 \
            _mm512_storeu_ps(output + (size_t)m * output_stride, low_sums[m]);                                        \
            _mm512_storeu_ps(output + (size_t)m * output_stride + 16, high_sums[m]);                                  \
        }                                                                                                             \
    }

ROWS(AVX512, avx512, add_by_columns)
ROWS(BF16, bf16, add_by_pairs)
BLOCKS_TO_6(AVX512, avx512)
BLOCK(AVX512, avx512, 7)
BLOCK(AVX512, avx512, 8)
BLOCKS_TO_6(BF16, bf16)
BLOCK(BF16, bf16, 7)
BLOCK(BF16, bf16, 8)
BLOCK(BF16, bf16, 9)
BLOCK(BF16, bf16, 10)
BLOCK(BF16, bf16, 11)
BLOCK(BF16, bf16, 12)

// What splits a pair into columns needs registers for it: fewer rows.
static const grace_block_kernel avx512_blocks[] = {
    avx512_1, avx512_2, avx512_3, avx512_4, avx512_5, avx512_6, avx512_7, avx512_8,
};

static const grace_block_kernel bf16_blocks[] = {
    bf16_1, bf16_2, bf16_3, bf16_4, bf16_5, bf16_6, bf16_7, bf16_8, bf16_9, bf16_10, bf16_11, bf16_12,
};

#endif

static const grace_block_kernels kernels_of[] = KERNEL_TABLE(avx512_blocks, bf16_blocks);

void grace_bf16_multiply(
    grace_kernels kernels, const void *panels, const uint16_t *rows, float *output, size_t M, size_t N, size_t K,
    size_t first, size_t end) {
    grace_panel_product product = {
        .panels = panels, .panel_size = grace_bf16_panel_size(K), .rows = rows,
        .row_size = grace_bf16_row_count(K) * sizeof(uint16_t), .output = output, .M = M, .N = N, .K = K,
    };
    grace_multiply_panels(kernels_of[kernels], product, first, end);
}

// MARK: - Activations

#if defined(__x86_64__)
BF16 static size_t round_by_sixteens(const float *row, size_t K, uint16_t *rounded) {
    size_t k = 0;
    for (; k + 16 <= K; k += 16) {
        __m256i sixteen = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(row + k));
        _mm256_storeu_si256((__m256i *)(void *)(rounded + k), sixteen);
    }
    return k;
}
#endif

void grace_bf16_round_rows(
    grace_kernels kernels, const float *rows, size_t M, size_t K, size_t stride, uint16_t *rounded) {
    size_t padded = grace_bf16_row_count(K);
    for (size_t m = 0; m < M; m++, rounded += padded) {
        size_t k = 0;
#if defined(__x86_64__)
        if (kernels == GRACE_KERNELS_AVX512_BF16) {
            k = round_by_sixteens(rows + m * stride, K, rounded);
        }
#endif
        for (; k < K; k++) rounded[k] = grace_round_to_bfloat16(rows[m * stride + k]);
        memset(rounded + K, 0, (padded - K) * sizeof(uint16_t));
    }
    (void)kernels;
}
