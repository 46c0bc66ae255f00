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

// Vectors are passed between functions that are all inlined: there is no interface to change.
#pragma clang diagnostic ignored "-Wpsabi"

/// Sixteen numbers: one register of AVX-512, two of AVX2, four of the baseline.
typedef float vector __attribute__((vector_size(64), aligned(4)));

#define LANES GRACE_ATTENTION_LANES

BODY vector load(const float *from) { return *(const vector *)from; }

// As many sums as hide the latency of adding to one.
#define CHAINS 8

/// Products of a query with `LANES` keys, which lie side by side.
BODY vector products(const float *query, const float *keys, size_t stride, size_t D) {
#pragma clang fp contract(fast)
    vector sums[CHAINS] = {{0}};
    size_t d = 0;
    for (; d + CHAINS <= D; d += CHAINS) {
#pragma clang loop unroll(full)
        for (size_t c = 0; c < CHAINS; c++) sums[c] += query[d + c] * load(keys + (d + c) * stride);
    }
    for (; d < D; d++) sums[0] += query[d] * load(keys + d * stride);
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// The sum of S rows of values, each by its weight: four registers of channels, for rows of even and of odd number.
BODY void weigh_4(const float *weights, const float *values, float *output, size_t S, size_t D) {
#pragma clang fp contract(fast)
    vector even[4] = {{0}};
    vector odd[4] = {{0}};
    size_t s = 0;
    for (; s + 2 <= S; s += 2) {
#pragma clang loop unroll(full)
        for (size_t b = 0; b < 4; b++) {
            even[b] += weights[s] * load(values + s * D + b * LANES);
            odd[b] += weights[s + 1] * load(values + (s + 1) * D + b * LANES);
        }
    }
#pragma clang loop unroll(full)
    for (size_t b = 0; b < 4; b++) {
        if (s < S) even[b] += weights[s] * load(values + s * D + b * LANES);
        *(vector *)(output + b * LANES) = even[b] + odd[b];
    }
}

/// The same for one register of channels.
BODY void weigh_1(const float *weights, const float *values, float *output, size_t S, size_t D) {
#pragma clang fp contract(fast)
    vector sum = {0};
    for (size_t s = 0; s < S; s++) sum += weights[s] * load(values + s * D);
    *(vector *)output = sum;
}

BODY void softmax(float *scores, size_t S) {
#pragma clang fp contract(fast) reassociate(on)
    float largest = scores[0];
    size_t whole = S / LANES * LANES;
    if (whole > 0) {
        vector lanes = load(scores);
        for (size_t s = LANES; s < whole; s += LANES) lanes = __builtin_elementwise_max(lanes, load(scores + s));
        largest = __builtin_reduce_max(lanes);
    }
    for (size_t s = whole; s < S; s++) largest = scores[s] > largest ? scores[s] : largest;
    float sum = 0;
    for (size_t s = 0; s < S; s++) {
        scores[s] = exponential(scores[s] - largest);
        sum += scores[s];
    }
    float share = 1.0f / sum;
    for (size_t s = 0; s < S; s++) scores[s] *= share;
}

BODY void attention_body(
    const float *queries, const float *keys, const float *values, float *output, float *scores, size_t G, size_t S,
    size_t D, size_t capacity) {
#pragma clang fp contract(fast)
    size_t padded = (S + LANES - 1) / LANES * LANES;
    float scale = 1.0f / __builtin_sqrtf((float)D);
    // Keys are read once for all queries that share them.
    for (size_t s = 0; s < padded; s += LANES) {
        for (size_t g = 0; g < G; g++) {
            *(vector *)(scores + g * padded + s) = products(queries + g * D, keys + s, capacity, D) * scale;
        }
    }
    for (size_t g = 0; g < G; g++) {
        float *weights = scores + g * padded;
        float *sums = output + g * D;
        softmax(weights, S);
        size_t d = 0;
        for (; d + 4 * LANES <= D; d += 4 * LANES) weigh_4(weights, values + d, sums + d, S, D);
        for (; d + LANES <= D; d += LANES) weigh_1(weights, values + d, sums + d, S, D);
        for (; d < D; d++) {
            float sum = 0;
            for (size_t s = 0; s < S; s++) sum += weights[s] * values[s * D + d];
            sums[d] = sum;
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
KERNEL(swiglu, (float *gate, const float *up, size_t F), (gate, up, F))
KERNEL(rotary, (float *heads, const float *angles, size_t H, size_t D), (heads, angles, H, D))
KERNEL(
    attention,
    (const float *queries, const float *keys, const float *values, float *output, float *scores, size_t G, size_t S,
     size_t D, size_t capacity),
    (queries, keys, values, output, scores, G, S, D, capacity))

void grace_rms_norm(grace_kernels kernels, const float *x, const float *gain, float epsilon, float *y, size_t C) {
    CALL(rms_norm, (x, gain, epsilon, y, C))
}

void grace_swiglu(grace_kernels kernels, float *gate, const float *up, size_t F) {
    CALL(swiglu, (gate, up, F))
}

void grace_rotary(grace_kernels kernels, float *heads, const float *angles, size_t H, size_t D) {
    CALL(rotary, (heads, angles, H, D))
}

void grace_attention(
    grace_kernels kernels, const float *queries, const float *keys, const float *values, float *output, float *scores,
    size_t G, size_t S, size_t D, size_t capacity) {
    CALL(attention, (queries, keys, values, output, scores, G, S, D, capacity))
}
