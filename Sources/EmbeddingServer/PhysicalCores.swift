import Foundation

/// The processor's cores: two threads of one core share its arithmetic units.
package enum PhysicalCores {
    /// At least 1, and at most the logical processors that this process may use.
    package static let count: Int = {
        let logical = ProcessInfo.processInfo.activeProcessorCount
        let cores = Set((0..<logical).compactMap(core))
        return max(1, cores.isEmpty ? logical : cores.count)
    }()

    /// Package and core of a logical processor, as the kernel tells them; nil where it does not.
    private static func core(ofProcessor processor: Int) -> String? {
        let topology = "/sys/devices/system/cpu/cpu\(processor)/topology"
        do {
            let package = try String(contentsOfFile: "\(topology)/physical_package_id", encoding: .utf8)
            let core = try String(contentsOfFile: "\(topology)/core_id", encoding: .utf8)
            return package + core
        } catch {
            return nil
        }
    }
}
