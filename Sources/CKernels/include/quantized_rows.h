#ifndef GRACE_QUANTIZED_ROWS_H
#define GRACE_QUANTIZED_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel_choice.h"
#include "weight_panel.h"

// The activations of products with int8 and int4 weights.

/// 64 columns of one row under one scale, with the sums that products need to take off what their weights are shifted by.
typedef struct {
    /// -127 to 127; zeros behind the last column.
    int8_t quants[GRACE_COLUMNS];
    /// A column is its quant times this, about.
    float scale;
    /// -128 times the sum of the quants: int8 weights are stored 128 too high.
    int32_t start;
    /// The sum of the quants of each half.
    float half_sums[2];
} grace_quantized_group;

/// Quantises M rows of K float32, `stride` apart, to `[M, groups]`: the largest column of a group becomes 127 or -127, and
/// the others are rounded to the nearest. The same bits on every instruction set.
///
/// A group of numbers that are all below 1e-30 becomes zeros; one with a number that is not finite gets a scale that is not
/// a number, so that what is computed from it is none either.
void grace_quantize_rows(
    grace_kernels kernels, const float *rows, size_t M, size_t K, size_t stride, grace_quantized_group *quantized);

#endif
