import Transformer

extension GenerationEngine {
    /// What an engine takes beside the model's weights, at most: the buffers of a step, and keys and values of as many
    /// positions as the limits allow, and as many token states. In bytes.
    package static func byteCount(
        of configuration: TransformerConfiguration, precision: Precision, limits: BatchScheduler.Limits,
        speculation: Speculation?
    ) -> Int {
        configuration.keyValueByteCount(
            positions: limits.maxBatchTokens, sequences: limits.rowCount, precision: precision)
            + configuration.activationByteCount(
                tokens: limits.maxStepTokens,
                samplingRows: GenerationLoop.samplingCapacity(limits, speculation))
            + limits.maxBatchTokens * configuration.hiddenSize * MemoryLayout<Float>.size
    }
}
