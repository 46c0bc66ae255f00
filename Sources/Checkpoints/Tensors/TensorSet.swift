/// The named tensors of a model, in however many files.
package struct TensorSet: Sendable {
    /// The file that says which tensors there are, for messages: that of the tensors, or the index of several.
    package let name: String
    /// The files that hold the numbers.
    package let files: [RegularFile]
    /// Every tensor, by its name.
    package let tensors: [String: TensorDescription]

    /// The tensors of one file.
    init(_ file: TensorFile) {
        name = file.file.name
        files = [file.file]
        tensors = file.tensors
    }

    /// The tensors of several files, which `index` lists.
    ///
    /// - Throws: `tensorInSeveralFiles`.
    init(index: String, shards: [TensorFile]) throws(CheckpointError) {
        var tensors: [String: TensorDescription] = [:]
        for shard in shards {
            for tensor in shard.tensors.values.sorted(by: { $0.name < $1.name }) {
                if let other = tensors.updateValue(tensor, forKey: tensor.name) {
                    throw .tensorInSeveralFiles(tensor: tensor.name, first: other.file.name, second: shard.file.name)
                }
            }
        }
        name = index
        files = shards.map(\.file)
        self.tensors = tensors
    }

    /// The description of the tensor `name`.
    ///
    /// - Throws: `missingTensor`.
    package func description(of name: String) throws(CheckpointError) -> TensorDescription {
        guard let description = tensors[name] else {
            throw .missingTensor(file: self.name, tensor: name)
        }
        return description
    }
}
