// The vectors here have a fixed number of lanes, whatever the width of the registers: so sums have a fixed order.

#include "sampling_kernels.h"

#include "kernel_versions.h"

// Vectors are passed between functions that are all inlined: there is no interface to change.
#pragma clang diagnostic ignored "-Wpsabi"

DEFINE_EXPONENTIAL(exponential, off)

#define LANES 16
/// Elements that are looked at together: far fewer than a vocabulary, and a multiple of the lanes.
#define BLOCK 256

typedef float vector __attribute__((vector_size(LANES * 4), aligned(4)));
typedef int32_t mask __attribute__((vector_size(LANES * 4)));
typedef double sums __attribute__((vector_size(LANES * 8)));

BODY size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// The largest of `count` numbers; `has_nan` is set where one is NaN, and the largest is then any of them.
BODY float maximum(const float *numbers, size_t count, bool *has_nan) {
    float largest = numbers[0];
    size_t whole = count / LANES * LANES;
    if (whole > 0) {
        vector lanes = *(const vector *)numbers;
        mask nans = lanes != lanes;
        for (size_t i = LANES; i < whole; i += LANES) {
            vector next = *(const vector *)(numbers + i);
            nans |= next != next;
            lanes = __builtin_elementwise_max(lanes, next);
        }
        largest = __builtin_reduce_max(lanes);
        *has_nan |= __builtin_reduce_or(nans) != 0;
    }
    for (size_t i = whole; i < count; i++) {
        *has_nan |= numbers[i] != numbers[i];
        largest = numbers[i] > largest ? numbers[i] : largest;
    }
    return largest;
}

BODY void find_largest_body(const float *logits, size_t V, size_t *index, bool *is_found) {
    float largest = logits[0];
    size_t block = 0;
    bool has_nan = false;
    for (size_t start = 0; start < V; start += BLOCK) {
        float next = maximum(logits + start, smaller(BLOCK, V - start), &has_nan);
        if (next > largest) {
            largest = next;
            block = start;
        }
    }
    *is_found = !has_nan && __builtin_isfinite(largest);
    if (*is_found) {
        *index = block;
        while (logits[*index] != largest) (*index)++;
    }
}

/// The sum of up to a block of numbers: lane by lane, then the lanes in their order.
BODY double sum(const float *numbers, size_t count) {
#pragma clang fp contract(off) reassociate(off)
    sums lanes = {0};
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        lanes += __builtin_convertvector(*(const vector *)(numbers + i), sums);
    }
    for (size_t i = whole; i < count; i++) lanes[i - whole] += (double)numbers[i];
    double total = 0;
    for (size_t l = 0; l < LANES; l++) total += lanes[l];
    return total;
}

BODY void weigh_body(
    const float *logits, size_t V, float largest, float temperature, float *weights, double *total) {
#pragma clang fp contract(off) reassociate(off)
    *total = 0;
    for (size_t start = 0; start < V; start += BLOCK) {
        size_t end = start + smaller(BLOCK, V - start);
        for (size_t v = start; v < end; v++) weights[v] = exponential((logits[v] - largest) / temperature);
        *total += sum(weights + start, end - start);
    }
}

BODY void find_sum_body(const float *weights, size_t V, double target, size_t *index) {
#pragma clang fp contract(off) reassociate(off)
    size_t end = V;
    for (size_t start = 0; start < V; start += BLOCK) {
        size_t count = smaller(BLOCK, V - start);
        double left = target - sum(weights + start, count);
        if (left < 0) {
            end = start + count;
            for (size_t v = start; v < end; v++) {
                target -= (double)weights[v];
                if (target < 0) {
                    *index = v;
                    return;
                }
            }
            break;
        }
        target = left;
    }
    *index = end - 1;
    while (weights[*index] <= 0 && *index > 0) (*index)--;
}

KERNEL(
    find_largest, (const float *logits, size_t V, size_t *index, bool *is_found), (logits, V, index, is_found))
KERNEL(
    weigh, (const float *logits, size_t V, float largest, float temperature, float *weights, double *total),
    (logits, V, largest, temperature, weights, total))
KERNEL(find_sum, (const float *weights, size_t V, double target, size_t *index), (weights, V, target, index))

bool grace_find_largest(grace_kernels kernels, const float *logits, size_t V, size_t *index) {
    bool is_found = false;
    CALL(find_largest, (logits, V, index, &is_found))
    return is_found;
}

double grace_weigh(
    grace_kernels kernels, const float *logits, size_t V, float largest, float temperature, float *weights) {
    double total = 0;
    CALL(weigh, (logits, V, largest, temperature, weights, &total))
    return total;
}

size_t grace_find_sum(grace_kernels kernels, const float *weights, size_t V, double target) {
    size_t index = 0;
    CALL(find_sum, (weights, V, target, &index))
    return index;
}

size_t grace_list_weights(const float *weights, size_t V, float least, uint32_t *indices) {
    size_t count = 0;
    for (size_t v = 0; v < V; v++) {
        // Without a branch: whether a weight is listed cannot be foreseen.
        indices[count] = (uint32_t)v;
        count += weights[v] >= least;
    }
    return count;
}
