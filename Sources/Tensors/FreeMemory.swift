import CKernels

/// Memory that nothing uses.
package enum FreeMemory {
    /// Has what is large go back to the system as soon as it is freed. To be called before a model is loaded.
    package static func returnLargeMemory() {
        grace_return_large_memory()
    }

    /// Gives it back to the system: after a model has gone, the allocator would keep what its vocabulary took.
    package static func release() {
        grace_release_free_memory()
    }
}
