import Checkpoints
import Tensors

/// Reads the weights of one checkpoint in the shapes that the configuration gives them: vectors in float32, matrices in the
/// precision of the products.
struct WeightReader {
    let checkpoint: Checkpoint
    let configuration: TransformerConfiguration
    let precision: Precision
    private let layout: TensorName.Layout

    init(checkpoint: Checkpoint, configuration: TransformerConfiguration, precision: Precision) {
        self.checkpoint = checkpoint
        self.configuration = configuration
        self.precision = precision
        layout =
            switch checkpoint.source {
            case .huggingFace: .huggingFace
            case .gguf: .gguf
            }
    }

    func matrix(_ name: TensorName, rows: Int, columns: Int) throws(TransformerError) -> Weight {
        try readMatrix(name.name(.weight, in: layout), rows: rows, columns: columns)
    }

    func vector(_ name: TensorName, count: Int) throws(TransformerError) -> Matrix {
        try readVector(name.name(.weight, in: layout), count: count)
    }

    func layer(_ index: Int) throws(TransformerError) -> TransformerWeights.Layer {
        let c = configuration
        let queries = c.headCount * c.headSize
        let keys = c.keyValueHeadCount * c.headSize
        let hasInputBias = c.attentionBias != .none
        func linear(
            _ tensor: TensorName.LayerTensor, _ outputs: Int, _ inputs: Int, bias: Bool = false,
            order: RowOrder = .asStored
        ) throws(TransformerError) -> LinearLayer {
            let name = TensorName.layer(index, tensor)
            return LinearLayer(
                weight: try readMatrix(name.name(.weight, in: layout), rows: outputs, columns: inputs, order: order),
                bias: bias ? try readVector(name.name(.bias, in: layout), count: outputs, order: order) : nil)
        }
        func headNorm(_ tensor: TensorName.LayerTensor) throws(TransformerError) -> Matrix? {
            c.architecture == .qwen3 ? try vector(.layer(index, tensor), count: c.headSize) : nil
        }
        return TransformerWeights.Layer(
            attentionNorm: try vector(.layer(index, .attentionNorm), count: c.hiddenSize),
            query: try linear(.query, queries, c.hiddenSize, bias: hasInputBias, order: rotatedRows),
            key: try linear(.key, keys, c.hiddenSize, bias: hasInputBias, order: rotatedRows),
            value: try linear(.value, keys, c.hiddenSize, bias: hasInputBias),
            queryNorm: try headNorm(.queryNorm), keyNorm: try headNorm(.keyNorm),
            attentionOutput: try linear(.attentionOutput, c.hiddenSize, queries, bias: c.attentionBias == .all),
            feedForwardNorm: try vector(.layer(index, .feedForwardNorm), count: c.hiddenSize),
            gate: try linear(.gate, c.feedForwardSize, c.hiddenSize),
            up: try linear(.up, c.feedForwardSize, c.hiddenSize),
            down: try linear(.down, c.hiddenSize, c.feedForwardSize))
    }

    func rotary() throws(TransformerError) -> Rotary {
        let unscaled = Rotary(headSize: configuration.headSize, theta: configuration.ropeTheta).inverseFrequencies
        guard layout == .gguf, checkpoint.tensors.tensors[TensorName.ggufRopeFactors] != nil else {
            return Rotary(inverseFrequencies: configuration.ropeScaling.scale(unscaled))
        }
        let factors = try readVector(TensorName.ggufRopeFactors, count: unscaled.count).row(0)
        return Rotary(inverseFrequencies: zip(unscaled, factors).map { $0 / $1 })
    }

    // MARK: - Rows

    /// How the rows of a tensor are turned into Hugging Face's order.
    private enum RowOrder {
        case asStored
        /// GGUF stores the halves of every rotated head of `llama` interleaved: Hugging Face's row `half * D / 2 + i` of
        /// a head is its row `2 * i + half`.
        case interleavedHalves(headSize: Int)

        func storedRow(of row: Int) -> Int {
            guard case .interleavedHalves(let headSize) = self else { return row }
            let (head, channel) = row.quotientAndRemainder(dividingBy: headSize)
            let (half, pair) = channel.quotientAndRemainder(dividingBy: headSize / 2)
            return head * headSize + 2 * pair + half
        }
    }

    private var rotatedRows: RowOrder {
        layout == .gguf && configuration.architecture == .llama
            ? .interleavedHalves(headSize: configuration.headSize) : .asStored
    }

    /// `[rows, columns]`
    private func readMatrix(
        _ name: String, rows: Int, columns: Int, order: RowOrder = .asStored
    ) throws(TransformerError) -> Weight {
        let description = try describe(name, shape: [rows, columns])
        let format = description.format
        let file = checkpoint.tensors.file
        let start = description.byteRange.lowerBound
        return checkpoint.tensors.withBytes(of: description) { bytes in
            let stored = StoredMatrix(
                rows: rows, columns: columns, bytes: bytes, decoder: { format.decode($0, into: $1) },
                fourBitBlocks: format.fourBitBlocks, storedRow: { order.storedRow(of: $0) },
                release: { file.release(start + $0.lowerBound..<start + $0.upperBound) })
            return Weight(stored, packedAs: precision.packedFormat(of: format))
        }
    }

    /// `[1, count]`
    private func readVector(_ name: String, count: Int, order: RowOrder = .asStored) throws(TransformerError) -> Matrix
    {
        let description = try describe(name, shape: [count])
        let stored = checkpoint.tensors.withBytes(of: description) { bytes in
            Matrix(rows: 1, columns: count) { output in description.format.decode(bytes, into: output) }
        }
        let elements = stored.row(0)
        return Matrix(columns: count, elements: elements.indices.map { elements[order.storedRow(of: $0)] })
    }

    private func describe(_ name: String, shape: [Int]) throws(TransformerError) -> TensorDescription {
        let description: TensorDescription
        do throws(CheckpointError) {
            description = try checkpoint.tensors.description(of: name)
        } catch {
            throw .checkpoint(error)
        }
        guard description.shape == shape else {
            throw .wrongShape(
                file: checkpoint.tensors.file.name, tensor: name, found: description.shape, expected: shape)
        }
        return description
    }
}

extension TensorFormat {
    /// The blocks that int4 takes as they are.
    fileprivate var fourBitBlocks: StoredMatrix.FourBitBlocks? {
        switch self {
        case .q4_0: .q4_0
        case .q4_1: .q4_1
        default: nil
        }
    }

    /// Decodes whole blocks into as many elements as they hold.
    func decode(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .float32: NumberFormats.decodeFloat32(source, into: output)
        case .float16: NumberFormats.decodeFloat16(source, into: output)
        case .bfloat16: NumberFormats.decodeBFloat16(source, into: output)
        case .q4_0: NumberFormats.decodeQ4_0(source, into: output)
        case .q4_1: NumberFormats.decodeQ4_1(source, into: output)
        case .q5_0: NumberFormats.decodeQ5_0(source, into: output)
        case .q5_1: NumberFormats.decodeQ5_1(source, into: output)
        case .q8_0: NumberFormats.decodeQ8_0(source, into: output)
        }
    }
}
