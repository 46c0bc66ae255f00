#include <string.h>

#include "half.h"
#include "int4_product.h"

#define GROUP GRACE_INT4_GROUP
#define MINIMUMS (GRACE_PANEL * 2)
#define QUANTS (GRACE_PANEL * 4)

static void set_half(uint8_t *place, uint16_t half) { memcpy(place, &half, sizeof half); }

static float half_at(const uint8_t *place) {
    uint16_t half;
    memcpy(&half, place, sizeof half);
    return grace_widen_half(half);
}

/// The byte that holds the quant of column k of a group, in its low half for the first 16 outputs.
static size_t byte_of(size_t lane, size_t k) { return QUANTS + k / 4 * 64 + lane % 16 * 4 + k % 4; }

static void set_quant(uint8_t *group, size_t lane, size_t k, uint8_t quant) {
    group[byte_of(lane, k)] |= (uint8_t)(lane < 16 ? quant : quant << 4);
}

/// Quantises the columns of one group of one output; fewer than 32 at the end of a row.
static void pack_group(const float *weights, size_t columns, size_t lane, uint8_t *group) {
    float least = weights[0], largest = weights[0], finite = 0;
    for (size_t k = 0; k < columns; k++) {
        least = weights[k] < least ? weights[k] : least;
        largest = weights[k] > largest ? weights[k] : largest;
        finite += weights[k] * 0;
    }
    // Rounded first, so that quants make up for it. What is no number makes an output that is none.
    set_half(group + MINIMUMS + lane * 2, grace_round_to_half(least + finite));
    float minimum = half_at(group + MINIMUMS + lane * 2);
    set_half(group + lane * 2, grace_round_to_half(largest > minimum ? (largest - minimum) / 15 : 0));
    float scale = half_at(group + lane * 2);
    if (!(scale > 0)) return;
    for (size_t k = 0; k < columns; k++) {
        float quant = (weights[k] - minimum) / scale + 0.5f;
        set_quant(group, lane, k, !(quant > 0) ? 0 : quant < 15 ? (uint8_t)quant : 15);
    }
}

void grace_int4_pack_panel(const float *weights, size_t count, size_t K, void *panel) {
    memset(panel, 0, grace_int4_panel_size(K));
    uint8_t *group = panel;
    for (size_t first = 0; first < K; first += GROUP, group += GRACE_INT4_GROUP_SIZE) {
        for (size_t lane = 0; lane < count; lane++) {
            pack_group(weights + lane * K + first, K - first < GROUP ? K - first : GROUP, lane, group);
        }
    }
}

bool grace_int4_pack_blocks(const void *const *rows, size_t count, size_t K, bool has_minimum, void *panel) {
    memset(panel, 0, grace_int4_panel_size(K));
    for (size_t lane = 0; lane < count; lane++) {
        const uint8_t *block = rows[lane];
        uint8_t *group = panel;
        for (size_t k = 0; k < K; k += GROUP, group += GRACE_INT4_GROUP_SIZE) {
            memcpy(group + lane * 2, block, 2);
            if (has_minimum) {
                memcpy(group + MINIMUMS + lane * 2, block + 2, 2);
            } else {
                float minimum = -8 * half_at(block);
                set_half(group + MINIMUMS + lane * 2, grace_round_to_half(minimum));
                if (half_at(group + MINIMUMS + lane * 2) != minimum) return false;
            }
            const uint8_t *quants = block + (has_minimum ? 4 : 2);
            // A block has its first 16 weights in the low halves.
            for (size_t j = 0; j < GROUP / 2; j++) {
                set_quant(group, lane, j, quants[j] & 15);
                set_quant(group, lane, j + GROUP / 2, quants[j] >> 4);
            }
            block = quants + GROUP / 2;
        }
    }
    return true;
}

void grace_int4_unpack(const void *panel, size_t lane, size_t K, float *weights) {
    for (size_t k = 0; k < K; k++) {
        const uint8_t *group = (const uint8_t *)panel + k / GROUP * GRACE_INT4_GROUP_SIZE;
        uint8_t byte = group[byte_of(lane, k % GROUP)];
        float quant = (float)(lane < 16 ? byte & 15 : byte >> 4);
        weights[k] = quant * half_at(group + lane * 2) + half_at(group + MINIMUMS + lane * 2);
    }
}
