#ifndef GRACE_CKERNELS_H
#define GRACE_CKERNELS_H

// Beside these the target has a constructor that chooses OpenBLAS's kernels: openblas_core.c.
#include "attention.h"
#include "bf16_product.h"
#include "kernel_choice.h"
#include "row_kernels.h"
#include "sampling_kernels.h"
#include "worker_pool.h"

#endif
