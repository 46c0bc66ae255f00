#ifndef GRACE_SAMPLING_KERNELS_H
#define GRACE_SAMPLING_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_choice.h"

// Kernels of one row of V logits. Every instruction set gives the same bits: nothing is contracted, and every sum has an
// order of its own. So a seed draws the same tokens from the same logits on every machine.

/// The first of the largest logits; false where one is NaN or the largest is not finite. V is not 0.
bool grace_find_largest(grace_kernels kernels, const float *logits, size_t V, size_t *index);

/// `weights = exp((logits - largest) / temperature)`, `[V]`, and their sum.
double grace_weigh(
    grace_kernels kernels, const float *logits, size_t V, float largest, float temperature, float *weights);

/// The element at which the running sum of weights passes `target`; where rounding keeps it from that, the last weight over
/// 0, of which there is at least one.
size_t grace_find_sum(grace_kernels kernels, const float *weights, size_t V, double target);

/// Writes the indices of the weights that are at least `least`, ascending, to `indices`, `[V]`, and returns their number.
size_t grace_list_weights(const float *weights, size_t V, float least, uint32_t *indices);

#endif
