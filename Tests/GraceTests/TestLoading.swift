import Engine
import Foundation
import Grace
import SystemPackage
import TestSupport
import Testing

/// Loads the checkpoint of a golden; nil where that part of the reference was not made.
func loadReference(_ name: String, settings: GraceSettings = GraceSettings()) throws -> LoadedModel? {
    guard let path = TestModels.path(ofReference: name) else { return nil }
    return try LoadedModel(path: FilePath(path), settings: settings)
}

extension Embedder {
    /// An embedder with limits that fit every test; it ends with `body`.
    static func with<Result>(
        _ model: LoadedModel, maxInputTokens: Int = 1024, body: (Embedder) async throws -> Result
    ) async throws -> Result {
        let embedder = try Embedder(
            model: model,
            limits: .init(maxLiveRequests: 16, maxBatchTokens: 16_384, maxStepTokens: 128, maxRequests: 64),
            maxInputTokens: maxInputTokens)
        do {
            let result = try await body(embedder)
            embedder.engine.stop()
            return result
        } catch {
            embedder.engine.stop()
            throw error
        }
    }
}
