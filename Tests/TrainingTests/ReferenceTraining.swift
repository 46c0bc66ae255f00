import Checkpoints
import Foundation
import SystemPackage
import TensorGradients
import Tensors
import TestSupport
import Testing
import Training
import Transformer

/// A JSON file of the reference; nil where that part was not made.
func decodeReference<Golden: Decodable>(_ name: String) throws -> Golden? {
    guard let url = ReferenceDirectory.file(name) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Golden.self, from: Data(contentsOf: url))
}

/// The tensors of a file of the reference whose names begin so, by the rest of their names.
func referenceTensors(_ file: String, _ prefix: String) throws -> [String: [Float]] {
    guard let url = ReferenceDirectory.file(file) else { return [:] }
    var tensors: [String: [Float]] = [:]
    for (name, description) in try SafetensorsFile(path: FilePath(url.path)).tensors.tensors
    where name.hasPrefix(prefix) {
        tensors[String(name.dropFirst(prefix.count))] = description.format.decode(
            try description.bytes(), count: description.elementCount)
    }
    return tensors
}

extension Transformer {
    /// A checkpoint of the reference; nil where it was not made.
    static func reference(_ name: String, precision: Precision = .float32) throws -> Transformer? {
        guard let directory = ReferenceDirectory.file(name) else { return nil }
        let checkpoint = try Checkpoint(path: FilePath(directory.path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        return Transformer(
            configuration: configuration,
            weights: try TransformerWeights(of: checkpoint, configuration, precision: precision))
    }
}

extension TrainableModel {
    /// All weights of a checkpoint of the reference.
    static func reference(_ name: String) throws -> TrainableModel? {
        try Transformer.reference(name).map { TrainableModel(training: $0) }
    }

    /// Compares the gradient of every tensor with one that PyTorch computed.
    func expectGradients(_ expected: [String: [Float]], within bound: Double = 1e-4) throws {
        #expect(expected.count == parameters.reduce(0) { $0 + $1.tensors.count })
        for parameter in parameters {
            for tensor in parameter.tensors {
                let distance = relativeL2(
                    parameter.gradient(of: tensor), try #require(expected[tensor.name], "\(tensor.name)"))
                #expect(distance <= bound, "\(tensor.name): \(distance)")
            }
        }
    }
}

extension Parameter {
    /// The gradient over one of its tensors.
    func gradient(of tensor: Tensor) -> [Float] {
        let columns = value.matrix.columns
        return Array(gradient.elements[tensor.rows.lowerBound * columns..<tensor.rows.upperBound * columns])
    }
}
