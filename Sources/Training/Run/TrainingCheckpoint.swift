import Checkpoints
import Grace
import JSON
import SystemPackage
import TensorGradients
import Tensors
import Transformer

extension Trainer {
    /// What a checkpoint is told of itself when it is written.
    package struct Provenance: Sendable {
        /// The checkpoint that training began with: what an adapter stands on.
        package var checkpoint: GraceCheckpoint
        /// The digest of the prepared data.
        package var dataDigest: String
        /// What the run was asked for, for people.
        package var configuration: [String: JSONValue]
        /// The program that trains, for people.
        package var program: [String: JSONValue]

        /// Takes all as they are.
        package init(
            checkpoint: GraceCheckpoint, dataDigest: String, configuration: [String: JSONValue],
            program: [String: JSONValue] = [:]
        ) {
            self.checkpoint = checkpoint
            self.dataDigest = dataDigest
            self.configuration = configuration
            self.program = program
        }
    }

    /// The file that a training goes on from, beside those of a checkpoint.
    static let stateName = "training_state.safetensors"

    /// Writes a checkpoint that servers take, with all that the training needs to go on, whole or not at all.
    ///
    /// - Parameters:
    ///   - metrics: for people.
    /// - Throws: `TrainingError.checkpoint`, `.grace`; what stood at the path is as it was then.
    package func save(
        to path: FilePath, provenance: Provenance, metrics: StepMetrics
    ) throws(TrainingError) {
        let generation = GraceManifest.GenerationDefaults(
            maxRationaleTokens: settings.rollouts.maxRationaleTokens, temperature: nil, topP: nil)
        let checkpoint = provenance.checkpoint
        let manifest = GraceManifest(
            systemPrompt: checkpoint.settings.systemPrompt, generation: generation,
            base: model.adapter.map { _ in .init(name: checkpoint.base.name, sha256: checkpoint.baseDigest) },
            training: [
                "data_sha256": .string(provenance.dataDigest), "base_sha256": .string(checkpoint.baseDigest),
                "configuration": .object(provenance.configuration), "program": .object(provenance.program),
                "metrics": .object(
                    Dictionary(metrics.values.map { ($0.name, JSONValue.number($0.value)) }, uniquingKeysWith: { $1 })),
            ])
        let files = try weightFiles(checkpoint)
        do throws(CheckpointError) {
            try CheckpointWriter.write(
                files, manifest: manifest,
                beside: [SafetensorsWriter.file(named: Self.stateName, stateTensors(provenance))], to: path)
        } catch {
            throw .checkpoint(error)
        }
    }

    private func weightFiles(_ checkpoint: GraceCheckpoint) throws(TrainingError) -> [FileContents] {
        guard let adapter = model.adapter else {
            let trained = model.parameters.map { parameter in
                (parameter.tensors[0].name, LinearGroupFactors.reader(of: parameter.value, firstRow: 0))
            }
            do throws(GraceError) {
                return try ModelExport(of: checkpoint).files(
                    format: .float32, shardSize: .max, replacing: Dictionary(trained, uniquingKeysWith: { $1 }))
            } catch {
                throw .grace(error)
            }
        }
        return LoRAAdapterSource(
            baseModelName: checkpoint.base.name, rank: adapter.rank, alpha: adapter.alpha, dropout: adapter.dropout,
            factors: adapterFactors
        ).files()
    }

    /// The factors of every adapted layer; none where the model itself is trained.
    private var adapterFactors: [LoRAAdapterSource.Factors] {
        model.gradients.layers.flatMap { layer in
            LinearGroupFactors.all(of: layer).flatMap(\.sources)
        }
    }

    // MARK: - What training goes on from

