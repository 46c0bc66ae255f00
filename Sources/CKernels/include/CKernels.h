#ifndef GRACE_CKERNELS_H
#define GRACE_CKERNELS_H

// Beside these the target has a constructor that chooses OpenBLAS's kernels: openblas_core.c.
#include "attention.h"
#include "bf16_product.h"
#include "double_products.h"
#include "free_memory.h"
#include "int4_product.h"
#include "int8_product.h"
#include "kernel_choice.h"
#include "narrow_product.h"
#include "peak_throughput.h"
#include "quantized_rows.h"
#include "row_kernels.h"
#include "sampling_kernels.h"
#include "weight_panel.h"
#include "worker_pool.h"

#endif
