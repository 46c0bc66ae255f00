import Tensors
import Transformer

/// The arithmetic that all models of the process share.
package enum Compute {
    /// Lets every product use this many threads.
    package static func useThreads(_ count: Int) {
        BLAS.useThreads(count)
    }

    /// Has the memory of a model go back to the system with it. To be called before a model is loaded.
    package static func returnLargeMemory() {
        FreeMemory.returnLargeMemory()
    }

    /// Gives memory back to the system that nothing uses: what a model took that has gone.
    package static func releaseFreeMemory() {
        FreeMemory.release()
    }

    /// Checks that the kernels that the environment asks for are there.
    ///
    /// - Throws: `GraceError.kernels`.
    package static func checkKernels() throws(GraceError) {
        do throws(KernelsError) {
            _ = try Kernels.choice()
        } catch {
            throw .kernels(error)
        }
    }

    /// The kernels that compute, for example `openblas-SkylakeX+avx512` or `avx512bf16`. Another name may mean other last
    /// bits.
    package static func kernels(for precision: Precision) -> String {
        switch precision {
        case .float32: "openblas-\(BLAS.kernelName)+\(Kernels.chosen.rawValue)"
        case .bfloat16, .int8, .int4: Kernels.chosen.rawValue
        }
    }

    /// Precision and kernels, which change a vector's last bits: for example `bfloat16/avx512bf16`.
    package static func name(for precision: Precision) -> String {
        "\(precision.rawValue)/\(kernels(for: precision))"
    }
}
