import Checkpoints

extension TransformerWeights {
    /// What the weights of a checkpoint will take in memory, in bytes, vectors included; a tied head counts once.
    ///
    /// Only the descriptions of the tensors are read: nothing is allocated, and a tensor that is missing or has another shape is
    /// found before anything is loaded.
    /// - Throws: `TransformerError`, naming file and tensor.
    package static func byteCount(
        of checkpoint: Checkpoint, _ configuration: TransformerConfiguration, precision: Precision = .float32
    ) throws(TransformerError) -> Int {
        try WeightReader(checkpoint: checkpoint, configuration: configuration, precision: precision).byteCount()
    }
}
