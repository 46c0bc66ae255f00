import SystemPackage

extension LoRAAdapter {
    /// The adapter in a directory; nil where `path` is none, or has no `adapter_config.json`.
    ///
    /// - Throws: what is wrong with it.
    package init?(ifPresentIn path: FilePath) throws(CheckpointError) {
        guard try FileKind(path: path) == .directory, try Self.isAdapter(path: path) else { return nil }
        try self.init(path: path)
    }

    /// The name of the model that the adapter stands on: that of `grace.json`, or else the last part of what its own
    /// configuration names. Training writes there whatever its host called the model: `organisation/name`, or a path.
    ///
    /// - Throws: `unknownBase`.
    package func baseName(accordingTo manifest: GraceManifestFile?) throws(CheckpointError) -> String {
        let written = manifest?.manifest.base?.name ?? configuration.baseModelName ?? ""
        // A name, never a path: what a checkpoint may refer to are its neighbours.
        guard let component = FilePath(written).lastComponent, component.kind == .regular else {
            throw .unknownBase(adapter: path.string)
        }
        return component.string
    }

    /// What the factors take in memory, at most, in bytes: in float32, their ranks filled up to whole registers.
    package var memoryByteCount: Int {
        modules.values.flatMap { [$0.first, $0.second] }.reduce(0) { sum, tensor in
            let rank = tensor.shape.min() ?? 0
            let filled = (rank + 31) / 32 * 32
            return sum + MemoryLayout<Float>.size * filled * (tensor.shape.max() ?? 0)
        }
    }
}
