import TensorGradients
import Tensors
import Transformer

/// A model's weights as the way back multiplies with them. They stay as they are made: what is trained where it is, is read
/// where it is, and what is packed is not trained.
struct ReturnWeights: Sendable {
    /// Of the layers, by the input that they read.
    private let layers: [[LinearGroup: [ReturnWeight]]]
    let head: ReturnWeight

    init(_ weights: TransformerWeights) {
        layers = weights.layers.map { layer in
            Dictionary(
                uniqueKeysWithValues: LinearGroup.allCases.map { group in
                    (group, layer.linearLayers(group).map { ReturnWeight($0.layer.weight) })
                })
        }
        head = ReturnWeight(weights.head)
    }

    /// Of the linear layers of a group, in their order.
    func weights(of group: LinearGroup, layer: Int) -> [ReturnWeight] { layers[layer][group, default: []] }
}
