import Foundation

/// Checkpoints that tests load.
package enum TestModels {
    /// The base of the default model, which `Deploy/fetch-model` installs.
    package static let smolLM2Path: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Models/SmolLM2-135M-Instruct").path

    /// The path of the checkpoint that a golden was made with, the base's for an adapter's; nil where that part of the
    /// reference was not made.
    package static func path(ofReference name: String) -> String? {
        guard let directory = ReferenceDirectory.file(name) else { return nil }
        switch name {
        case "smollm2", "smollm2-lora": return smolLM2Path
        case "tiny-qwen2-lora": return ReferenceDirectory.file("tiny-qwen2")?.path
        default: return directory.path
        }
    }

    /// The path of the adapter that a golden was made with; nil where it was made without.
    package static func adapterPath(ofReference name: String) -> String? {
        name.hasSuffix("-lora") ? ReferenceDirectory.file(name)?.path : nil
    }
}
