#ifndef GRACE_WEIGHT_PANEL_H
#define GRACE_WEIGHT_PANEL_H

#include <stddef.h>

// What packed weights of every format share. A weight `[N, K]` is cut into panels of 32 outputs; a panel holds its outputs
// side by side, step by step of K, so that a register of weights meets one input. Panels are aligned to 64 bytes.

/// Outputs of a panel.
#define GRACE_PANEL 32

/// Columns of a step: K is filled up with zeros to a multiple.
#define GRACE_COLUMNS 64

/// Steps of a row of K columns.
static inline size_t grace_steps(size_t K) { return (K + GRACE_COLUMNS - 1) / GRACE_COLUMNS; }

#endif
