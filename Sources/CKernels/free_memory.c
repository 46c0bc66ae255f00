#include "free_memory.h"

#include <malloc.h>

void grace_return_large_memory(void) {
#ifdef __GLIBC__
    // Left to itself, glibc raises this bound to the size of what was freed, and then keeps the weights of a model that has
    // gone in its heap, in pieces that the next one does not fit into.
    mallopt(M_MMAP_THRESHOLD, 1 << 18);
#endif
}

void grace_release_free_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
