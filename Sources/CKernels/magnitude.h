#ifndef GRACE_MAGNITUDE_H
#define GRACE_MAGNITUDE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// The largest magnitude of `count` floats; infinite or not a number if one of them is.
static inline __attribute__((always_inline)) float grace_largest_magnitude(const float *values, size_t count) {
    // Without their signs, floats are ordered as their bits are; infinities and NaNs come last. Integers have a maximum that
    // the compiler may take in any order.
    uint32_t largest = 0;
    for (size_t index = 0; index < count; index++) {
        uint32_t bits;
        memcpy(&bits, values + index, sizeof bits);
        bits &= 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    float value;
    memcpy(&value, &largest, sizeof value);
    return value;
}

#endif
