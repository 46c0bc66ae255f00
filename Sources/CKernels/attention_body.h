// One tile of attention, for the instruction set that `NAME`, `TARGET`, `SCORE_SUMS`, `VALUE_SUMS` and
// `HAS_PAIR_PRODUCTS` say: included once for each by attention.c. It has no guard for that reason, and takes its macros
// back at its end.
//
// Each sum is one lane of one register from the first product to the last, in the order of channels or positions. How
// many queries and pages are computed side by side changes no sum.

/// Adds to sixteen sums the products of sixteen pairs of bfloat16 with one pair.
BODY TARGET vector NAME(step_pairs)(vector sum, integers pairs, uint32_t pair) {
#pragma clang fp contract(fast)
#ifdef HAS_PAIR_PRODUCTS
    return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)pairs, (__m512bh)_mm512_set1_epi32((int32_t)pair));
#else
    uint32_t first_bits = pair << 16;
    uint32_t second_bits = pair & 0xFFFF0000;
    float first, second;
    memcpy(&first, &first_bits, sizeof first);
    memcpy(&second, &second_bits, sizeof second);
    sum += (vector)(pairs << 16) * first;
    return sum + (vector)(pairs & HIGH_HALF) * second;
#endif
}

/// Sixteen sums and one more product (or pair of products) each.
BODY TARGET vector NAME(step)(grace_key_format format, vector sum, const void *row, uint32_t word) {
#pragma clang fp contract(fast)
    if (format == GRACE_KEYS_BFLOAT16) {
        return NAME(step_pairs)(sum, *(const integers *)row, word);
    }
    float factor;
    memcpy(&factor, &word, sizeof factor);
    return sum + *(const vector *)row * factor;
}

/// Scores of N queries with P pages.
BODY TARGET void NAME(score)(
    const int N, const int P, grace_key_format format, const grace_attention_tile *tile, const uint32_t *queries,
    size_t page, float *scores, size_t stride, size_t rows, float scale) {
    vector sums[SCORE_SUMS];
    const char *keys[SCORE_SUMS];
    EACH(p, P) keys[p] = (const char *)tile->pages[page + p] + tile->head_offset;
    EACH(i, N * P) sums[i] = (vector){0};
    for (size_t r = 0; r < rows; r++) {
        EACH(n, N) EACH(p, P) {
            sums[n * P + p] = NAME(step)(format, sums[n * P + p], keys[p] + r * ROW_BYTES, queries[n * rows + r]);
        }
    }
    EACH(n, N) EACH(p, P) *(vector *)(scores + n * stride + (page + p) * LANES) = sums[n * P + p] * scale;
}

/// Scores of N queries with all pages, as many pages at once as there are registers for.
BODY TARGET void NAME(score_all)(
    const int N, grace_key_format format, const grace_attention_tile *tile, const uint32_t *queries, size_t pages,
    float *scores, size_t stride, size_t rows, float scale) {
    const int P = SCORE_SUMS / N;
    size_t page = 0;
    for (; page + P <= pages; page += P) {
        NAME(score)(N, P, format, tile, queries, page, scores, stride, rows, scale);
    }
    for (; page < pages; page++) NAME(score)(N, 1, format, tile, queries, page, scores, stride, rows, scale);
}

/// exp(x) for x up to 0, to about one unit in the last place; 0 below -87. exp(x) = 2^n * exp(r) with
/// |r| <= log(2) / 2, where a polynomial of degree 6 is close enough.
BODY TARGET vector NAME(exponential)(vector x) {
#pragma clang fp contract(fast)
    // Where x is not a number, neither is the result: a maximum would hide it.
    integers small = x < -87.0f;
    vector limited = (vector)(((integers)x & ~small) | ((integers)((vector){0} - 87.0f) & small));
    vector n = __builtin_elementwise_rint(limited * 1.44269504f);
    // log(2) in two parts, so that the product with n is exact.
    vector r = limited - n * 0.693359375f;
    r -= n * -2.12194440e-4f;
    vector sum = r * 1.9875691500e-4f + 1.3981999507e-3f;
    sum = sum * r + 8.3334519073e-3f;
    sum = sum * r + 4.1665795894e-2f;
    sum = sum * r + 1.6666665459e-1f;
    sum = sum * r + 5.0000001201e-1f;
    sum = sum * r * r + r + 1.0f;
    integers bits = (__builtin_convertvector(n, integers) + 127) << 23;
    return (vector)((integers)(sum * (vector)bits) & ~small);
}

