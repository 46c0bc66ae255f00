#ifndef GRACE_FREE_MEMORY_H
#define GRACE_FREE_MEMORY_H

/// Has what is large go back to the system as soon as it is freed. To be called before anything large is allocated.
void grace_return_large_memory(void);

/// Gives memory that was freed back to the system, where the allocator keeps it for later.
void grace_release_free_memory(void);

#endif
