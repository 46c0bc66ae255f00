// Products with int8 weights for any number of rows.
//
// A kernel keeps the sums of a few rows and one panel in registers and walks K once, group by group: the products of a group
// are integers, which no order of adding changes, and join their float sums by one fused step. The steps are the same in all
// versions, so all give the same bits.

#include "int8_product.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "magnitude.h"
#include "quantized_product.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define GROUP GRACE_COLUMNS
#define QUADS (GROUP / 4)
/// Bytes of a panel's quad.
#define STEP (GRACE_PANEL * 4)

/// An output's scale, and what its weights are multiplied by: nothing where they are all but zero or not all numbers.
static float scale_of(const float *row, size_t K, float *inverse) {
    float largest = grace_largest_magnitude(row, K);
    // Below the bound the inverse is infinite. A weight that is no number makes an output that is none.
    bool counts = largest >= 1e-30f && largest < INFINITY;
    *inverse = counts ? 127.0f / largest : 0;
    return counts ? largest / 127.0f : largest < 1 ? 0 : NAN;
}

/// The quants of a step of one output, `columns` of them; what is missing is 0.
static void quantize_step(const float *weights, size_t columns, float inverse, uint8_t *quants) {
    memset(quants, 128, GROUP);
    // To the nearest: what is positive is cut off downwards.
    for (size_t k = 0; k < columns; k++) quants[k] = (uint8_t)(int32_t)(weights[k] * inverse + 128.5f);
}

void grace_int8_pack_panel(const float *weights, size_t count, size_t K, void *panel) {
    uint8_t *place = panel;
    float *scales = (float *)(void *)(place + grace_steps(K) * GROUP * GRACE_PANEL);
    float inverses[GRACE_PANEL] = {0};
    memset(scales, 0, GRACE_PANEL * sizeof(float));
    for (size_t lane = 0; lane < count; lane++) scales[lane] = scale_of(weights + lane * K, K, &inverses[lane]);
    // Step by step, so that the lines that the lanes share stay in the cache.
    for (size_t first = 0; first < K; first += GROUP, place += GROUP * GRACE_PANEL) {
        for (size_t lane = 0; lane < GRACE_PANEL; lane++) {
            uint8_t quants[GROUP];
            size_t columns = inverses[lane] == 0 ? 0 : K - first < GROUP ? K - first : GROUP;
            quantize_step(weights + (lane < count ? lane : 0) * K + first, columns, inverses[lane], quants);
            for (size_t quad = 0; quad < QUADS; quad++) memcpy(place + quad * STEP + lane * 4, quants + quad * 4, 4);
        }
    }
}

void grace_int8_unpack(const void *panel, size_t lane, size_t K, float *weights) {
    const uint8_t *quants = panel;
    const float *scales = (const float *)(quants + grace_steps(K) * GROUP * GRACE_PANEL);
    for (size_t k = 0; k < K; k++) {
        weights[k] = (float)(quants[k / 4 * STEP + lane * 4 + k % 4] - 128) * scales[lane];
    }
}

// MARK: - Portable

static void portable_1(PARAMETERS) {
    (void)row_size;
    (void)output_stride;
    (void)ahead;
    const uint8_t *weights = panel;
    const grace_quantized_group *groups = rows;
    float sums[GRACE_PANEL] = {0};
    for (size_t g = 0; g < steps; g++) {
        int32_t products[GRACE_PANEL];
        for (size_t lane = 0; lane < GRACE_PANEL; lane++) products[lane] = groups[g].start;
        for (size_t quad = 0; quad < QUADS; quad++, weights += STEP) {
            const int8_t *x = groups[g].quants + 4 * quad;
            for (size_t lane = 0; lane < GRACE_PANEL; lane++) {
                const uint8_t *w = weights + 4 * lane;
                products[lane] += w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
            }
        }
        for (size_t lane = 0; lane < GRACE_PANEL; lane++) {
            sums[lane] = __builtin_fmaf((float)products[lane], groups[g].scale, sums[lane]);
        }
    }
    const float *scales = (const float *)weights;
    for (size_t lane = 0; lane < GRACE_PANEL; lane++) output[lane] = sums[lane] * scales[lane];
}

