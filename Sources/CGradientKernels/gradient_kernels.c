// One body in plain C for each kernel, which the compiler vectorises for each instruction set, as in the kernels that these
// lead back through.

#include "CGradientKernels.h"

#include <math.h>
#include <stdint.h>

#include "kernel_versions.h"

DEFINE_EXPONENTIAL(exponential, fast)

BODY void rms_norm_backward_body(
    const float *x, const float *gain, float epsilon, const float *dy, float *restrict dx, float *restrict dgain,
    size_t C) {
#pragma clang fp contract(fast) reassociate(on)
    float squares = 0;
    float product = 0;
    for (size_t c = 0; c < C; c++) squares += x[c] * x[c];
    for (size_t c = 0; c < C; c++) product += dy[c] * gain[c] * x[c];
    float scale = 1.0f / __builtin_sqrtf(squares / (float)C + epsilon);
    float along = product * scale * scale * scale / (float)C;
    for (size_t c = 0; c < C; c++) dx[c] += dy[c] * gain[c] * scale - x[c] * along;
    if (dgain) {
        for (size_t c = 0; c < C; c++) dgain[c] += dy[c] * x[c] * scale;
    }
}

BODY void swiglu_backward_body(
    const float *gate, const float *up, const float *dgated, float *restrict gated, float *restrict dgate,
    float *restrict dup, size_t F) {
#pragma clang fp contract(fast)
    for (size_t f = 0; f < F; f++) {
        float sigmoid = 1.0f / (1.0f + exponential(-gate[f]));
        float silu = gate[f] * sigmoid;
        gated[f] = silu * up[f];
        dgate[f] = dgated[f] * up[f] * (sigmoid + silu * (1.0f - sigmoid));
        dup[f] = dgated[f] * silu;
    }
}

BODY void rotary_backward_body(float *heads, const float *angles, size_t H, size_t D) {
#pragma clang fp contract(fast)
    size_t half = D / 2;
    for (size_t h = 0; h < H; h++) {
        float *restrict first = heads + h * D;
        float *restrict second = first + half;
        for (size_t d = 0; d < half; d++) {
            float a = first[d];
            float b = second[d];
            first[d] = a * angles[d] + b * angles[half + d];
            second[d] = b * angles[d] - a * angles[half + d];
        }
    }
}

