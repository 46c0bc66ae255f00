import Checkpoints
import Tensors

/// The factors of an adapter in the shapes that a base gives them.
extension LoRAAdapter {
    private static let linearLayers: [TensorName.LayerTensor] = [
        .query, .key, .value, .attentionOutput, .gate, .up, .down,
    ]

    /// The layer's path in the base, as adapters have it whatever layout the base is in.
    private static func module(_ index: Int, _ tensor: TensorName.LayerTensor) -> String {
        TensorName.layer(index, tensor).stem(in: .huggingFace)
    }

    /// Checks that a base of so many decoder layers has a place for every tensor.
    ///
    /// - Throws: `unknownAdapterLayer`.
    func checkLayers(count: Int) throws(TransformerError) {
        let known = Set((0..<count).flatMap { index in Self.linearLayers.map { Self.module(index, $0) } })
        for module in modules.keys.sorted() where !known.contains(module) {
            throw .unknownAdapterLayer(
                file: tensorsFile, tensor: Self.tensorName(of: module, isFirst: true), layerCount: count)
        }
    }

    /// The factors of one linear layer; nil if it is left as it is.
    ///
    /// - Throws: `missingTensor` where the configuration asks for an update that is not there, `untargetedAdapterLayer` for the
    ///   opposite.
    func factors(
        of tensor: TensorName.LayerTensor, layer index: Int
    ) throws(TransformerError) -> Factors? {
        let module = Self.module(index, tensor)
        let factors = modules[module]
        let name = Self.tensorName(of: module, isFirst: true)
        switch (configuration.adapts(module, layer: index), factors) {
        case (true, nil):
            throw .checkpoint(.missingTensor(file: tensorsFile, tensor: name))
        case (false, .some):
            throw .untargetedAdapterLayer(
                file: tensorsFile, tensor: name, layers: configuration.layers ?? [])
        default:
            return factors
        }
    }

    /// `[rows, columns]`, each number multiplied by `scale`.
    func matrix(
        _ description: TensorDescription, rows: Int, columns: Int, scale: Float = 1
    ) throws(TransformerError) -> Matrix {
        guard description.shape == [rows, columns] else {
            throw .wrongShape(
                file: tensorsFile, tensor: description.name, found: description.shape,
                expected: [rows, columns])
        }
        let bytes: [UInt8]
        do throws(CheckpointError) {
            bytes = try description.bytes()
        } catch {
            throw .checkpoint(error)
        }
        // A finite number may be none any more once it is scaled.
        let elements = description.format.decode(bytes, count: rows * columns)
        if let index = elements.firstIndex(where: { !($0 * scale).isFinite }) {
            throw .weightOutOfRange(
                file: tensorsFile, tensor: description.name, index: [index / columns, index % columns],
                found: elements[index], limit: .greatestFiniteMagnitude / max(1, abs(scale)))
        }
        return Matrix(columns: columns, elements: elements.map { $0 * scale })
    }
}
