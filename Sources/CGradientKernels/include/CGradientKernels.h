#ifndef C_GRADIENT_KERNELS_H
#define C_GRADIENT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel_choice.h"

// The way back through the kernels of a row, and what training needs besides. A row's bits depend on that row alone.

/// Of `y = x / sqrt(mean(x^2) + epsilon) * gain`, C channels: adds to `dx`, and to `dgain` unless that is null.
void grace_rms_norm_backward(
    grace_kernels kernels, const float *x, const float *gain, float epsilon, const float *dy, float *dx, float *dgain,
    size_t C);

/// Of `gated = gate / (1 + exp(-gate)) * up`, F channels: writes `dgate`, `dup`, and `gated` once more.
void grace_swiglu_backward(
    grace_kernels kernels, const float *gate, const float *up, const float *dgated, float *gated, float *dgate,
    float *dup, size_t F);

/// Turns each of H heads of D channels back by the row's angles, `[D / 2]` cosines and `[D / 2]` sines.
void grace_rotary_backward(grace_kernels kernels, float *heads, const float *angles, size_t H, size_t D);

/// The shares of `visible` of `count` scores times `scale`; 0 for the others.
void grace_softmax(grace_kernels kernels, float *scores, float scale, size_t visible, size_t count);

/// Of those shares: `dscores = shares * (dshares - sum(shares * dshares)) * scale`, in the place of `dshares`.
void grace_softmax_backward(
    grace_kernels kernels, const float *shares, float *dshares, float scale, size_t visible, size_t count);

/// What a row of V logits, times `inverse_temperature`, says of one token.
typedef struct {
    /// The largest of them, and the logarithm of the sum of exponentials relative to it.
    float largest;
    float log_sum;
    /// The token's.
    float log_probability;
    /// Of the distribution, in nats.
    float entropy;
} grace_token_score;

grace_token_score grace_score_token(
    grace_kernels kernels, const float *logits, size_t V, size_t token, float inverse_temperature);

/// Writes the gradient over the logits: of the token's log-probability times `dlog_probability`, and of the entropy times
/// `dentropy`.
void grace_score_token_backward(
    grace_kernels kernels, float *logits, size_t V, size_t token, float inverse_temperature, grace_token_score score,
    float dlog_probability, float dentropy);

/// The settings of one step of AdamW.
typedef struct {
    /// The learning rate over the first moment's correction of bias.
    float step_size;
    /// 1 - learning rate times decay.
    float decay;
    float beta1;
    float beta2;
    float epsilon;
    /// The square root of the second moment's correction of bias.
    float correction2;
    /// What gradients are multiplied with first.
    float gradient_scale;
} grace_adamw_settings;

/// One step of AdamW (Loshchilov and Hutter, as PyTorch computes it) over `count` numbers.
void grace_adamw(
    grace_kernels kernels, const grace_adamw_settings *settings, float *values, const float *gradients, float *first,
    float *second, size_t count);

/// The sum of squares in double precision.
double grace_square_sum(grace_kernels kernels, const float *values, size_t count);

/// The product of two vectors.
float grace_dot(grace_kernels kernels, const float *x, const float *y, size_t count);

/// `x = x + factor * y`
void grace_add_scaled(grace_kernels kernels, float *x, const float *y, float factor, size_t count);

/// Keeps each number with probability `1 - rate` and divides it by that, else makes it 0. Which are kept depends on the
/// seed and the number's place, `first` on, alone: the way back drops the same.
void grace_drop_out(
    grace_kernels kernels, const float *x, float *y, size_t count, float rate, unsigned long long seed,
    unsigned long long first);

#endif
