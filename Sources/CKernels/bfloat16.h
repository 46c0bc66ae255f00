#ifndef GRACE_BFLOAT16_H
#define GRACE_BFLOAT16_H

#include <stdint.h>
#include <string.h>

// The upper half of binary32.

static inline float grace_widen_bfloat16(uint16_t value) {
    uint32_t bits = (uint32_t)value << 16;
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

/// To the nearest, ties to even.
static inline uint16_t grace_round_to_bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
        return (uint16_t)(bits >> 16 | 0x40);  // NaN stays NaN.
    }
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif
