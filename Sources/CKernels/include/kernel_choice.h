#ifndef GRACE_KERNEL_CHOICE_H
#define GRACE_KERNEL_CHOICE_H

/// Instruction sets that the kernels here are written for, from the least to the most; each has those before it.
typedef enum {
    GRACE_KERNELS_PORTABLE = 0,
    GRACE_KERNELS_AVX2 = 1,
    GRACE_KERNELS_AVX512 = 2,
    GRACE_KERNELS_AVX512_VNNI = 3,
    GRACE_KERNELS_AVX512_BF16 = 4,
} grace_kernels;

/// The most that processor and operating system offer.
grace_kernels grace_best_kernels(void);

#endif
