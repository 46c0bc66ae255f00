import Checkpoints

/// Why a checkpoint is not a model that can be run.
package enum TransformerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The files themselves are at fault.
    case checkpoint(CheckpointError)
    /// An architecture outside of `Architecture`.
    case unsupportedArchitecture(file: String, found: String)
    /// A setting whose value changes the computation in a way that is not implemented.
    case unsupportedSetting(file: String, key: String, found: String, supported: String)
    /// A number outside of what can be.
    case settingOutOfRange(file: String, key: String, found: Int, allowed: ClosedRange<Int>)
    /// A real number that is not positive or not finite in single precision, which it is computed with.
    case settingNotPositive(file: String, key: String, found: Double)
    /// Two settings that contradict each other.
    case settingNotDivisible(file: String, key: String, found: Int, by: String, divisor: Int)
    /// A real number that is not below another.
    case settingNotBelow(file: String, key: String, found: Double, other: String, limit: Double)
    /// A tensor of another shape than the configuration gives it.
    case wrongShape(file: String, tensor: String, found: [Int], expected: [Int])
    /// An adapter's tensor of a linear layer that the base does not have, or that is not adapted.
    case unknownAdapterLayer(file: String, tensor: String, layerCount: Int)
    /// An adapter's tensor of a decoder layer that `layers_to_transform` leaves out.
    case untargetedAdapterLayer(file: String, tensor: String, layers: [Int])
    /// A weight that is not a number, infinite, or beyond what it is packed in; its index is that in the file.
    case weightOutOfRange(file: String, tensor: String, index: [Int], found: Float, limit: Float)
    /// A divisor of a rotary frequency that is not positive or not finite.
    case ropeFactorNotPositive(file: String, tensor: String, index: Int, found: Float)

    package var description: String {
        switch self {
        case .checkpoint(let error): "\(error)"
        case .unsupportedArchitecture(let file, let found):
            "\(file): architecture '\(found)' is not supported, only "
                + Architecture.allCases.map(\.rawValue).joined(separator: ", ")
        case .unsupportedSetting(let file, let key, let found, let supported):
            "\(file): \(key) is \(found), supported is \(supported)"
        case .settingOutOfRange(let file, let key, let found, let allowed):
            "\(file): \(key) is \(found), allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .settingNotPositive(let file, let key, let found):
            "\(file): \(key) is \(found), expected a number that is positive and finite in single precision"
        case .settingNotDivisible(let file, let key, let found, let by, let divisor):
            "\(file): \(key) is \(found), not a multiple of \(by), \(divisor)"
        case .settingNotBelow(let file, let key, let found, let other, let limit):
            "\(file): \(key) is \(found), expected less than \(other), \(limit)"
        case .wrongShape(let file, let tensor, let found, let expected):
            "\(file): tensor \(tensor) has shape \(found), expected \(expected)"
        case .unknownAdapterLayer(let file, let tensor, let layerCount):
            "\(file): tensor \(tensor) adapts nothing that can be: the base has the linear layers"
                + " of model.layers.0 to model.layers.\(layerCount - 1)"
        case .untargetedAdapterLayer(let file, let tensor, let layers):
            "\(file): tensor \(tensor) is of a layer that layers_to_transform leaves out: \(layers)"
        case .weightOutOfRange(let file, let tensor, let index, let found, let limit):
            "\(file): tensor \(tensor)\(index) is \(found), expected a number of a magnitude of at most \(limit)"
        case .ropeFactorNotPositive(let file, let tensor, let index, let found):
            "\(file): tensor \(tensor)[\(index)] is \(found), expected a positive number"
        }
    }
}
