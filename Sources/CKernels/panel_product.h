#ifndef GRACE_PANEL_PRODUCT_H
#define GRACE_PANEL_PRODUCT_H

#include <stddef.h>

#include "kernel_choice.h"
#include "weight_panel.h"

// What products with packed weights of every format share: cutting rows into blocks and panels into ranges.

#define INLINE static inline __attribute__((always_inline))

/// Unrolled, always: only then are the sums registers.
#define EACH_ROW(M) _Pragma("clang loop unroll(full)") for (int m = 0; m < M; m++)

/// What a kernel asks for while it computes: a share of the next panel, which waits for memory otherwise.
typedef struct {
    const char *place;
    /// Cache lines, for each step.
    size_t lines;
} grace_prefetch;

/// Asks for the share of one step.
INLINE void prefetch_share(grace_prefetch *ahead) {
    for (size_t line = 0; line < ahead->lines; line++, ahead->place += 64) __builtin_prefetch(ahead->place);
}

/// The parameters of a kernel: one panel, a few rows of input, `row_size` bytes apart, and of output, `output_stride` floats
/// apart, and the steps over K. And how a kernel passes them on to the body that is inlined into it.
#define PARAMETERS                                                                                                    \
    const void *panel, const void *rows, size_t row_size, float *output, size_t output_stride, size_t steps,          \
        grace_prefetch ahead
#define ARGUMENTS panel, rows, row_size, output, output_stride, steps, ahead

/// Multiplies as many rows as it is written for with the 32 outputs of one panel.
typedef void (*grace_block_kernel)(PARAMETERS);

/// The most rows that any kernel is written for.
#define GRACE_BLOCK_LIMIT 12

/// The kernels of one format and instruction set, for 1 up to `count` rows.
typedef struct {
    const grace_block_kernel *blocks;
    size_t count;
} grace_block_kernels;

/// Defines `<name>_<M>`, the kernel for M rows, by the body `<name>_rows`.
#define BLOCK(SET, name, M) SET static void name##_##M(PARAMETERS) { name##_rows(M, ARGUMENTS); }
#define BLOCKS_TO_3(SET, name) BLOCK(SET, name, 1) BLOCK(SET, name, 2) BLOCK(SET, name, 3)
#define BLOCKS_TO_6(SET, name) BLOCKS_TO_3(SET, name) BLOCK(SET, name, 4) BLOCK(SET, name, 5) BLOCK(SET, name, 6)

/// All kernels of an array.
#define ALL_OF(blocks) {blocks, sizeof blocks / sizeof blocks[0]}

/// Kernels by instruction set: two are of the format's own choice, the others are called the same everywhere.
#if defined(__x86_64__)
#define KERNEL_TABLE(vnni, bf16)                                                                                      \
    {                                                                                                                 \
        [GRACE_KERNELS_PORTABLE] = ALL_OF(portable_blocks), [GRACE_KERNELS_AVX2] = ALL_OF(avx2_blocks),               \
        [GRACE_KERNELS_AVX512] = ALL_OF(avx512_blocks), [GRACE_KERNELS_AVX512_VNNI] = ALL_OF(vnni),                   \
        [GRACE_KERNELS_AVX512_BF16] = ALL_OF(bf16),                                                                   \
    }
#else
#define KERNEL_TABLE(vnni, bf16) {[GRACE_KERNELS_PORTABLE] = ALL_OF(portable_blocks)}
#endif

/// One product: packed weights, rows of input, rows of output N apart.
typedef struct {
    const void *panels;
    size_t panel_size;
    const void *rows;
    size_t row_size;
    float *output;
    size_t M;
    size_t N;
    size_t K;
} grace_panel_product;

/// Computes the panels from `first` up to `end`.
void grace_multiply_panels(grace_block_kernels kernels, grace_panel_product product, size_t first, size_t end);

#endif
