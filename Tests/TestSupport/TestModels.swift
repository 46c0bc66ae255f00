import Foundation

/// Checkpoints that tests load.
package enum TestModels {
    /// The default model, which `Deploy/fetch-model` installs.
    package static let smolLM2Path: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Models/SmolLM2-135M-Instruct").path

    /// The path of the checkpoint that a golden was made with; nil where that part of the reference was not made.
    package static func path(ofReference name: String) -> String? {
        guard let directory = ReferenceDirectory.file(name) else { return nil }
        return name == "smollm2" ? smolLM2Path : directory.path
    }
}
