#ifndef GRACE_INT8_PRODUCT_H
#define GRACE_INT8_PRODUCT_H

#include "quantized_rows.h"
#include "weight_panel.h"

// Products with int8 weights, one scale an output. N outputs, K inputs of a linear layer, M rows.

/// Bytes of a packed panel: the quants as `[groups * 16, 32, 4]`, then 32 scales.
static inline size_t grace_int8_panel_size(size_t K) {
    return grace_steps(K) * GRACE_COLUMNS * GRACE_PANEL + GRACE_PANEL * sizeof(float);
}

/// Quantises `count` outputs, `[count, K]` float32, at most 32 of them, and packs them: quads of 32 outputs side by side, as
/// a dot product of quads takes them. An output's largest weight becomes 127 or -127; quants are stored 128 too high, for
/// that product takes them unsigned. `panel` is aligned to 64 bytes.
void grace_int8_pack_panel(const float *weights, size_t count, size_t K, void *panel);

/// One output of a panel, as it is computed with: K float32.
void grace_int8_unpack(const void *panel, size_t lane, size_t K, float *weights);

/// `output[M, N] = rows[M, K] x weight[N, K]^T` for the panels from `first` up to `end`; rows of `output` are N apart.
///
/// Products of a group are exact; their sum runs in float32, group after group. So bits do not depend on M, `first`, `end` or
/// the instruction set.
void grace_int8_multiply(
    grace_kernels kernels, const void *panels, const grace_quantized_group *rows, float *output, size_t M, size_t N,
    size_t K, size_t first, size_t end);

#endif