/// Turns the scores of one query into shares, not yet divided by their sum; those of positions that are not its own are 0.
///
/// The sum is of what the products are computed with: rounded shares have a rounded sum.
BODY TARGET float NAME(softmax)(grace_key_format format, float *scores, uint16_t *pairs, size_t S, size_t padded_count) {
#pragma clang fp contract(fast)
    size_t own = padded(S);
    for (size_t s = S; s < own; s++) scores[s] = -INFINITY;
    vector largest = *(vector *)scores;
    for (size_t s = LANES; s < own; s += LANES) {
        largest = __builtin_elementwise_max(largest, *(vector *)(scores + s));
    }
    float maximum = __builtin_reduce_max(largest);
    vector sums = {0};
    for (size_t s = 0; s < own; s += LANES) {
        vector share = NAME(exponential)(*(vector *)(scores + s) - maximum);
        if (format == GRACE_KEYS_BFLOAT16) {
            integers bits = (integers)share;
            integers shifted = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
            *(halves *)(pairs + s) = __builtin_convertvector(shifted, halves);
            share = (vector)(shifted << 16);
        } else {
            *(vector *)(scores + s) = share;
        }
        sums += share;
    }
    for (size_t s = own; s < padded_count; s += LANES) {
        if (format == GRACE_KEYS_BFLOAT16) {
            *(halves *)(pairs + s) = (halves){0};
        } else {
            *(vector *)(scores + s) = (vector){0};
        }
    }
    float sum = 0;
    EACH(lane, LANES) sum += sums[lane];
    return 1.0f / sum;
}

/// B registers of channels of N outputs: the values of all positions by their shares.
BODY TARGET void NAME(weigh)(
    const int N, const int B, grace_key_format format, const grace_attention_tile *tile, const uint32_t *shares,
    size_t stride, size_t rows, size_t value_offset, size_t row_bytes, const float *inverse_sums, float *const *outputs,
    size_t channels) {
    vector sums[VALUE_SUMS];
    EACH(i, N * B) sums[i] = (vector){0};
    size_t rows_per_page = value_rows(format, LANES);
    for (size_t first = 0; first < rows; first += rows_per_page) {
        const char *values = (const char *)tile->pages[first / rows_per_page] + value_offset;
        size_t end = rows - first < rows_per_page ? rows - first : rows_per_page;
        for (size_t r = 0; r < end; r++) {
            EACH(n, N) EACH(b, B) {
                sums[n * B + b] = NAME(step)(
                    format, sums[n * B + b], values + r * row_bytes + b * ROW_BYTES, shares[n * stride + first + r]);
            }
        }
    }
    EACH(n, N) EACH(b, B) {
        vector mean = sums[n * B + b] * inverse_sums[n];
        size_t left = channels - b * LANES;
        if (left >= LANES) {
            *(vector *)(outputs[n] + b * LANES) = mean;
        } else {
            memcpy(outputs[n] + b * LANES, &mean, left * sizeof(float));
        }
    }
}

/// All channels of N outputs.
BODY TARGET void NAME(weigh_all)(
    const int N, grace_key_format format, const grace_attention_tile *tile, const uint32_t *shares, size_t stride,
    size_t rows, const float *inverse_sums, size_t first_query) {
    size_t D = tile->D;
    size_t value_offset = tile->head_offset + key_rows(format, D) * ROW_BYTES;
    size_t row_bytes = padded(D) * sizeof(float);
    float *outputs[GRACE_ATTENTION_QUERIES];
    size_t d = 0;
    while (d < D) {
        EACH(n, N) {
            size_t query = first_query + n;
            outputs[n] = tile->output + query / tile->G * tile->stride + query % tile->G * D + d;
        }
        size_t offset = value_offset + d * sizeof(float);
        if (d + 4 * LANES <= D) {
            NAME(weigh)(
                N, 4, format, tile, shares, stride, rows, offset, row_bytes, inverse_sums, outputs, 4 * LANES);
            d += 4 * LANES;
        } else {
            size_t channels = D - d < LANES ? D - d : LANES;
            NAME(weigh)(N, 1, format, tile, shares, stride, rows, offset, row_bytes, inverse_sums, outputs, channels);
            d += LANES;
        }
    }
}

