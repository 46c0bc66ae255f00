#ifndef GRACE_BF16_PRODUCT_H
#define GRACE_BF16_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "kernel_choice.h"

// Products with bfloat16 weights. M rows of activations, N outputs, K inputs of a linear layer.

/// Outputs of one panel of packed weights.
#define GRACE_BF16_PANEL 32

/// Elements of `[N, K]` packed: whole panels, whole pairs, zeros where there is nothing.
static inline size_t grace_bf16_packed_count(size_t N, size_t K) {
    return (N + GRACE_BF16_PANEL - 1) / GRACE_BF16_PANEL * GRACE_BF16_PANEL * ((K + 1) / 2 * 2);
}

/// Packs one panel, rows `32 * panel` up to `32 * panel + 32` of `weight`, `[N, K]` float32, to `[K / 2, 32, 2]` bfloat16:
/// the pairs of 32 outputs side by side, as a dot product of pairs takes them. `packed` is the panel's own place.
void grace_bf16_pack_panel(const float *weight, size_t N, size_t K, size_t panel, uint16_t *packed);

/// Rounds M rows of K float32, `stride` apart, to bfloat16, to the nearest and ties to even: `[M, K]`, with K made even.
void grace_bf16_round_rows(grace_kernels kernels, const float *rows, size_t M, size_t K, size_t stride, uint16_t *rounded);

/// `output[M, N] = rows[M, K] x weight[N, K]^T` for the panels from `first` up to `end`, accumulated in float32.
///
/// Every element is one sum in the order of K, whatever M, `first` and `end` are: a row has the same bits alone and among
/// others.
void grace_bf16_multiply(
    grace_kernels kernels, const uint16_t *packed, const uint16_t *rows, float *output, size_t M, size_t N, size_t K,
    size_t first, size_t end);

#endif
