import Checkpoints
import Tensors

/// Reads the weights of one checkpoint in the shapes that the configuration gives them: vectors in float32, matrices in the
/// precision of the products.
struct WeightReader {
    let checkpoint: Checkpoint
    let configuration: TransformerConfiguration
    let precision: Precision
    let layout: TensorName.Layout

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
        func linear(_ tensor: TensorName.LayerTensor) throws(TransformerError) -> LinearLayer {
            let name = TensorName.layer(index, tensor)
            let shape = c.shape(of: name, .weight)
            let order = order(of: tensor)
            return LinearLayer(
                weight: try readMatrix(
                    name.name(.weight, in: layout), rows: shape[0], columns: shape[1], order: order),
                bias: c.hasBias(tensor)
                    ? try readVector(name.name(.bias, in: layout), count: shape[0], order: order) : nil)
        }
        func headNorm(_ tensor: TensorName.LayerTensor) throws(TransformerError) -> Matrix? {
            c.hasHeadNorms ? try vector(.layer(index, tensor), count: c.headSize) : nil
        }
        return TransformerWeights.Layer(
            attentionNorm: try vector(.layer(index, .attentionNorm), count: c.hiddenSize),
            query: try linear(.query), key: try linear(.key), value: try linear(.value),
            queryNorm: try headNorm(.queryNorm), keyNorm: try headNorm(.keyNorm),
            attentionOutput: try linear(.attentionOutput),
            feedForwardNorm: try vector(.layer(index, .feedForwardNorm), count: c.hiddenSize),
            gate: try linear(.gate), up: try linear(.up), down: try linear(.down))
    }

    func rotary() throws(TransformerError) -> Rotary {
        let unscaled = Rotary(headSize: configuration.headSize, theta: configuration.ropeTheta).inverseFrequencies
        guard layout == .gguf, checkpoint.tensors.tensors[TensorName.ggufRopeFactors] != nil else {
            return Rotary(inverseFrequencies: configuration.ropeScaling.scale(unscaled))
        }
        let factors = try readVector(TensorName.ggufRopeFactors, count: unscaled.count).row(0)
        if let index = factors.firstIndex(where: { !($0 > 0) }) {
            throw .ropeFactorNotPositive(
                file: try describe(TensorName.ggufRopeFactors, shape: [unscaled.count]).file.name,
                tensor: TensorName.ggufRopeFactors, index: index, found: factors[index])
        }
        return Rotary(inverseFrequencies: zip(unscaled, factors).map { $0 / $1 })
    }

    /// What the weights take in memory, of which only the descriptions are read.
    func byteCount() throws(TransformerError) -> Int {
        var byteCount = 0
        for (name, part) in configuration.tensors {
            let shape = configuration.shape(of: name, part)
            let format = try describe(name.name(part, in: layout), shape: shape).format
            byteCount +=
                shape.count == 2
                ? Weight.byteCount(rows: shape[0], columns: shape[1], packedAs: precision.packedFormat(of: format))
                : Weight.byteCount(rows: 1, columns: shape[0], packedAs: nil)
        }
        return byteCount
    }

    // MARK: - Tensors

    /// GGUF stores the halves of every rotated head of `llama` interleaved.
    func order(of tensor: TensorName.LayerTensor) -> StoredRowOrder {
        let isRotated = tensor == .query || tensor == .key
        return isRotated && layout == .gguf && configuration.architecture == .llama
            ? .interleavedHalves(headSize: configuration.headSize) : .asStored
    }

    /// `[rows, columns]`
    private func readMatrix(
        _ name: String, rows: Int, columns: Int, order: StoredRowOrder = .asStored
    ) throws(TransformerError) -> Weight {
        let description = try describe(name, shape: [rows, columns])
        let format = description.format
        let rowSize = description.byteRange.count / rows
        let stored = StoredMatrix<CheckpointError>(
            rows: rows, columns: columns, rowSize: rowSize, fourBitBlocks: format.fourBitBlocks, order: order,
            decoder: { format.decode($0, into: $1) },
            reader: { rows, bytes throws(CheckpointError) in
                try description.read(from: rows.lowerBound * rowSize, into: bytes)
            })
        do throws(StoredMatrixError<CheckpointError>) {
            return try Weight(stored, packedAs: precision.packedFormat(of: format))
        } catch {
            switch error {
            case .unreadable(let error): throw .checkpoint(error)
            case .outOfRange(let weight):
                throw .weightOutOfRange(
                    file: description.file.name, tensor: name,
                    index: [order.storedRow(of: weight.row), weight.column], found: weight.value, limit: weight.limit)
            }
        }
    }

    /// `[1, count]`
    private func readVector(
        _ name: String, count: Int, order: StoredRowOrder = .asStored
    ) throws(TransformerError) -> Matrix {
        let description = try describe(name, shape: [count])
        let bytes: [UInt8]
        do throws(CheckpointError) {
            bytes = try description.bytes()
        } catch {
            throw .checkpoint(error)
        }
        let elements = description.format.decode(bytes, count: count)
        if let index = elements.firstIndex(where: { !$0.isFinite }) {
            throw .weightOutOfRange(
                file: description.file.name, tensor: name, index: [index], found: elements[index],
                limit: .greatestFiniteMagnitude)
        }
        return Matrix(columns: count, elements: elements.indices.map { elements[order.storedRow(of: $0)] })
    }

    /// The tensor of this name in the file, which has this shape.
    func describe(_ name: String, shape: [Int]) throws(TransformerError) -> TensorDescription {
        let description: TensorDescription
        do throws(CheckpointError) {
            description = try checkpoint.tensors.description(of: name)
        } catch {
            throw .checkpoint(error)
        }
        guard description.shape == shape else {
            throw .wrongShape(
                file: description.file.name, tensor: name, found: description.shape, expected: shape)
        }
        return description
    }
}
