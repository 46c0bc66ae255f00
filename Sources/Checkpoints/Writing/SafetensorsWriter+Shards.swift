import JSON

extension SafetensorsWriter {
    /// What Hugging Face's hosts take as the size of one file: 5 GB.
    package static let largestShard = 5_000_000_000

    /// The files of a model's tensors: `model.safetensors`, or several where that were too large, which
    /// `model.safetensors.index.json` then lists.
    ///
    /// - Parameters:
    ///   - tensors: shards take them in this order.
    ///   - shardSize: bytes of a shard's tensors at most; a tensor that is larger has a shard of its own.
    /// - Precondition: no two tensors have one name.
    package static func modelFiles(_ tensors: [TensorSource], shardSize: Int = largestShard) -> [FileContents] {
        let shards = shards(of: tensors, shardSize: shardSize)
        guard shards.count > 1 else { return [file(named: "model.safetensors", tensors)] }
        var names: [String: String] = [:]
        var files: [FileContents] = []
        for (index, shard) in shards.enumerated() {
            let name = "model-\(fiveDigits(index + 1))-of-\(fiveDigits(shards.count)).safetensors"
            files.append(file(named: name, shard))
            for tensor in shard { names[tensor.name] = name }
        }
        var writer = JSONWriter(reserving: 128 * tensors.count)
        writer.value(
            .object([
                "metadata": .object(["total_size": .integer(tensors.reduce(0) { $0 + $1.byteCount })]),
                "weight_map": .object(names.mapValues(JSONValue.string)),
            ]))
        files.append(FileContents(name: SafetensorsIndex.fileName, bytes: writer.indented))
        return files
    }

    /// One file of tensors.
    ///
    /// - Precondition: no two tensors have one name.
    package static func file(named name: String, _ tensors: [TensorSource]) -> FileContents {
        FileContents(name: name) { file, _ throws(CheckpointError) in try write(tensors, to: file) }
    }

    private static func shards(of tensors: [TensorSource], shardSize: Int) -> [[TensorSource]] {
        var shards: [[TensorSource]] = []
        var room = 0
        for tensor in tensors {
            if shards.isEmpty || tensor.byteCount > room {
                shards.append([])
                room = shardSize
            }
            shards[shards.count - 1].append(tensor)
            room -= tensor.byteCount
        }
        return shards
    }

    private static func fiveDigits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
