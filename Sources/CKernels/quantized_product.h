#ifndef GRACE_QUANTIZED_PRODUCT_H
#define GRACE_QUANTIZED_PRODUCT_H

#include <string.h>

#include "panel_product.h"
#include "quantized_rows.h"

// What kernels with quantised activations share.

INLINE const grace_quantized_group *group_of(const void *rows, size_t row_size, int row, size_t group) {
    return (const grace_quantized_group *)((const char *)rows + (size_t)row * row_size) + group;
}

/// Four columns of a group.
INLINE int32_t quad_of(const grace_quantized_group *group, size_t quad) {
    int32_t four;
    memcpy(&four, group->quants + 4 * quad, sizeof four);
    return four;
}

#endif
