import SystemPackage

/// The file `model.safetensors.index.json`, which says which of several files holds which tensor.
struct SafetensorsIndex {
    /// The name that it has in a model's directory.
    static let fileName = "model.safetensors.index.json"
    /// Some hundreds of files are the most that models are published in; each is a descriptor.
    private static let shardLimit = 1_024

    private let file: String
    /// The name of the shard that holds a tensor, by the tensor's name.
    private let shardNames: [String: String]

    /// Reads the member `weight_map`; `metadata.total_size` is not needed and often wrong.
    ///
    /// - Throws: `missingKey`, `wrongType`, `invalidShardName`.
    init(_ document: JSONDocument) throws(CheckpointError) {
        let map = try document.object("weight_map")
        var shardNames: [String: String] = [:]
        for tensor in map.members.keys.sorted() {
            let name = try map.string(tensor)
            // One plain component: nothing that leads out of the directory.
            guard let component = FilePath.Component(name), component.kind == .regular, component.string == name else {
                throw .invalidShardName(index: document.file, tensor: tensor, found: name)
            }
            shardNames[tensor] = name
        }
        file = document.file
        self.shardNames = shardNames
    }

    /// Opens every shard in `directory` and checks that each holds what the index lists for it, and nothing else.
    ///
    /// - Throws: what is wrong with the first shard that is; `tooMany`, `tensorInSeveralFiles`, `missingTensor`,
    ///   `tensorNotInIndex`.
    func tensors(in directory: FilePath) throws(CheckpointError) -> TensorSet {
        let names = Set(shardNames.values).sorted()
        guard names.count <= Self.shardLimit else {
            throw .tooMany(
                file: file, place: "the number of shards", found: UInt64(names.count), limit: Self.shardLimit)
        }
        var shards: [String: TensorFile] = [:]
        for name in names {
            shards[name] = try SafetensorsFile(path: directory.appending(name)).tensors
        }
        let set = try TensorSet(index: file, shards: names.compactMap { shards[$0] })
        for (tensor, name) in shardNames.sorted(by: { $0.key < $1.key }) {
            _ = try shards[name]?.description(of: tensor)
        }
        // Every listed tensor is in its shard, so whatever else there is is not listed.
        if let other = set.tensors.values.filter({ shardNames[$0.name] == nil }).min(by: { $0.name < $1.name }) {
            throw .tensorNotInIndex(file: other.file.name, tensor: other.name, index: file)
        }
        return set
    }
}