BODY float largest_of(const float *x, size_t count) {
    float largest = -INFINITY;
    for (size_t i = 0; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

BODY void softmax_body(float *scores, float scale, size_t visible, size_t count) {
#pragma clang fp contract(fast) reassociate(on)
    float largest = largest_of(scores, visible);
    float sum = 0;
    for (size_t i = 0; i < visible; i++) {
        scores[i] = exponential((scores[i] - largest) * scale);
        sum += scores[i];
    }
    float inverse = 1.0f / sum;
    for (size_t i = 0; i < visible; i++) scores[i] *= inverse;
    for (size_t i = visible; i < count; i++) scores[i] = 0;
}

BODY void softmax_backward_body(
    const float *shares, float *restrict dshares, float scale, size_t visible, size_t count) {
#pragma clang fp contract(fast) reassociate(on)
    float product = 0;
    for (size_t i = 0; i < visible; i++) product += shares[i] * dshares[i];
    for (size_t i = 0; i < visible; i++) dshares[i] = shares[i] * (dshares[i] - product) * scale;
    for (size_t i = visible; i < count; i++) dshares[i] = 0;
}

// In pieces, each summed in float and the pieces in double: a vocabulary has too many tokens for one float sum.
#define PIECE 1024

BODY void score_token_body(
    const float *logits, size_t V, size_t token, float inverse_temperature, grace_token_score *score) {
#pragma clang fp contract(fast) reassociate(on)
    float largest = largest_of(logits, V);
    double sum = 0;
    double weighted = 0;
    for (size_t first = 0; first < V; first += PIECE) {
        size_t end = first + PIECE < V ? first + PIECE : V;
        float piece = 0;
        float piece_weighted = 0;
        for (size_t v = first; v < end; v++) {
            float relative = (logits[v] - largest) * inverse_temperature;
            float power = exponential(relative);
            piece += power;
            piece_weighted += power * relative;
        }
        sum += piece;
        weighted += piece_weighted;
    }
    double log_sum = log(sum);
    score->largest = largest;
    score->log_sum = (float)log_sum;
    score->log_probability = (float)((double)((logits[token] - largest) * inverse_temperature) - log_sum);
    score->entropy = (float)(log_sum - weighted / sum);
}

BODY void score_token_backward_body(
    float *logits, size_t V, float inverse_temperature, const grace_token_score *score, float dlog_probability,
    float dentropy) {
#pragma clang fp contract(fast)
    float constant = -dlog_probability - dentropy * score->entropy;
    for (size_t v = 0; v < V; v++) {
        float log_share = (logits[v] - score->largest) * inverse_temperature - score->log_sum;
        logits[v] = exponential(log_share) * (constant - dentropy * log_share) * inverse_temperature;
    }
}

BODY void adamw_body(
    const grace_adamw_settings *s, float *restrict values, const float *gradients, float *restrict first,
    float *restrict second, size_t count) {
#pragma clang fp contract(fast)
    grace_adamw_settings settings = *s;
    for (size_t i = 0; i < count; i++) {
        float gradient = gradients[i] * settings.gradient_scale;
        float m = first[i] + (gradient - first[i]) * (1.0f - settings.beta1);
        float v = settings.beta2 * second[i] + (1.0f - settings.beta2) * gradient * gradient;
        first[i] = m;
        second[i] = v;
        float denominator = __builtin_sqrtf(v) / settings.correction2 + settings.epsilon;
        values[i] = values[i] * settings.decay - settings.step_size * m / denominator;
    }
}

BODY void square_sum_body(const float *values, size_t count, double *result) {
#pragma clang fp contract(fast) reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
    *result = sum;
}

BODY void dot_body(const float *x, const float *y, size_t count, float *result) {
#pragma clang fp contract(fast) reassociate(on)
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += x[i] * y[i];
    *result = sum;
}

BODY void add_scaled_body(float *restrict x, const float *y, float factor, size_t count) {
#pragma clang fp contract(fast)
    for (size_t i = 0; i < count; i++) x[i] += factor * y[i];
}

// A hash of a counter (Mueller's `lowbias32`, twice over, so that it has no sequence to go through).
BODY uint32_t mixed(uint32_t x) {
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

BODY void drop_out_body(
    const float *x, float *y, size_t count, float rate, uint32_t seed, uint32_t salt, uint32_t first) {
    float scale = 1.0f / (1.0f - rate);
    // 24 bits: as many as a float tells apart.
    uint32_t limit = (uint32_t)(rate * 0x1p24f);
    for (size_t i = 0; i < count; i++) {
        uint32_t draw = mixed(mixed((uint32_t)i + first ^ seed) + salt) >> 8;
        y[i] = draw < limit ? 0 : x[i] * scale;
    }
}

// MARK: - For each instruction set

KERNEL(rms_norm_backward,
    (const float *x, const float *gain, float epsilon, const float *dy, float *dx, float *dgain, size_t C),
    (x, gain, epsilon, dy, dx, dgain, C))
KERNEL(swiglu_backward,
    (const float *gate, const float *up, const float *dgated, float *gated, float *dgate, float *dup, size_t F),
    (gate, up, dgated, gated, dgate, dup, F))
KERNEL(rotary_backward, (float *heads, const float *angles, size_t H, size_t D), (heads, angles, H, D))
KERNEL(softmax, (float *scores, float scale, size_t visible, size_t count), (scores, scale, visible, count))
KERNEL(softmax_backward,
    (const float *shares, float *dshares, float scale, size_t visible, size_t count),
    (shares, dshares, scale, visible, count))
KERNEL(score_token,
    (const float *logits, size_t V, size_t token, float inverse_temperature, grace_token_score *score),
    (logits, V, token, inverse_temperature, score))
KERNEL(score_token_backward,
    (float *logits, size_t V, float inverse_temperature, const grace_token_score *score, float dlog_probability,
        float dentropy),
    (logits, V, inverse_temperature, score, dlog_probability, dentropy))
KERNEL(adamw,
    (const grace_adamw_settings *settings, float *values, const float *gradients, float *first, float *second,
        size_t count),
    (settings, values, gradients, first, second, count))
KERNEL(square_sum, (const float *values, size_t count, double *result), (values, count, result))
KERNEL(dot, (const float *x, const float *y, size_t count, float *result), (x, y, count, result))
KERNEL(add_scaled, (float *x, const float *y, float factor, size_t count), (x, y, factor, count))
KERNEL(drop_out,
    (const float *x, float *y, size_t count, float rate, uint32_t seed, uint32_t salt, uint32_t first),
    (x, y, count, rate, seed, salt, first))

void grace_rms_norm_backward(
    grace_kernels kernels, const float *x, const float *gain, float epsilon, const float *dy, float *dx, float *dgain,
    size_t C) {
    CALL(rms_norm_backward, (x, gain, epsilon, dy, dx, dgain, C))
}

void grace_swiglu_backward(
    grace_kernels kernels, const float *gate, const float *up, const float *dgated, float *gated, float *dgate,
    float *dup, size_t F) {
    CALL(swiglu_backward, (gate, up, dgated, gated, dgate, dup, F))
}

void grace_rotary_backward(grace_kernels kernels, float *heads, const float *angles, size_t H, size_t D) {
    CALL(rotary_backward, (heads, angles, H, D))
}

void grace_softmax(grace_kernels kernels, float *scores, float scale, size_t visible, size_t count) {
    CALL(softmax, (scores, scale, visible, count))
}

void grace_softmax_backward(
    grace_kernels kernels, const float *shares, float *dshares, float scale, size_t visible, size_t count) {
    CALL(softmax_backward, (shares, dshares, scale, visible, count))
}

grace_token_score grace_score_token(
    grace_kernels kernels, const float *logits, size_t V, size_t token, float inverse_temperature) {
    grace_token_score score;
    CALL(score_token, (logits, V, token, inverse_temperature, &score))
    return score;
}

void grace_score_token_backward(
    grace_kernels kernels, float *logits, size_t V, size_t token, float inverse_temperature, grace_token_score score,
    float dlog_probability, float dentropy) {
    CALL(score_token_backward, (logits, V, inverse_temperature, &score, dlog_probability, dentropy))
    logits[token] += dlog_probability * inverse_temperature;
}

void grace_adamw(
    grace_kernels kernels, const grace_adamw_settings *settings, float *values, const float *gradients, float *first,
    float *second, size_t count) {
    CALL(adamw, (settings, values, gradients, first, second, count))
}

double grace_square_sum(grace_kernels kernels, const float *values, size_t count) {
    double result;
    CALL(square_sum, (values, count, &result))
    return result;
}

float grace_dot(grace_kernels kernels, const float *x, const float *y, size_t count) {
    float result;
    CALL(dot, (x, y, count, &result))
    return result;
}

void grace_add_scaled(grace_kernels kernels, float *x, const float *y, float factor, size_t count) {
    CALL(add_scaled, (x, y, factor, count))
}

void grace_drop_out(
    grace_kernels kernels, const float *x, float *y, size_t count, float rate, unsigned long long seed,
    unsigned long long first) {
    uint32_t low = (uint32_t)seed;
    // The place may have more than 32 bits: its high ones make another seed.
    uint32_t salt = (uint32_t)(seed >> 32) + 0x9E3779B9u * (uint32_t)(first >> 32);
    CALL(drop_out, (x, y, count, rate, low, salt, (uint32_t)first))
}