/// The largest of the sizes that there is code for: at most `most` and at most `left`.
#define LARGEST(left, most)                                                                                            \
    ((left) >= 12 && (most) >= 12 ? 12 : (left) >= 6 && (most) >= 6 ? 6 : (left) >= 4 && (most) >= 4 ? 4               \
     : (left) >= 3 && (most) >= 3 ? 3 : (left) >= 2 && (most) >= 2 ? 2 : 1)
/// `call` with N as a constant; sizes over `most` are never asked for and not compiled.
#define WITH_CONSTANT(size, most, call)                                                                                \
    switch (size) {                                                                                                    \
        case 12: { enum { N = (most) >= 12 ? 12 : 1 }; call; break; }                                                  \
        case 6: { enum { N = (most) >= 6 ? 6 : 1 }; call; break; }                                                     \
        case 4: { enum { N = (most) >= 4 ? 4 : 1 }; call; break; }                                                     \
        case 3: { enum { N = (most) >= 3 ? 3 : 1 }; call; break; }                                                     \
        case 2: { enum { N = (most) >= 2 ? 2 : 1 }; call; break; }                                                     \
        default: { enum { N = 1 }; call; break; }                                                                      \
    }

BODY TARGET void NAME(attend)(grace_key_format format, const grace_attention_tile *tile, void *scratch) {
    size_t D = tile->D;
    size_t queries = tile->R * tile->G;
    size_t S = tile->first_position + tile->R;
    size_t stride = padded(S);
    size_t rows = key_rows(format, D);
    scratch_parts parts = parts_of(scratch, S, D);
    copy_queries(format, tile, parts.queries);
    float scale = 1.0f / __builtin_sqrtf((float)D);
    for (size_t q = 0; q < queries;) {
        int size = LARGEST(queries - q, SCORE_SUMS);
        WITH_CONSTANT(
            size, SCORE_SUMS,
            NAME(score_all)(
                N, format, tile, parts.queries + q * rows, stride / LANES, parts.scores + q * stride, stride, rows,
                scale));
        q += (size_t)size;
    }
    uint32_t *shares = format == GRACE_KEYS_BFLOAT16 ? parts.shares : (uint32_t *)parts.scores;
    size_t shares_stride = format == GRACE_KEYS_BFLOAT16 ? stride / 2 : stride;
    for (size_t q = 0; q < queries; q++) {
        parts.inverse_sums[q] = NAME(softmax)(
            format, parts.scores + q * stride, (uint16_t *)(shares + q * shares_stride),
            tile->first_position + q / tile->G + 1, stride);
    }
    for (size_t q = 0; q < queries;) {
        int size = LARGEST(queries - q, VALUE_SUMS / 4);
        WITH_CONSTANT(
            size, VALUE_SUMS / 4,
            NAME(weigh_all)(
                N, format, tile, shares + q * shares_stride, shares_stride, value_rows(format, S),
                parts.inverse_sums + q, q));
        q += (size_t)size;
    }
}

TARGET static void NAME(attend_pairs)(const grace_attention_tile *tile, void *scratch) {
    NAME(attend)(GRACE_KEYS_BFLOAT16, tile, scratch);
}

__attribute__((unused)) TARGET static void NAME(attend_floats)(const grace_attention_tile *tile, void *scratch) {
    NAME(attend)(GRACE_KEYS_FLOAT32, tile, scratch);
}

#undef LARGEST
#undef WITH_CONSTANT
#undef NAME
#undef TARGET
#undef SCORE_SUMS
#undef VALUE_SUMS
#undef HAS_PAIR_PRODUCTS