static const grace_block_kernel portable_blocks[] = {portable_1};

#if defined(__x86_64__)

// MARK: - AVX2

#define AVX2 __attribute__((target("avx2,fma")))

AVX2 INLINE __m256i avx2_sum(__m256i products, __m256i even, __m256i odd, __m256i even_x, __m256i odd_x) {
    __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(even, even_x), _mm256_madd_epi16(odd, odd_x));
    return _mm256_add_epi32(products, sum);
}

/// Bytes are widened to 16 bits, for their products' sums do not fit there: first and third of a quad, then second and
/// fourth, in the halves of a lane.
AVX2 INLINE void avx2_rows(const int M, PARAMETERS) {
    const __m256i even_bytes = _mm256_set1_epi16(0xFF);
    const float *scales = (const float *)(const void *)((const uint8_t *)panel + steps * GROUP * GRACE_PANEL);
    for (size_t part = 0; part < 2; part++) {
        const uint8_t *weights = (const uint8_t *)panel + part * 64;
        __m256 low_sums[3], high_sums[3];
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm256_setzero_ps();
        for (size_t g = 0; g < steps; g++) {
            if (part == 0) prefetch_share(&ahead);
            __m256i low[3], high[3];
            EACH_ROW(M) low[m] = high[m] = _mm256_set1_epi32(group_of(rows, row_size, m, g)->start);
            for (size_t quad = 0; quad < QUADS; quad++, weights += STEP) {
                __m256i low_both = _mm256_load_si256((const __m256i *)(const void *)weights);
                __m256i high_both = _mm256_load_si256((const __m256i *)(const void *)(weights + 32));
                __m256i low_even = _mm256_and_si256(low_both, even_bytes), low_odd = _mm256_srli_epi16(low_both, 8);
                __m256i high_even = _mm256_and_si256(high_both, even_bytes), high_odd = _mm256_srli_epi16(high_both, 8);
                EACH_ROW(M) {
                    __m256i x = _mm256_set1_epi32(quad_of(group_of(rows, row_size, m, g), quad));
                    __m256i even_x = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
                    __m256i odd_x = _mm256_srai_epi16(x, 8);
                    low[m] = avx2_sum(low[m], low_even, low_odd, even_x, odd_x);
                    high[m] = avx2_sum(high[m], high_even, high_odd, even_x, odd_x);
                }
            }
            EACH_ROW(M) {
                __m256 scale = _mm256_set1_ps(group_of(rows, row_size, m, g)->scale);
                low_sums[m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(low[m]), scale, low_sums[m]);
                high_sums[m] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(high[m]), scale, high_sums[m]);
            }
        }
        __m256 low_scale = _mm256_load_ps(scales + part * 16), high_scale = _mm256_load_ps(scales + part * 16 + 8);
        EACH_ROW(M) {
            float *place = output + (size_t)m * output_stride + part * 16;
            _mm256_storeu_ps(place, _mm256_mul_ps(low_sums[m], low_scale));
            _mm256_storeu_ps(place + 8, _mm256_mul_ps(high_sums[m], high_scale));
        }
    }
}

BLOCKS_TO_3(AVX2, avx2)

static const grace_block_kernel avx2_blocks[] = {avx2_1, avx2_2, avx2_3};

// MARK: - AVX-512

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

