#include "panel_product.h"

#include <stdbool.h>
#include <string.h>

/// M rows of one panel: full blocks, and the last two evenly, for small ones wait for their own sums.
static void multiply_panel(
    grace_block_kernels kernels, const grace_panel_product *product, const char *panel, const char *rows, size_t M,
    float *output, size_t output_stride, bool is_last) {
    size_t steps = grace_steps(product->K);
    // The blocks share out the next panel.
    size_t blocks = (M + kernels.count - 1) / kernels.count;
    // After the last panel come other things.
    size_t size = is_last ? 0 : product->panel_size;
    size_t share = (size / 64 + steps * blocks - 1) / (steps * blocks);
    grace_prefetch ahead = {panel + product->panel_size, share};
    const char *end = ahead.place + size;
    for (size_t m = 0; m < M;) {
        size_t left = M - m;
        size_t block = left <= kernels.count ? left : left >= 2 * kernels.count ? kernels.count : (left + 1) / 2;
        kernels.blocks[block - 1](
            panel, rows + m * product->row_size, product->row_size, output + m * output_stride, output_stride, steps,
            ahead);
        ahead.place += share * steps * 64;
        if (ahead.place >= end) ahead.lines = 0;
        m += block;
    }
}

void grace_multiply_panels(grace_block_kernels kernels, grace_panel_product product, size_t first, size_t end) {
    const char *rows = product.rows;
    for (size_t index = first; index < end; index++) {
        const char *panel = (const char *)product.panels + index * product.panel_size;
        size_t n = index * GRACE_PANEL;
        if (n + GRACE_PANEL <= product.N) {
            bool is_last = n + GRACE_PANEL == product.N;
            multiply_panel(kernels, &product, panel, rows, product.M, product.output + n, product.N, is_last);
            continue;
        }
        // The last panel has outputs that are not there: through rows of its own.
        float sums[GRACE_BLOCK_LIMIT * GRACE_PANEL];
        for (size_t m = 0; m < product.M; m += kernels.count) {
            size_t count = product.M - m < kernels.count ? product.M - m : kernels.count;
            multiply_panel(kernels, &product, panel, rows + m * product.row_size, count, sums, GRACE_PANEL, true);
            for (size_t row = 0; row < count; row++) {
                memcpy(
                    product.output + (m + row) * product.N + n, sums + row * GRACE_PANEL,
                    (product.N - n) * sizeof(float));
            }
        }
    }
}
