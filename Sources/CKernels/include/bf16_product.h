#ifndef GRACE_BF16_PRODUCT_H
#define GRACE_BF16_PRODUCT_H

#include <stdint.h>

#include "kernel_choice.h"
#include "weight_panel.h"

// Products with bfloat16 weights. M rows of activations, N outputs, K inputs of a linear layer.

/// Elements of a rounded row of K columns.
static inline size_t grace_bf16_row_count(size_t K) { return grace_steps(K) * GRACE_COLUMNS; }

/// Bytes of a packed panel.
static inline size_t grace_bf16_panel_size(size_t K) {
    return grace_bf16_row_count(K) * GRACE_PANEL * sizeof(uint16_t);
}

/// Rounds `count` outputs, `[count, K]` float32, at most 32 of them, and packs them to `[pairs, 32, 2]` bfloat16: the pairs
/// of 32 outputs side by side, as a dot product of pairs takes them. `panel` is aligned to 64 bytes.
void grace_bf16_pack_panel(const float *weights, size_t count, size_t K, void *panel);

/// One output of a panel, as it is computed with: K float32.
void grace_bf16_unpack(const void *panel, size_t lane, size_t K, float *weights);

/// Rounds M rows of K float32, `stride` apart, to bfloat16, to the nearest and ties to even: `[M, K]`, with K made a
/// multiple of the step.
void grace_bf16_round_rows(grace_kernels kernels, const float *rows, size_t M, size_t K, size_t stride, uint16_t *rounded);

/// `output[M, N] = rows[M, K] x weight[N, K]^T` for the panels from `first` up to `end`, accumulated in float32.
///
/// Every element is one sum in the order of K, whatever M, `first` and `end` are: a row has the same bits alone and among
/// others.
void grace_bf16_multiply(
    grace_kernels kernels, const void *panels, const uint16_t *rows, float *output, size_t M, size_t N, size_t K,
    size_t first, size_t end);

#endif