    /// Moments, and the place in the data.
    private func stateTensors(_ provenance: Provenance) -> [TensorSource] {
        var tensors: [TensorSource] = []
        for (parameter, moments) in zip(model.parameters, optimizer.moments) {
            tensors += Self.tensors(of: moments.first, parameter.tensors, prefix: "first.")
            tensors += Self.tensors(of: moments.second, parameter.tensors, prefix: "second.")
        }
        let numbers = [position.step, position.epoch, position.used, optimizer.stepCount].map { Int64($0) }
        tensors.append(TensorSource(name: "position", shape: [numbers.count], numbers))
        tensors.append(TensorSource(name: "data_sha256", bytes: Array(provenance.dataDigest.utf8)))
        return tensors
    }

    private static func tensors(
        of matrix: TrainableMatrix, _ tensors: [Parameter.Tensor], prefix: String = ""
    ) -> [TensorSource] {
        let columns = matrix.matrix.columns
        return tensors.map { tensor in
            TensorSource(
                name: prefix + tensor.name,
                shape: tensor.isVector ? [tensor.rows.count * columns] : [tensor.rows.count, columns], format: .float32,
                numbers: LinearGroupFactors.reader(of: matrix, firstRow: tensor.rows.lowerBound))
        }
    }

    /// Goes on from a checkpoint that ``save(to:provenance:metrics:)`` wrote.
    ///
    /// - Throws: `TrainingError.checkpoint`; `.otherData` where it was trained on other data; `.invalidPosition`
    package func resume(from path: FilePath, provenance: Provenance) throws(TrainingError) {
        let state: SavedState
        do throws(CheckpointError) {
            state = try SavedState(path: path.appending(Self.stateName))
        } catch {
            throw .checkpoint(error)
        }
        // Before anything is taken over.
        guard state.dataDigest == provenance.dataDigest else {
            throw .otherData(path: path.string, found: provenance.dataDigest, expected: state.dataDigest)
        }
        guard let (position, updates) = state.place(among: order.count) else {
            throw .invalidPosition(path: state.tensors.file.name, found: state.numbers, examples: order.count)
        }
        do throws(CheckpointError) {
            let weights = try SafetensorsFile(path: path.appending(Self.weightsName(model))).tensors
            for (parameter, moments) in zip(model.parameters, optimizer.moments) {
                try Self.read(parameter.tensors, prefix: "", of: weights, into: parameter.value)
                try Self.read(parameter.tensors, prefix: "first.", of: state.tensors, into: moments.first)
                try Self.read(parameter.tensors, prefix: "second.", of: state.tensors, into: moments.second)
            }
        } catch {
            throw .checkpoint(error)
        }
        optimizer.stepCount = updates
        go(to: position)
        try model.refresh()
    }

    /// Begins with an adapter that was trained before, in place of one that adds nothing. What "the start" is stays the base.
    ///
    /// - Parameter adapter: of a checkpoint of a run, with the same rank, scale and layers.
    /// - Throws: `TrainingError.checkpoint`, `.weightNotFinite`
    package func begin(with adapter: LoRAAdapter) throws(TrainingError) {
        do throws(CheckpointError) {
            let found = Self.shape(
                rank: adapter.configuration.rank, scale: adapter.configuration.scale, modules: Set(adapter.modules.keys)
            )
            let expected = Self.shape(
                rank: model.adapter?.rank ?? 0, scale: model.adapter.map { Float($0.alpha / Double($0.rank)) } ?? 0,
                modules: Set(adapterFactors.map(\.module)))
            guard found == expected else {
                throw .unsupportedSetting(
                    file: adapter.path.string, key: "adapter", found: found, supported: expected)
            }
            for parameter in model.parameters {
                try Self.read(parameter.tensors, prefix: "", of: adapter.tensors, into: parameter.value)
            }
        } catch {
            throw .checkpoint(error)
        }
        try model.refresh()
    }

    /// What two adapters have in common where one can go on as the other, for people.
    private static func shape(rank: Int, scale: Float, modules: Set<String>) -> String {
        let layers = modules.count == 1 ? "1 layer" : "\(modules.count) layers"
        return "rank \(rank), scale \(scale), \(layers)"
    }

