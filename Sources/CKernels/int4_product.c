// Products with int4 weights for any number of rows.
//
// As with int8: the products of a group are integers, and join their float sums by the same few steps in all versions:
// minimum times the sum of the inputs, plus the products times the weights' scale, and that times the inputs' scale.

#include "int4_product.h"

#include <string.h>

#include "half.h"
#include "quantized_product.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define QUADS (GRACE_INT4_GROUP / 4)
#define HALVES (GRACE_COLUMNS / GRACE_INT4_GROUP)
/// Bytes of a group before its quants, and of a quad.
#define HEAD (GRACE_PANEL * 4)
#define STEP 64

/// The scales of a group, then its minimums.
static inline const uint16_t *halves_of(const uint8_t *weights) { return (const uint16_t *)(const void *)weights; }

// MARK: - Portable

static void portable_1(PARAMETERS) {
#pragma clang fp contract(off)
    (void)row_size;
    (void)output_stride;
    (void)ahead;
    const uint8_t *weights = panel;
    const grace_quantized_group *groups = rows;
    float sums[GRACE_PANEL] = {0};
    for (size_t g = 0; g < steps * HALVES; g++, weights += GRACE_INT4_GROUP_SIZE) {
        const grace_quantized_group *group = groups + g / HALVES;
        const int8_t *x = group->quants + g % HALVES * GRACE_INT4_GROUP;
        int32_t products[GRACE_PANEL] = {0};
        for (size_t quad = 0; quad < QUADS; quad++) {
            const uint8_t *bytes = weights + HEAD + quad * STEP;
            for (size_t index = 0; index < STEP; index++) {
                products[index / 4] += (bytes[index] & 15) * x[4 * quad + index % 4];
                products[16 + index / 4] += (bytes[index] >> 4) * x[4 * quad + index % 4];
            }
        }
        for (size_t lane = 0; lane < GRACE_PANEL; lane++) {
            float scale = grace_widen_half(halves_of(weights)[lane]);
            float minimum = grace_widen_half(halves_of(weights)[GRACE_PANEL + lane]);
            float sum = __builtin_fmaf((float)products[lane], scale, minimum * group->half_sums[g % HALVES]);
            sums[lane] = __builtin_fmaf(sum, group->scale, sums[lane]);
        }
    }
    memcpy(output, sums, sizeof sums);
}

static const grace_block_kernel portable_blocks[] = {portable_1};

#if defined(__x86_64__)

// MARK: - AVX2

#define AVX2 __attribute__((target("avx2,fma,f16c")))

/// Eight outputs a register, of the first and the last 16 each: what one load has. The sums of a group fit 16 bits:
/// 8 * 2 * 15 * 127 is 30480.
AVX2 INLINE void avx2_rows(const int M, PARAMETERS) {
    const __m256i low_halves = _mm256_set1_epi8(15);
    const __m256i ones = _mm256_set1_epi16(1);
    for (size_t part = 0; part < 2; part++) {
        const uint8_t *weights = panel;
        __m256 low_sums[4], high_sums[4];
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm256_setzero_ps();
        for (size_t g = 0; g < steps * HALVES; g++, weights += GRACE_INT4_GROUP_SIZE) {
            if (part == 0 && g % HALVES == 0) prefetch_share(&ahead);
            __m256i low[4], high[4];
            EACH_ROW(M) low[m] = high[m] = _mm256_setzero_si256();
            for (size_t quad = 0; quad < QUADS; quad++) {
                __m256i both = _mm256_load_si256((const __m256i *)(weights + HEAD + quad * STEP + part * 32));
                __m256i first = _mm256_and_si256(both, low_halves);
                __m256i second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_halves);
                EACH_ROW(M) {
                    __m256i x = _mm256_set1_epi32(
                        quad_of(group_of(rows, row_size, m, g / HALVES), g % HALVES * QUADS + quad));
                    low[m] = _mm256_add_epi16(low[m], _mm256_maddubs_epi16(first, x));
                    high[m] = _mm256_add_epi16(high[m], _mm256_maddubs_epi16(second, x));
                }
            }
            const __m128i *halves = (const __m128i *)(const void *)weights;
            __m256 low_scale = _mm256_cvtph_ps(_mm_load_si128(halves + part));
            __m256 high_scale = _mm256_cvtph_ps(_mm_load_si128(halves + part + 2));
            __m256 low_minimum = _mm256_cvtph_ps(_mm_load_si128(halves + part + 4));
            __m256 high_minimum = _mm256_cvtph_ps(_mm_load_si128(halves + part + 6));
            EACH_ROW(M) {
                const grace_quantized_group *group = group_of(rows, row_size, m, g / HALVES);
                __m256 scale = _mm256_set1_ps(group->scale);
                __m256 half_sum = _mm256_set1_ps(group->half_sums[g % HALVES]);
                __m256 first = _mm256_cvtepi32_ps(_mm256_madd_epi16(low[m], ones));
                __m256 second = _mm256_cvtepi32_ps(_mm256_madd_epi16(high[m], ones));
                first = _mm256_fmadd_ps(first, low_scale, _mm256_mul_ps(low_minimum, half_sum));
                second = _mm256_fmadd_ps(second, high_scale, _mm256_mul_ps(high_minimum, half_sum));
                low_sums[m] = _mm256_fmadd_ps(first, scale, low_sums[m]);
                high_sums[m] = _mm256_fmadd_ps(second, scale, high_sums[m]);
            }
        }
        EACH_ROW(M) {
            _mm256_storeu_ps(output + (size_t)m * output_stride + part * 8, low_sums[m]);
            _mm256_storeu_ps(output + (size_t)m * output_stride + part * 8 + 16, high_sums[m]);
        }
    }
}

