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

/// Sets the quants of one group of one output: in low halves of bytes for the first 16 outputs, else in high ones.
static void set_quants(uint8_t *group, size_t lane, const uint8_t *quants) {
    uint8_t *place = group + QUANTS + lane % 16 * 4;
    for (size_t quad = 0; quad < GROUP / 4; quad++, place += 64, quants += 4) {
        uint32_t four, both;
        memcpy(&four, quants, sizeof four);
        memcpy(&both, place, sizeof both);
        both |= lane < 16 ? four : four << 4;
        memcpy(place, &both, sizeof both);
    }
}

/// Quantises one group of one output.
static void pack_group(const float weights[GROUP], size_t lane, uint8_t *group) {
    float least = weights[0], largest = weights[0], finite = 0;
    for (size_t k = 0; k < GROUP; k++) {
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
    float inverse = 1 / scale;
    uint8_t quants[GROUP];
    for (size_t k = 0; k < GROUP; k++) {
        float quant = (weights[k] - minimum) * inverse + 0.5f;
        quant = quant > 0 ? quant : 0;
        quants[k] = (uint8_t)(int32_t)(quant < 15 ? quant : 15);
    }
    set_quants(group, lane, quants);
}

void grace_int4_pack_panel(const float *weights, size_t count, size_t K, void *panel) {
    memset(panel, 0, grace_int4_panel_size(K));
    uint8_t *group = panel;
    for (size_t first = 0; first < K; first += GROUP, group += GRACE_INT4_GROUP_SIZE) {
        for (size_t lane = 0; lane < count; lane++) {
            const float *row = weights + lane * K + first;
            if (K - first >= GROUP) {
                pack_group(row, lane, group);
                continue;
            }
            // Filled up with the first weight, which changes neither extreme.
            float columns[GROUP];
            for (size_t k = 0; k < GROUP; k++) columns[k] = row[k < K - first ? k : 0];
            pack_group(columns, lane, group);
        }
    }
}

static bool is_finite_half(const uint8_t *place) {
    uint16_t half;
    memcpy(&half, place, sizeof half);
    return (half & 0x7C00) != 0x7C00;
}

/// Whether scale and minimum of one output in one group can be computed with.
static bool is_finite_lane(const uint8_t *group, size_t lane) {
    return is_finite_half(group + lane * 2) && is_finite_half(group + MINIMUMS + lane * 2);
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
            if (!is_finite_lane(group, lane)) return false;
            const uint8_t *bytes = block + (has_minimum ? 4 : 2);
            // A block has its first 16 weights in the low halves.
            uint8_t quants[GROUP];
            for (size_t j = 0; j < GROUP / 2; j++) {
                quants[j] = bytes[j] & 15;
                quants[j + GROUP / 2] = bytes[j] >> 4;
            }
            set_quants(group, lane, quants);
            block = bytes + GROUP / 2;
        }
    }
    return true;
}

/// Bytes of a block of Q4_K before its quants, and of the whole.
#define SUPER_BLOCK_HEAD 16
#define SUPER_BLOCK_SIZE (SUPER_BLOCK_HEAD + 128)
#define SUPER_BLOCK_GROUPS 8

/// The six bits of scale and minimum of a group. Those of the first four groups are whole bytes, whose high two bits belong
/// to the last four: these have their low four bits in halves of bytes of their own.
static void six_bits(const uint8_t bytes[12], size_t group, uint8_t *scale, uint8_t *minimum) {
    size_t low = group % 4;
    if (group < 4) {
        *scale = bytes[low] & 63;
        *minimum = bytes[4 + low] & 63;
    } else {
        *scale = (uint8_t)((bytes[8 + low] & 15) | (bytes[low] >> 6) << 4);
        *minimum = (uint8_t)(bytes[8 + low] >> 4 | (bytes[4 + low] >> 6) << 4);
    }
}

bool grace_int4_pack_super_blocks(const void *const *rows, size_t count, size_t K, void *panel) {
    memset(panel, 0, grace_int4_panel_size(K));
    for (size_t lane = 0; lane < count; lane++) {
        const uint8_t *block = rows[lane];
        uint8_t *group = panel;
        for (size_t k = 0; k < K; k += SUPER_BLOCK_GROUPS * GROUP, block += SUPER_BLOCK_SIZE) {
            float scales = half_at(block), minimums = half_at(block + 2);
            for (size_t part = 0; part < SUPER_BLOCK_GROUPS; part++, group += GRACE_INT4_GROUP_SIZE) {
                uint8_t scale, minimum;
                six_bits(block + 4, part, &scale, &minimum);
                set_half(group + lane * 2, grace_round_to_half(scales * (float)scale));
                set_half(group + MINIMUMS + lane * 2, grace_round_to_half(-minimums * (float)minimum));
                if (!is_finite_lane(group, lane)) return false;
                // Two groups share 32 bytes, the second in the high halves.
                const uint8_t *bytes = block + SUPER_BLOCK_HEAD + part / 2 * GROUP;
                uint8_t quants[GROUP];
                for (size_t j = 0; j < GROUP; j++) quants[j] = part % 2 == 0 ? bytes[j] & 15 : bytes[j] >> 4;
                set_quants(group, lane, quants);
            }
        }
    }
    return true;
}

void grace_int4_unpack(const void *panel, size_t lane, size_t K, float *weights) {
    for (size_t k = 0; k < K; k++) {
        const uint8_t *group = (const uint8_t *)panel + k / GROUP * GRACE_INT4_GROUP_SIZE;
        uint8_t byte = group[QUANTS + k % GROUP / 4 * 64 + lane % 16 * 4 + k % 4];
        float quant = (float)(lane < 16 ? byte & 15 : byte >> 4);
        weights[k] = quant * half_at(group + lane * 2) + half_at(group + MINIMUMS + lane * 2);
    }
}
