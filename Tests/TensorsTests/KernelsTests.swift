import Tensors
import Testing

@Suite("Choice of kernels")
struct KernelsTests {
    @Test("Without a name the best are chosen")
    func best() throws {
        #expect(try Kernels.choice(environment: [:]) == Kernels.best)
        #expect(Kernels.available.last == Kernels.best && Kernels.available.first == .portable)
    }

    @Test("A name chooses, of what there is", arguments: Kernels.available)
    func named(kernels: Kernels) throws {
        #expect(try Kernels.choice(environment: ["GRACE_KERNELS": kernels.rawValue]) == kernels)
    }

    @Test("Another name is refused with those that there are", arguments: ["", "AVX2", "avx1024"])
    func unknown(name: String) {
        let available = Kernels.available.map(\.rawValue)
        let error = #expect(throws: KernelsError.unavailable(name: name, available: available)) {
            try Kernels.choice(environment: ["GRACE_KERNELS": name])
        }
        #expect(
            error?.description
                == "GRACE_KERNELS is '\(name)'; this machine has: \(available.joined(separator: ", "))")
    }
}
