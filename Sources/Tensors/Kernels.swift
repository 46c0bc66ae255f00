import CKernels
import Foundation

/// The instruction set of this package's own kernels.
package enum Kernels: String, Sendable, CaseIterable {
    case portable
    case avx2
    case avx512
    case avx512bf16

    /// The most that processor and operating system offer.
    package static let best: Kernels = {
        switch grace_best_kernels() {
        case GRACE_KERNELS_AVX512_BF16: .avx512bf16
        case GRACE_KERNELS_AVX512: .avx512
        case GRACE_KERNELS_AVX2: .avx2
        default: .portable
        }
    }()

    /// Those of this process: `GRACE_KERNELS` names them, else the best. A name that is unknown, or of what this machine
    /// does not offer, counts as none.
    package static let chosen: Kernels = {
        guard let name = ProcessInfo.processInfo.environment["GRACE_KERNELS"], let kernels = Kernels(rawValue: name),
            kernels.level <= best.level
        else { return best }
        return kernels
    }()

    /// All that this machine can run.
    package static var available: [Kernels] { allCases.filter { $0.level <= best.level } }

    private var level: UInt32 { native.rawValue }

    var native: grace_kernels {
        switch self {
        case .portable: GRACE_KERNELS_PORTABLE
        case .avx2: GRACE_KERNELS_AVX2
        case .avx512: GRACE_KERNELS_AVX512
        case .avx512bf16: GRACE_KERNELS_AVX512_BF16
        }
    }
}