    private static func weightsName(_ model: TrainableModel) -> String {
        model.adapter == nil ? "model.safetensors" : "adapter_model.safetensors"
    }

    private static func read(
        _ tensors: [Parameter.Tensor], prefix: String, of file: TensorFile, into matrix: TrainableMatrix
    ) throws(CheckpointError) {
        let columns = matrix.matrix.columns
        for tensor in tensors {
            let description = try file.description(of: prefix + tensor.name)
            let count = tensor.rows.count * columns
            guard description.format == .float32 else {
                throw .unsupportedTensorFormat(
                    file: file.file.name, tensor: prefix + tensor.name, format: "\(description.format)")
            }
            guard description.elementCount == count else {
                throw .tensorSizeMismatch(
                    file: file.file.name, tensor: prefix + tensor.name, expected: count * 4,
                    found: description.elementCount * 4)
            }
            let rows = UnsafeMutableBufferPointer(
                rebasing: matrix.elements[tensor.rows.lowerBound * columns..<tensor.rows.upperBound * columns])
            try description.read(from: 0, into: UnsafeMutableRawBufferPointer(rows))
            // One such moment spoils the model in a step, and the checkpoint of that step would be kept.
            if let index = rows.firstIndex(where: { !$0.isFinite }) {
                throw .numberNotStorable(
                    file: file.file.name, tensor: prefix + tensor.name, index: index, found: rows[index],
                    format: .float32)
            }
        }
    }
}

/// What a checkpoint's file for training holds.
private struct SavedState {
    /// The moments.
    let tensors: TensorFile
    let dataDigest: String
    /// Steps, epoch, examples used, updates.
    let numbers: [Int64]

    init(path: FilePath) throws(CheckpointError) {
        let file = try SafetensorsFile(path: path, allowsRawTensors: true)
        tensors = file.tensors
        func raw(_ name: String) throws(CheckpointError) -> RawTensor {
            guard let tensor = file.rawTensors[name] else {
                throw .missingTensor(file: file.tensors.file.name, tensor: name)
            }
            return tensor
        }
        dataDigest = String(decoding: try raw("data_sha256").bytes(), as: UTF8.self)
        numbers = try raw("position").integers()
    }

    /// The numbers by their meaning; nil where no run on so many examples can have come to them.
    func place(among examples: Int) -> (position: Trainer.Position, updates: Int)? {
        // More than any run makes, and far from where sums overflow.
        let limit: Int64 = 1 << 40
        guard numbers.count == 4, numbers.allSatisfy({ (0..<limit).contains($0) }), numbers[2] < examples else {
            return nil
        }
        let position = Trainer.Position(step: Int(numbers[0]), epoch: Int(numbers[1]), used: Int(numbers[2]))
        return (position, Int(numbers[3]))
    }
}

/// The factors of one group of linear layers as files have them.
struct LinearGroupFactors {
    let factors: LowRankFactors

    static func all(of layer: ModelGradients.Layer) -> [LinearGroupFactors] {
        layer.updates.sorted { $0.key.rawValue < $1.key.rawValue }.map { LinearGroupFactors(factors: $0.value) }
    }

    var sources: [LoRAAdapterSource.Factors] {
        let first = factors.first
        return zip(first.tensors, factors.second.compactMap { $0 }).map { tensor, second in
            LoRAAdapterSource.Factors(
                module: LoRAAdapter.module(ofTensor: tensor.name) ?? tensor.name,
                inputs: first.value.matrix.columns, outputs: second.value.matrix.rows,
                first: Self.reader(of: first.value, firstRow: tensor.rows.lowerBound),
                second: Self.reader(of: second.value, firstRow: 0))
        }
    }

    static func reader(of matrix: TrainableMatrix, firstRow: Int) -> TensorSource.NumberReader {
        let start = firstRow * matrix.matrix.columns
        return { offset, piece in
            _ = piece.update(
                fromContentsOf: UnsafeMutableBufferPointer(
                    rebasing: matrix.elements[start + offset..<start + offset + piece.count]))
        }
    }
}
