// Products with weights of few inputs: one body in plain C, on vectors that the compiler cuts to each instruction set's.

#include "narrow_product.h"

#include <stdbool.h>

#include "bfloat16.h"
#include "kernel_versions.h"

/// A panel's outputs, side by side.
typedef float lanes __attribute__((vector_size(GRACE_NARROW_PANEL * sizeof(float))));
typedef uint32_t words __attribute__((vector_size(GRACE_NARROW_PANEL * sizeof(uint32_t))));
typedef uint16_t halves __attribute__((vector_size(GRACE_NARROW_PANEL * sizeof(uint16_t))));

/// The most sums that are kept in registers together.
#define SUMS 8

/// How far ahead weights are asked for: one row waits for memory otherwise.
#define PREFETCHED_BYTES 8192

/// Unrolled, always: only then are the sums registers.
#define EACH_ROW _Pragma("clang loop unroll(full)") for (int m = 0; m < M; m++)
#define EACH_PANEL _Pragma("clang loop unroll(full)") for (int p = 0; p < P; p++)

/// Bytes of a panel.
BODY size_t panel_size(const bool is_half, size_t K) {
    return GRACE_NARROW_PANEL * K * (is_half ? sizeof(uint16_t) : sizeof(float));
}

size_t grace_narrow_size(grace_narrow_format format, size_t N, size_t K) {
    return grace_narrow_panel_count(N) * panel_size(format == GRACE_NARROW_BFLOAT16, K);
}

void grace_narrow_pack(grace_narrow_format format, const float *weights, size_t N, size_t K, void *panels) {
    memset(panels, 0, grace_narrow_size(format, N, K));
    for (size_t n = 0; n < N; n++) {
        for (size_t k = 0; k < K; k++) {
            size_t place = (n / GRACE_NARROW_PANEL * K + k) * GRACE_NARROW_PANEL + n % GRACE_NARROW_PANEL;
            float weight = weights[n * K + k];
            if (format == GRACE_NARROW_BFLOAT16) {
                ((uint16_t *)panels)[place] = grace_round_to_bfloat16(weight);
            } else {
                ((float *)panels)[place] = weight;
            }
        }
    }
}

/// The weights of one input. Through a pointer: vectors are passed differently where instruction sets differ.
BODY void load_weights(const bool is_half, const char *panel, size_t k, lanes *weights) {
    if (!is_half) {
        memcpy(weights, panel + k * sizeof *weights, sizeof *weights);
        return;
    }
    halves stored;
    memcpy(&stored, panel + k * sizeof stored, sizeof stored);
    words widened = __builtin_convertvector(stored, words) << 16;
    memcpy(weights, &widened, sizeof *weights);
}

/// M rows of P full panels, `SUMS` products at most: so many that none waits for its own last sum.
BODY void add_block(
    const bool is_half, const int M, const int P, const char *panels, const float *rows, size_t stride, float *output,
    size_t output_stride, size_t K) {
#pragma clang fp contract(fast)
    lanes sums[SUMS];
    EACH_PANEL EACH_ROW sums[p * M + m] = (lanes){0};
    for (size_t k = 0; k < K; k++) {
        EACH_PANEL {
            lanes weights;
            const char *panel = panels + (size_t)p * panel_size(is_half, K);
            __builtin_prefetch(panel + k * (is_half ? sizeof(halves) : sizeof(lanes)) + PREFETCHED_BYTES);
            load_weights(is_half, panel, k, &weights);
            EACH_ROW sums[p * M + m] += rows[(size_t)m * stride + k] * weights;
        }
    }
    EACH_PANEL EACH_ROW {
        float *place = output + (size_t)m * output_stride + p * GRACE_NARROW_PANEL;
        lanes before;
        memcpy(&before, place, sizeof before);
        before += sums[p * M + m];
        memcpy(place, &before, sizeof before);
    }
}

/// M rows of the panels from `first` up to `end`, `sums` products at once.
BODY void add_rows(
    const bool is_half, const int M, const int sums, const char *panels, const float *rows, size_t stride, float *output,
    size_t N, size_t K, size_t first, size_t end) {
    const size_t step = (size_t)(sums / M);
    size_t full_end = N / GRACE_NARROW_PANEL < end ? N / GRACE_NARROW_PANEL : end;
    size_t index = first;
    for (; index + step <= full_end; index += step) {
        add_block(
            is_half, M, sums / M, panels + index * panel_size(is_half, K), rows, stride,
            output + index * GRACE_NARROW_PANEL, N, K);
    }
    for (; index < full_end; index++) {
        add_block(
            is_half, M, 1, panels + index * panel_size(is_half, K), rows, stride, output + index * GRACE_NARROW_PANEL, N,
            K);
    }
    if (index < end) {
        // The last panel has outputs that are not there: through rows of its own.
        float full[SUMS * GRACE_NARROW_PANEL] = {0};
        float *place = output + index * GRACE_NARROW_PANEL;
        size_t size = (N - index * GRACE_NARROW_PANEL) * sizeof(float);
        for (int m = 0; m < M; m++) memcpy(full + m * GRACE_NARROW_PANEL, place + (size_t)m * N, size);
        add_block(
            is_half, M, 1, panels + index * panel_size(is_half, K), rows, stride, full, GRACE_NARROW_PANEL, K);
        for (int m = 0; m < M; m++) memcpy(place + (size_t)m * N, full + m * GRACE_NARROW_PANEL, size);
    }
}

/// Any number of rows, `sums` products at once, a power of two: as many as an instruction set has registers for.
BODY void add_panels(
    const bool is_half, const int sums, const void *panels, const float *rows, size_t stride, float *output, size_t M,
    size_t N, size_t K, size_t first, size_t end) {
    size_t m = 0;
    for (int count = sums; count > 0; count /= 2) {
        for (; m + (size_t)count <= M; m += (size_t)count) {
            const float *input = rows + m * stride;
            float *place = output + m * N;
            switch (count) {
            case 8: add_rows(is_half, 8, sums, panels, input, stride, place, N, K, first, end); break;
            case 4: add_rows(is_half, 4, sums, panels, input, stride, place, N, K, first, end); break;
            case 2: add_rows(is_half, 2, sums, panels, input, stride, place, N, K, first, end); break;
            default: add_rows(is_half, 1, sums, panels, input, stride, place, N, K, first, end);
            }
        }
    }
}

// MARK: - For each instruction set

#define PARAMETERS                                                                                                    \
    const void *panels, const float *rows, size_t stride, float *output, size_t M, size_t N, size_t K, size_t first,   \
        size_t end
#define ARGUMENTS panels, rows, stride, output, M, N, K, first, end

/// Defines `add_<format>_<set>`.
#define VERSION(TARGET, set, sums)                                                                                    \
    TARGET static void add_float32_##set(PARAMETERS) { add_panels(false, sums, ARGUMENTS); }                          \
    TARGET static void add_bfloat16_##set(PARAMETERS) { add_panels(true, sums, ARGUMENTS); }

VERSION(, portable, 2)
#if defined(__x86_64__)
VERSION(AVX2, avx2, 4)
VERSION(AVX512, avx512, 8)
#endif

void grace_narrow_add(
    grace_kernels kernels, grace_narrow_format format, const void *panels, const float *rows, size_t stride, float *output,
    size_t M, size_t N, size_t K, size_t first, size_t end) {
    if (format == GRACE_NARROW_BFLOAT16) {
        CALL(add_bfloat16, (ARGUMENTS))
    } else {
        CALL(add_float32, (ARGUMENTS))
    }
}
