#ifndef GRACE_ATTENTION_H
#define GRACE_ATTENTION_H

#include <stddef.h>

#include "kernel_choice.h"

// Causal attention with grouped queries over keys and values that are kept in pages.
//
// A page holds 16 positions of one sequence. What one key head of one layer has in it lies together:
// - keys, `[D, 16]` float32 or `[D / 2, 16, 2]` bfloat16: the positions of a channel (of a pair of channels) side by side,
//   so that products of 16 positions need no sum across a register;
// - then values, `[16, D]` float32 or `[8, D, 2]` bfloat16 (the channels of a pair of positions), D made a multiple of 16.

/// Positions of a page.
#define GRACE_PAGE_POSITIONS 16

/// The most queries whose scores are computed together: the caller's tiles have no more.
#define GRACE_ATTENTION_QUERIES 12

/// How keys and values are stored.
typedef enum {
    GRACE_KEYS_FLOAT32 = 0,
    GRACE_KEYS_BFLOAT16 = 1,
} grace_key_format;

/// Bytes that one key head of D channels takes in a page; a multiple of 64.
size_t grace_page_head_bytes(grace_key_format format, size_t D);

/// Stores key and value of one position, D channels each, at `slot` of a page. `head` is the head's place in the page.
///
/// In bfloat16 the value of an even slot clears that of the odd slot after it: positions are stored in order.
void grace_page_store(
    grace_key_format format, void *head, const float *key, const float *value, size_t slot, size_t D);

/// Some rows of one sequence, at neighbouring positions, and one key head.
typedef struct {
    /// The first row's first query that shares the head: G queries of D channels; the next row's are `stride` on.
    const float *queries;
    /// Of the queries' shape.
    float *output;
    /// Floats from one row to the next.
    size_t stride;
    /// R * G is at most `GRACE_ATTENTION_QUERIES`.
    size_t R, G, D;
    /// The first row's position: it attends to so many positions and to itself.
    size_t first_position;
    /// The pages of the sequence.
    const void *const *pages;
    /// Where in each page the head's keys begin, in bytes.
    size_t head_offset;
} grace_attention_tile;

/// Bytes of scratch for tiles of a sequence of S positions.
size_t grace_attention_scratch_bytes(size_t S, size_t D);

/// Softmax of the scaled products, and the mean of the values by it.
///
/// A query's bits depend on that query, its keys and its values alone: not on the others of the tile, nor on positions
/// after its own that are stored.
///
/// - scratch: `grace_attention_scratch_bytes` of the last row's positions, on a 64-byte boundary.
void grace_attention(
    grace_kernels kernels, grace_key_format format, const grace_attention_tile *tile, void *scratch);

#endif
