import Tensors

/// The arithmetic that all models of the process share.
package enum Compute {
    /// Lets every product use this many threads.
    package static func useThreads(_ count: Int) {
        BLAS.useThreads(count)
    }

    /// The kernels that carry the products, for example `openblas-SkylakeX`. Another name may mean other last bits.
    package static var kernels: String { "openblas-\(BLAS.kernelName)" }
}
