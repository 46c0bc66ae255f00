#ifndef GRACE_CKERNELS_H
#define GRACE_CKERNELS_H

#include <stdbool.h>

/// Whether processor and operating system offer what OpenBLAS's SkylakeX kernels use: AVX-512 F, DQ, BW and VL.
bool grace_offers_skylakex(void);

#endif
