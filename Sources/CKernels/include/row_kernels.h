#ifndef GRACE_ROW_KERNELS_H
#define GRACE_ROW_KERNELS_H

#include <stddef.h>

#include "kernel_choice.h"

// Kernels of one row: what is not a product with a weight. A row's bits depend on that row alone.

/// `y = x / sqrt(mean(x^2) + epsilon) * gain`, C channels; `y` may be `x`.
void grace_rms_norm(grace_kernels kernels, const float *x, const float *gain, float epsilon, float *y, size_t C);

/// `x = x + y`, C channels.
void grace_add(grace_kernels kernels, float *x, const float *y, size_t C);

/// `gate = gate / (1 + exp(-gate)) * up`, F channels.
void grace_swiglu(grace_kernels kernels, float *gate, const float *up, size_t F);

/// Turns each of H heads of D channels by the row's angles, `[D / 2]` cosines and `[D / 2]` sines: channel i with channel
/// i + D / 2.
void grace_rotary(grace_kernels kernels, float *heads, const float *angles, size_t H, size_t D);

#endif