/// As AVX2 does it; what rows and registers have in common is widened once.
AVX512 INLINE __m512i add_by_pairs(__m512i products, __m512i weights, __m512i x) {
    __m512i even = _mm512_and_si512(weights, _mm512_set1_epi16(0xFF)), odd = _mm512_srli_epi16(weights, 8);
    __m512i even_x = _mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8), odd_x = _mm512_srai_epi16(x, 8);
    __m512i sum = _mm512_add_epi32(_mm512_madd_epi16(even, even_x), _mm512_madd_epi16(odd, odd_x));
    return _mm512_add_epi32(products, sum);
}

VNNI INLINE __m512i add_by_quads(__m512i products, __m512i weights, __m512i x) {
    return _mm512_dpbusd_epi32(products, weights, x);
}

/// Defines `<name>_rows` for up to 6 rows, for an instruction set that adds the products of a quad by `add`.
#define ROWS(SET, name, add)                                                                                          \
    SET INLINE void name##_rows(const int M, PARAMETERS) {                                                            \
        const uint8_t *weights = panel;                                                                               \
        __m512 low_sums[6], high_sums[6];                                                                             \
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm512_setzero_ps();                                                 \
        for (size_t g = 0; g < steps; g++) {                                                                          \
            prefetch_share(&ahead);                                                                                   \
            __m512i low[6], high[6];                                                                                  \
            EACH_ROW(M) low[m] = high[m] = _mm512_set1_epi32(group_of(rows, row_size, m, g)->start);                  \
            _Pragma("clang loop unroll(full)")                                                                        \
            for (size_t quad = 0; quad < QUADS; quad++, weights += STEP) {                                            \
                __m512i first = _mm512_load_si512(weights), second = _mm512_load_si512(weights + 64);                 \
                EACH_ROW(M) {                                                                                         \
                    __m512i x = _mm512_set1_epi32(quad_of(group_of(rows, row_size, m, g), quad));                     \
                    low[m] = add(low[m], first, x);                                                                   \
                    high[m] = add(high[m], second, x);                                                                \
                }                                                                                                     \
            }                                                                                                         \
            EACH_ROW(M) {                                                                                             \
                __m512 scale = _mm512_set1_ps(group_of(rows, row_size, m, g)->scale);                                 \
                low_sums[m] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(low[m]), scale, low_sums[m]);                        \
                high_sums[m] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(high[m]), scale, high_sums[m]);                     \
            }                                                                                                         \
        }                                                                                                             \
        __m512 low_scale = _mm512_load_ps(weights), high_scale = _mm512_load_ps(weights + 64);                        \
        EACH_ROW(M) {                                                                                                 \
            _mm512_storeu_ps(output + (size_t)m * output_stride, _mm512_mul_ps(low_sums[m], low_scale));              \
            _mm512_storeu_ps(output + (size_t)m * output_stride + 16, _mm512_mul_ps(high_sums[m], high_scale));       \
        }                                                                                                             \
    }

ROWS(AVX512, avx512, add_by_pairs)
ROWS(VNNI, vnni, add_by_quads)
BLOCKS_TO_3(AVX512, avx512)
BLOCK(AVX512, avx512, 4)
BLOCKS_TO_6(VNNI, vnni)

// What widens bytes needs registers for it: fewer rows.
static const grace_block_kernel avx512_blocks[] = {avx512_1, avx512_2, avx512_3, avx512_4};
static const grace_block_kernel vnni_blocks[] = {vnni_1, vnni_2, vnni_3, vnni_4, vnni_5, vnni_6};

#endif

static const grace_block_kernels kernels_of[] = KERNEL_TABLE(vnni_blocks, vnni_blocks);

void grace_int8_multiply(
    grace_kernels kernels, const void *panels, const grace_quantized_group *rows, float *output, size_t M, size_t N,
    size_t K, size_t first, size_t end) {
    grace_panel_product product = {
        .panels = panels, .panel_size = grace_int8_panel_size(K), .rows = rows,
        .row_size = grace_steps(K) * sizeof(grace_quantized_group), .output = output, .M = M, .N = N, .K = K,
    };
    grace_multiply_panels(kernels_of[kernels], product, first, end);
}
