/// Named tensors in one file.
package struct TensorFile: Sendable {
    /// The file that holds the numbers.
    package let file: RegularFile
    /// Every tensor, by its name.
    package let tensors: [String: TensorDescription]

    /// Indexes the tensors by name.
    ///
    /// - Precondition: every byte range lies inside `file`.
    /// - Throws: `duplicateTensor`, `overlappingTensors`.
    init(file: RegularFile, tensors: [TensorDescription]) throws(CheckpointError) {
        var byName: [String: TensorDescription] = [:]
        for tensor in tensors where byName.updateValue(tensor, forKey: tensor.name) != nil {
            throw .duplicateTensor(file: file.name, tensor: tensor.name)
        }
        self.file = file
        self.tensors = byName

        let ordered = inFileOrder
        for (first, second) in zip(ordered, ordered.dropFirst())
        where first.byteRange.upperBound > second.byteRange.lowerBound {
            throw .overlappingTensors(file: file.name, first: first.name, second: second.name)
        }
    }

    /// The tensors that have bytes, as they follow one another in the file.
    var inFileOrder: [TensorDescription] {
        tensors.values.filter { !$0.byteRange.isEmpty }
            .sorted { ($0.byteRange.lowerBound, $0.name) < ($1.byteRange.lowerBound, $1.name) }
    }

    /// The description of the tensor `name`.
    ///
    /// - Throws: `missingTensor`.
    package func description(of name: String) throws(CheckpointError) -> TensorDescription {
        guard let description = tensors[name] else {
            throw .missingTensor(file: file.name, tensor: name)
        }
        return description
    }
}
