#ifndef GRACE_PEAK_THROUGHPUT_H
#define GRACE_PEAK_THROUGHPUT_H

#include <stddef.h>
#include <stdint.h>

// The most that a processor can do: what measured speeds are compared with. Nothing here is of use to a model.

/// Number formats that a processor multiplies and adds in.
typedef enum {
    GRACE_ARITHMETIC_FLOAT32,
    GRACE_ARITHMETIC_BFLOAT16,
    GRACE_ARITHMETIC_INT8,
} grace_arithmetic;

/// The instruction that the peak is measured with, the best that processor and operating system offer, for example
/// `vdpbf16ps zmm`; NULL where they have none for the format.
const char *grace_peak_instruction(grace_arithmetic arithmetic);

/// Runs that instruction on registers alone and returns the operations done, two for each multiplication that is added;
/// 0 where there is none.
uint64_t grace_peak_run(grace_arithmetic arithmetic, uint64_t rounds);

/// Reads all words, with as little work as that can be done; their sum, so that the reading cannot be left out.
uint64_t grace_stream_read(const uint64_t *words, size_t count);

#endif
