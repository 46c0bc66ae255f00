#include "attention.h"

#include "kernel_versions.h"

#include <math.h>
#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors are passed between functions that are all inlined: there is no interface to change.
#pragma clang diagnostic ignored "-Wpsabi"

#define LANES GRACE_PAGE_POSITIONS
/// Bytes of sixteen floats, or of sixteen pairs of bfloat16.
#define ROW_BYTES 64

/// Sixteen lanes: one register of AVX-512, two of AVX2, four of the baseline.
typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int32_t integers __attribute__((vector_size(64), aligned(4)));
typedef uint16_t halves __attribute__((vector_size(32), aligned(2)));

// Unrolled, always: only then are the sums registers.
#define EACH(index, count) _Pragma("clang loop unroll(full)") for (int index = 0; index < (count); index++)

// MARK: - Pages

static size_t padded(size_t count) { return (count + LANES - 1) / LANES * LANES; }

/// Rows of 64 bytes that the keys of a head take: a channel each, or a pair of channels.
static size_t key_rows(grace_key_format format, size_t D) { return format == GRACE_KEYS_BFLOAT16 ? (D + 1) / 2 : D; }

/// Rows of values: a position each, or a pair of positions.
static size_t value_rows(grace_key_format format, size_t positions) {
    return format == GRACE_KEYS_BFLOAT16 ? (positions + 1) / 2 : positions;
}

size_t grace_page_head_bytes(grace_key_format format, size_t D) {
    return key_rows(format, D) * ROW_BYTES + value_rows(format, LANES) * padded(D) * sizeof(float);
}

BODY uint32_t rounded(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

static void store_float32(float *keys, const float *key, const float *value, size_t slot, size_t D) {
    float *values = keys + D * LANES + slot * padded(D);
    for (size_t d = 0; d < D; d++) keys[d * LANES + slot] = key[d];
    for (size_t d = 0; d < padded(D); d++) values[d] = d < D ? value[d] : 0;
}

static void store_bfloat16(uint32_t *keys, const float *key, const float *value, size_t slot, size_t D) {
    size_t pairs = (D + 1) / 2;
    uint32_t *values = keys + pairs * LANES + slot / 2 * padded(D);
    for (size_t pair = 0; pair < pairs; pair++) {
        uint32_t second = 2 * pair + 1 < D ? rounded(key[2 * pair + 1]) : 0;
        keys[pair * LANES + slot] = rounded(key[2 * pair]) | second << 16;
    }
    for (size_t d = 0; d < padded(D); d++) {
        uint32_t number = d < D ? rounded(value[d]) : 0;
        values[d] = slot % 2 == 0 ? number : (values[d] & 0xFFFF) | number << 16;
    }
}

void grace_page_store(
    grace_key_format format, void *head, const float *key, const float *value, size_t slot, size_t D) {
    if (format == GRACE_KEYS_BFLOAT16) {
        store_bfloat16(head, key, value, slot, D);
    } else {
        store_float32(head, key, value, slot, D);
    }
}

// MARK: - Scratch

/// What the tile's queries need: words of queries `[queries, key rows]`, scores `[queries, S]`, shares `[queries, S / 2]`
/// as pairs where keys are bfloat16 (where they are float32 the scores become the shares), and the inverse sums.
typedef struct {
    uint32_t *queries;
    float *scores;
    uint32_t *shares;
    float inverse_sums[GRACE_ATTENTION_QUERIES];
} scratch_parts;

size_t grace_attention_scratch_bytes(size_t S, size_t D) {
    size_t words = padded(D) + padded(S) + padded((padded(S) + 1) / 2);
    return GRACE_ATTENTION_QUERIES * words * sizeof(uint32_t);
}

static scratch_parts parts_of(void *scratch, size_t S, size_t D) {
    uint32_t *queries = scratch;
    uint32_t *scores = queries + GRACE_ATTENTION_QUERIES * padded(D);
    return (scratch_parts){queries, (float *)scores, scores + GRACE_ATTENTION_QUERIES * padded(S), {0}};
}

/// One word of a query for each row of keys.
static void copy_queries(grace_key_format format, const grace_attention_tile *tile, uint32_t *words) {
    size_t rows = key_rows(format, tile->D);
    for (size_t q = 0; q < tile->R * tile->G; q++) {
        const float *query = tile->queries + q / tile->G * tile->stride + q % tile->G * tile->D;
        if (format == GRACE_KEYS_FLOAT32) {
            memcpy(words + q * rows, query, rows * sizeof(float));
            continue;
        }
        for (size_t r = 0; r < rows; r++) {
            uint32_t second = 2 * r + 1 < tile->D ? rounded(query[2 * r + 1]) : 0;
            words[q * rows + r] = rounded(query[2 * r]) | second << 16;
        }
    }
}

// MARK: - For each instruction set

#define HIGH_HALF ((integers){0} + (int32_t)0xFFFF0000)

#define NAME(name) name##_portable
#define TARGET
#define SCORE_SUMS 2
#define VALUE_SUMS 4
#include "attention_body.h"

#if defined(__x86_64__)

#define NAME(name) name##_avx2
#define TARGET AVX2
#define SCORE_SUMS 4
#define VALUE_SUMS 4
#include "attention_body.h"

#define NAME(name) name##_avx512
#define TARGET AVX512
#define SCORE_SUMS 12
#define VALUE_SUMS 24
#include "attention_body.h"

#define NAME(name) name##_avx512bf16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), min_vector_width(512)))
#define SCORE_SUMS 12
#define VALUE_SUMS 24
#define HAS_PAIR_PRODUCTS
#include "attention_body.h"

#endif

void grace_attention(
    grace_kernels kernels, grace_key_format format, const grace_attention_tile *tile, void *scratch) {
    bool pairs = format == GRACE_KEYS_BFLOAT16;
#if defined(__x86_64__)
    if (kernels >= GRACE_KERNELS_AVX512_BF16 && pairs) {
        attend_pairs_avx512bf16(tile, scratch);
    } else if (kernels >= GRACE_KERNELS_AVX512) {
        pairs ? attend_pairs_avx512(tile, scratch) : attend_floats_avx512(tile, scratch);
    } else if (kernels >= GRACE_KERNELS_AVX2) {
        pairs ? attend_pairs_avx2(tile, scratch) : attend_floats_avx2(tile, scratch);
    } else
#endif
    {
        (void)kernels;
        pairs ? attend_pairs_portable(tile, scratch) : attend_floats_portable(tile, scratch);
    }
}
