import Checkpoints
import Datasets
import RandomNumbers
import TensorGradients
import Tensors
import Transformer

/// Gathers what is trained, in a fixed order, and where its gradients go.
struct ParameterBuilder {
    private(set) var parameters: [Parameter] = []

    // MARK: - A model's own weights

    mutating func gradients(of weights: TransformerWeights) -> ModelGradients {
        let embedding = matrix(of: weights.embedding, .embedding)
        let layers = weights.layers.enumerated().map { index, layer in
            gradients(of: layer, index: index)
        }
        let finalNorm = vector(weights.finalNorm, .finalNorm, .weight)
        let head = weights.tiesHeadToEmbedding ? embedding : matrix(of: weights.head, .head)
        return ModelGradients(embedding: embedding, layers: layers, finalNorm: finalNorm, head: head)
    }

    private mutating func gradients(of layer: TransformerWeights.Layer, index: Int) -> ModelGradients.Layer {
        var gradients = ModelGradients.Layer()
        gradients.attentionNorm = vector(layer.attentionNorm, .layer(index, .attentionNorm), .weight)
        gradients.queryNorm = layer.queryNorm.map { vector($0, .layer(index, .queryNorm), .weight) }
        gradients.keyNorm = layer.keyNorm.map { vector($0, .layer(index, .keyNorm), .weight) }
        gradients.feedForwardNorm = vector(layer.feedForwardNorm, .layer(index, .feedForwardNorm), .weight)
        for group in LinearGroup.allCases {
            gradients.linear[group] = layer.linearLayers(group).map { tensor, linear in
                ModelGradients.Linear(
                    weight: matrix(of: linear.weight, .layer(index, tensor)),
                    bias: linear.bias.map { vector($0, .layer(index, tensor), .bias) })
            }
        }
        return gradients
    }

    private mutating func matrix(of weight: Weight, _ name: TensorName) -> TrainableMatrix {
        guard case .float32(let matrix) = weight else { preconditionFailure("a weight that is not in float32") }
        return add(matrix, name.name(.weight, in: .huggingFace), isVector: false)
    }

    private mutating func vector(_ vector: Matrix, _ name: TensorName, _ part: TensorName.Part) -> TrainableMatrix {
        add(vector, name.name(part, in: .huggingFace), isVector: true)
    }

    private mutating func add(_ matrix: Matrix, _ name: String, isVector: Bool) -> TrainableMatrix {
        let parameter = Parameter(TrainableMatrix(matrix), name: name, isVector: isVector)
        parameters.append(parameter)
        return parameter.gradient
    }

    // MARK: - An adapter

    mutating func gradients(
        of adapter: AdapterSettings, beside weights: TransformerWeights, seed: UInt64
    ) -> ModelGradients {
        var random = SplitMix64(seed: seed)
        let layers = weights.layers.enumerated().map { index, layer in
            var gradients = ModelGradients.Layer()
            for group in LinearGroup.allCases {
                gradients.updates[group] = factors(of: adapter, layer.linearLayers(group), layer: index, &random)
            }
            return gradients
        }
        return ModelGradients(embedding: nil, layers: layers, finalNorm: nil, head: nil)
    }

    /// A with PEFT's first values, uniform within one over the root of the inputs (Kaiming's with a = root of 5); B with zeros,
    /// so that the first step is the base's.
    private mutating func factors(
        of adapter: AdapterSettings, _ layers: [(tensor: TensorName.LayerTensor, layer: LinearLayer)], layer index: Int,
        _ random: inout SplitMix64
    ) -> LowRankFactors? {
        let modules = layers.map { TensorName.layer(index, $0.tensor).stem(in: .huggingFace) }
        let isAdapted = modules.map { module in adapter.targets.contains { module.hasSuffix(".\($0)") } }
        let adapted = modules.indices.filter { isAdapted[$0] }
        guard !adapted.isEmpty, let inputs = layers.first?.layer.weight.columns else { return nil }
        let bound = 1 / Float(inputs).squareRoot()
        let elements = (0..<adapted.count * adapter.rank * inputs).map { _ in
            bound * (Float(random.next() >> 40) * 0x1p-23 - 1)
        }
        let first = Parameter(
            TrainableMatrix(Matrix(columns: inputs, elements: elements)),
            tensors: adapted.enumerated().map { place, index in
                .init(
                    name: LoRAAdapter.tensorName(of: modules[index], isFirst: true),
                    rows: place * adapter.rank..<(place + 1) * adapter.rank, isVector: false)
            })
        parameters.append(first)
        let second = modules.indices.map { index -> Parameter? in
            guard isAdapted[index] else { return nil }
            let parameter = Parameter(
                TrainableMatrix(rows: layers[index].layer.weight.rows, columns: adapter.rank),
                name: LoRAAdapter.tensorName(of: modules[index], isFirst: false), isVector: false)
            parameters.append(parameter)
            return parameter
        }
        return LowRankFactors(first: first, second: second, scale: Float(adapter.alpha / Double(adapter.rank)))
    }
}
