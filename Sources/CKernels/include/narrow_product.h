#ifndef GRACE_NARROW_PRODUCT_H
#define GRACE_NARROW_PRODUCT_H

#include <stddef.h>

#include "kernel_choice.h"

// Products with weights of few inputs, added to what is there: the second factor of a low-rank update. N outputs, K inputs of
// a linear layer, M rows. A weight is cut into panels of 16 outputs, `[panels, K, 16]`; K is not filled up, for it is less
// than a step of the other products.

/// Outputs of a panel.
#define GRACE_NARROW_PANEL 16

/// How the weights are stored. Inputs and sums are float32.
typedef enum {
    GRACE_NARROW_FLOAT32 = 0,
    GRACE_NARROW_BFLOAT16 = 1,
} grace_narrow_format;

/// Panels of N outputs; the last may not be full.
static inline size_t grace_narrow_panel_count(size_t N) { return (N + GRACE_NARROW_PANEL - 1) / GRACE_NARROW_PANEL; }

/// Bytes of all panels.
size_t grace_narrow_size(grace_narrow_format format, size_t N, size_t K);

/// Packs `[N, K]` float32. `panels` is aligned to 64 bytes.
void grace_narrow_pack(grace_narrow_format format, const float *weights, size_t N, size_t K, void *panels);

/// `output[M, N] += rows[M, K] x weight[N, K]^T` for the panels from `first` up to `end`; rows of input are `stride` apart,
/// those of output N.
///
/// Each sum runs over K in order, and is then added: bits do not depend on M, `first` or `end`.
void grace_narrow_add(
    grace_kernels kernels, grace_narrow_format format, const void *panels, const float *rows, size_t stride, float *output,
    size_t M, size_t N, size_t K, size_t first, size_t end);

#endif