BLOCKS_TO_3(AVX2, avx2)
BLOCK(AVX2, avx2, 4)

static const grace_block_kernel avx2_blocks[] = {avx2_1, avx2_2, avx2_3, avx2_4};

// MARK: - AVX-512

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

/// The products of a group join the sums, for one register of 16 outputs.
AVX512 INLINE __m512 joined(__m512 sums, __m512i products, __m512 scale, __m512 minimum, float half_sum, float x_scale) {
    __m512 minimums = _mm512_mul_ps(minimum, _mm512_set1_ps(half_sum));
    __m512 sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), scale, minimums);
    return _mm512_fmadd_ps(sum, _mm512_set1_ps(x_scale), sums);
}

AVX512 INLINE __m512 sixteen_halves(const uint8_t *weights, size_t part) {
    return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(const void *)weights + part));
}

AVX512 INLINE __m512i add_by_bytes(__m512i sums, __m512i quants, __m512i x) {
    return _mm512_add_epi16(sums, _mm512_maddubs_epi16(quants, x));
}

AVX512 INLINE __m512i sums_of_bytes(__m512i sums) { return _mm512_madd_epi16(sums, _mm512_set1_epi16(1)); }

VNNI INLINE __m512i add_by_quads(__m512i sums, __m512i quants, __m512i x) {
    return _mm512_dpbusd_epi32(sums, quants, x);
}

VNNI INLINE __m512i sums_of_quads(__m512i sums) { return sums; }

/// Defines `<name>_rows`, for an instruction set that adds the products of quads by `add` and makes 32-bit sums by `sum`.
#define ROWS(SET, name, add, sum)                                                                                     \
    SET INLINE void name##_rows(const int M, PARAMETERS) {                                                            \
        const __m512i low_halves = _mm512_set1_epi8(15);                                                              \
        const uint8_t *weights = panel;                                                                               \
        __m512 low_sums[6], high_sums[6];                                                                             \
        EACH_ROW(M) low_sums[m] = high_sums[m] = _mm512_setzero_ps();                                                 \
        for (size_t g = 0; g < steps; g++) {                                                                          \
            prefetch_share(&ahead);                                                                                   \
            _Pragma("clang loop unroll(full)")                                                                        \
            for (size_t half = 0; half < HALVES; half++, weights += GRACE_INT4_GROUP_SIZE) {                          \
                __m512i low[6], high[6];                                                                              \
                EACH_ROW(M) low[m] = high[m] = _mm512_setzero_si512();                                                \
                _Pragma("clang loop unroll(full)")                                                                    \
                for (size_t quad = 0; quad < QUADS; quad++) {                                                         \
                    __m512i both = _mm512_load_si512(weights + HEAD + quad * STEP);                                   \
                    __m512i first = _mm512_and_si512(both, low_halves);                                               \
                    __m512i second = _mm512_and_si512(_mm512_srli_epi16(both, 4), low_halves);                        \
                    EACH_ROW(M) {                                                                                     \
                        __m512i x = _mm512_set1_epi32(                                                                \
                            quad_of(group_of(rows, row_size, m, g), half * QUADS + quad));                            \
                        low[m] = add(low[m], first, x);                                                               \
                        high[m] = add(high[m], second, x);                                                            \
                    }                                                                                                 \
                }                                                                                                     \
                __m512 low_scale = sixteen_halves(weights, 0), high_scale = sixteen_halves(weights, 1);               \
                __m512 low_minimum = sixteen_halves(weights, 2), high_minimum = sixteen_halves(weights, 3);           \
                EACH_ROW(M) {                                                                                         \
                    const grace_quantized_group *x = group_of(rows, row_size, m, g);                                  \
                    low_sums[m] =                                                                                     \
                        joined(low_sums[m], sum(low[m]), low_scale, low_minimum, x->half_sums[half], x->scale);       \
                    high_sums[m] =                                                                                    \
                        joined(high_sums[m], sum(high[m]), high_scale, high_minimum, x->half_sums[half], x->scale);   \
                }                                                                                                     \
            }                                                                                                         \
        }                                                                                                             \
        EACH_ROW(M) {                                                                                                 \
            _mm512_storeu_ps(output + (size_t)m * output_stride, low_sums[m]);                                        \
            _mm512_storeu_ps(output + (size_t)m * output_stride + 16, high_sums[m]);                                  \
        }                                                                                                             \
    }

ROWS(AVX512, avx512, add_by_bytes, sums_of_bytes)
ROWS(VNNI, vnni, add_by_quads, sums_of_quads)
BLOCKS_TO_6(AVX512, avx512)
BLOCKS_TO_6(VNNI, vnni)

static const grace_block_kernel avx512_blocks[] = {avx512_1, avx512_2, avx512_3, avx512_4, avx512_5, avx512_6};
static const grace_block_kernel vnni_blocks[] = {vnni_1, vnni_2, vnni_3, vnni_4, vnni_5, vnni_6};

#endif

static const grace_block_kernels kernels_of[] = KERNEL_TABLE(vnni_blocks, vnni_blocks);

void grace_int4_multiply(
    grace_kernels kernels, const void *panels, const grace_quantized_group *rows, float *output, size_t M, size_t N,
    size_t K, size_t first, size_t end) {
    grace_panel_product product = {
        .panels = panels, .panel_size = grace_int4_panel_size(K), .rows = rows,
        .row_size = grace_steps(K) * sizeof(grace_quantized_group), .output = output, .M = M, .N = N, .K = K,
    };
    grace_multiply_panels(kernels_of[kernels], product, first, end);
}
