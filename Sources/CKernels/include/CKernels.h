#ifndef GRACE_CKERNELS_H
#define GRACE_CKERNELS_H

// Nothing to call: the target is linked for its constructor (openblas_core.c). A C target needs a header.

#endif
