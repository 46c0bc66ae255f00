#ifndef GRACE_INT4_PRODUCT_H
#define GRACE_INT4_PRODUCT_H

#include <stdbool.h>

#include "quantized_rows.h"
#include "weight_panel.h"

// Products with int4 weights in groups of 32 columns: a weight is `quant * scale + minimum`, quants 0 to 15, scale and
// minimum of each group of each output in float16. N outputs, K inputs of a linear layer, M rows.

/// Columns that share a scale and a minimum.
#define GRACE_INT4_GROUP 32

/// Bytes of a panel's group: 32 scales, 32 minimums, then the quants as `[8, 16, 4]` bytes, quads of two outputs to four
/// bytes: low halves are the quad of the first 16 outputs, high halves that of the others.
#define GRACE_INT4_GROUP_SIZE (GRACE_PANEL * 2 + GRACE_PANEL * 2 + GRACE_PANEL * GRACE_INT4_GROUP / 2)

/// Bytes of a packed panel: as many columns as the groups of the activations have.
static inline size_t grace_int4_panel_size(size_t K) {
    return grace_steps(K) * (GRACE_COLUMNS / GRACE_INT4_GROUP) * GRACE_INT4_GROUP_SIZE;
}

/// Quantises `count` outputs, `[count, K]` float32, at most 32 of them, and packs them. The least weight of a group becomes
/// its minimum and 0, the largest 15. `panel` is aligned to 64 bytes.
void grace_int4_pack_panel(const float *weights, size_t count, size_t K, void *panel);

/// Packs `count` outputs, at most 32, from ggml's blocks of 32 weights without loss: Q4_1 (`has_minimum`: scale, minimum,
/// 16 bytes) or Q4_0 (scale, 16 bytes; quants are 8 too high). Output `i` has its blocks at `rows[i]`, unaligned; K is a
/// multiple of 32.
///
/// Returns false, with an unfinished panel, if a scale or a minimum is not finite in float16: `-8 * scale` of Q4_0 may be
/// beyond it.
bool grace_int4_pack_blocks(const void *const *rows, size_t count, size_t K, bool has_minimum, void *panel);

/// The same from ggml's blocks of 256 weights, Q4_K: float16 scale and scale of minimums, twelve bytes with a scale and a
/// minimum of six bits for each group of 32, 128 bytes of quants. K is a multiple of 256.
///
/// Quants stay as they are; a group's scale and minimum, products of a float16 and six bits, are rounded to float16.
bool grace_int4_pack_super_blocks(const void *const *rows, size_t count, size_t K, void *panel);

/// One output of a panel, as it is computed with: K float32.
void grace_int4_unpack(const void *panel, size_t lane, size_t K, float *weights);

/// `output[M, N] = rows[M, K] x weight[N, K]^T` for the panels from `first` up to `end`; rows of `output` are N apart.
///
/// Products of a group are exact; their sum runs in float32, group after group. So bits do not depend on M, `first`, `end` or
/// the instruction set.
void grace_int4_multiply(
    grace_kernels kernels, const void *panels, const grace_quantized_group *rows, float *output, size_t M, size_t N,
    size_t K, size_t first, size_t end);

#endif
