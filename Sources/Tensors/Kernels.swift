import CKernels
import Foundation

/// The instruction set of this package's own kernels, from the least to the most.
package enum Kernels: String, Sendable, CaseIterable {
    case portable
    case avx2
    case avx512
    case avx512vnni
    case avx512bf16

    /// The most that processor and operating system offer.
    package static let best = allCases.last { $0.native == grace_best_kernels() } ?? .portable

    /// All that this machine can run.
    package static var available: [Kernels] { allCases.filter { $0.native.rawValue <= best.native.rawValue } }

    /// Those of this process; the best where the choice is refused.
    package static let chosen: Kernels = {
        do throws(KernelsError) {
            return try choice()
        } catch {
            return best
        }
    }()

    /// Those that `GRACE_KERNELS` names; the best where it is not set.
    ///
    /// - Throws: `KernelsError`, for a program to refuse to start with.
    package static func choice(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(KernelsError) -> Kernels {
        guard let name = environment[KernelsError.variable] else { return best }
        guard let kernels = available.first(where: { $0.rawValue == name }) else {
            throw .unavailable(name: name, available: available.map(\.rawValue))
        }
        return kernels
    }

    var native: grace_kernels {
        switch self {
        case .portable: GRACE_KERNELS_PORTABLE
        case .avx2: GRACE_KERNELS_AVX2
        case .avx512: GRACE_KERNELS_AVX512
        case .avx512vnni: GRACE_KERNELS_AVX512_VNNI
        case .avx512bf16: GRACE_KERNELS_AVX512_BF16
        }
    }
}

/// Why kernels cannot be chosen.
package enum KernelsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No instruction set has that name, or this machine does not have it.
    case unavailable(name: String, available: [String])

    fileprivate static let variable = "GRACE_KERNELS"

    package var description: String {
        switch self {
        case .unavailable(let name, let available):
            "\(Self.variable) is '\(name)'; this machine has: \(available.joined(separator: ", "))"
        }
    }
}
