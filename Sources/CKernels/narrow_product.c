// Products with weights of few inputs: one body in plain C, on vectors that the compiler cuts to each instruction set's.

#include "narrow_product.h"

#include <stdbool.h>

#include "bfloat16.h"
#include "kernel_versions.h"

/// A panel's outputs, side by side.
typedef float lanes __attribute__((vector_size(GRACE_NARROW_PANEL * sizeof(float))));
typedef uint32_t words __attribute__((vector_size(GRACE_NARROW_PANEL * sizeof(uint32_t))));
typedef uint16_t halves __attribute__((vector_size(GRACE_NARROW_PANEL * sizeof(uint16_t))));

/// Rows whose sums are kept in registers together: as many as AVX2 has room for.
#define ROWS 4

/// Unrolled, always: only then are the sums registers.
#define EACH_ROW(M) _Pragma("clang loop unroll(full)") for (int m = 0; m < M; m++)

static size_t element_size(grace_narrow_format format) {
    return format == GRACE_NARROW_BFLOAT16 ? sizeof(uint16_t) : sizeof(float);
}

size_t grace_narrow_size(grace_narrow_format format, size_t N, size_t K) {
    return grace_narrow_panel_count(N) * GRACE_NARROW_PANEL * K * element_size(format);
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
BODY void load_weights(const bool is_half, const void *panel, size_t k, lanes *weights) {
    if (!is_half) {
        memcpy(weights, (const float *)panel + k * GRACE_NARROW_PANEL, sizeof *weights);
        return;
    }
    halves stored;
    memcpy(&stored, (const uint16_t *)panel + k * GRACE_NARROW_PANEL, sizeof stored);
    words widened = __builtin_convertvector(stored, words) << 16;
    memcpy(weights, &widened, sizeof *weights);
}

/// M rows of one full panel.
BODY void add_rows(
    const bool is_half, const int M, const void *panel, const float *rows, size_t stride, float *output,
    size_t output_stride, size_t K) {
#pragma clang fp contract(fast)
    lanes sums[ROWS];
    EACH_ROW(M) sums[m] = (lanes){0};
    for (size_t k = 0; k < K; k++) {
        lanes weights;
        load_weights(is_half, panel, k, &weights);
        EACH_ROW(M) sums[m] += rows[(size_t)m * stride + k] * weights;
    }
    EACH_ROW(M) {
        float *place = output + (size_t)m * output_stride;
        lanes before;
        memcpy(&before, place, sizeof before);
        before += sums[m];
        memcpy(place, &before, sizeof before);
    }
}

BODY void add_panel(
    const bool is_half, const void *panel, const float *rows, size_t stride, float *output, size_t output_stride, size_t M,
    size_t K) {
    size_t m = 0;
    for (; m + ROWS <= M; m += ROWS) {
        add_rows(is_half, ROWS, panel, rows + m * stride, stride, output + m * output_stride, output_stride, K);
    }
    for (; m < M; m++) {
        add_rows(is_half, 1, panel, rows + m * stride, stride, output + m * output_stride, output_stride, K);
    }
}

BODY void add_panels(
    const bool is_half, const void *panels, const float *rows, size_t stride, float *output, size_t M, size_t N, size_t K,
    size_t first, size_t end) {
    size_t panel_size = GRACE_NARROW_PANEL * K * (is_half ? sizeof(uint16_t) : sizeof(float));
    for (size_t index = first; index < end; index++) {
        const char *panel = (const char *)panels + index * panel_size;
        float *place = output + index * GRACE_NARROW_PANEL;
        size_t left = N - index * GRACE_NARROW_PANEL;
        if (left >= GRACE_NARROW_PANEL) {
            add_panel(is_half, panel, rows, stride, place, N, M, K);
            continue;
        }
        // The last panel has outputs that are not there: through a row of its own, one row at a time.
        for (size_t m = 0; m < M; m++) {
            float full[GRACE_NARROW_PANEL] = {0};
            memcpy(full, place + m * N, left * sizeof(float));
            add_panel(is_half, panel, rows + m * stride, stride, full, GRACE_NARROW_PANEL, 1, K);
            memcpy(place + m * N, full, left * sizeof(float));
        }
    }
}

// MARK: - For each instruction set

#define PARAMETERS                                                                                                    \
    (const void *panels, const float *rows, size_t stride, float *output, size_t M, size_t N, size_t K, size_t first, \
     size_t end)
#define ARGUMENTS (panels, rows, stride, output, M, N, K, first, end)

BODY void add_float32_body PARAMETERS { add_panels(false, panels, rows, stride, output, M, N, K, first, end); }
BODY void add_bfloat16_body PARAMETERS { add_panels(true, panels, rows, stride, output, M, N, K, first, end); }

KERNEL(add_float32, PARAMETERS, ARGUMENTS)
KERNEL(add_bfloat16, PARAMETERS, ARGUMENTS)

void grace_narrow_add(
    grace_kernels kernels, grace_narrow_format format, const void *panels, const float *rows, size_t stride, float *output,
    size_t M, size_t N, size_t K, size_t first, size_t end) {
    if (format == GRACE_NARROW_BFLOAT16) {
        CALL(add_bfloat16, ARGUMENTS)
    } else {
        CALL(add_float32, ARGUMENTS)
    }
}
