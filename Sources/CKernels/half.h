#ifndef GRACE_HALF_H
#define GRACE_HALF_H

#include <stdint.h>
#include <string.h>

// IEEE 754 binary16, without the instructions and library calls that not every machine has.

static inline float grace_widen_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
    // Exponents are 112 apart; a multiplication moves them and normalises what is subnormal.
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    if ((half & 0x7C00) == 0x7C00) bits = 0x7F800000 | (uint32_t)(half & 0x3FF) << 13;
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// To the nearest, ties to even; infinite beyond the range.
static inline uint16_t grace_round_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000) return sign | 0x7E00;
    if (bits >= 0x477FF000) return sign | 0x7C00;
    if (bits < 0x38800000) {
        // Subnormal: adding 0.5 leaves the multiple of 2^-24 that is nearest in the low bits.
        float magnitude;
        memcpy(&magnitude, &bits, sizeof magnitude);
        magnitude += 0.5f;
        memcpy(&bits, &magnitude, sizeof bits);
        return sign | (uint16_t)(bits - 0x3F000000);
    }
    bits += 0xFFF + (bits >> 13 & 1);
    return sign | (uint16_t)((bits - 0x38000000) >> 13);
}

#endif
