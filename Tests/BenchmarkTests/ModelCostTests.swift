import Benchmark
import Grace
import Tensors
import Testing
import Transformer

@Suite("ModelCost")
struct ModelCostTests {
    private let limits = MachineLimits(memoryBandwidth: 40e9, operations: [.float32: 400e9, .bfloat16: 800e9])

    private func cost(_ arithmetic: Arithmetic) -> ModelCost {
        ModelCost(
            bytesPerStep: 200_000_000, parametersPerPromptToken: 80_000_000, parametersPerWrittenToken: 100_000_000,
            arithmetic: arithmetic)
    }

    @Test(
        "A step reads the weights once, whatever rows it has",
        arguments: [(100.0, 1, 0.5), (800, 8, 0.5), (200, 1, 1)])
    func bandwidth(tokensPerSecond: Double, rows: Int, share: Double) {
        #expect(cost(.bfloat16).bandwidthShare(decoding: tokensPerSecond, rows: rows, of: limits) == share)
    }

    @Test("A token is two operations for each parameter that it meets, the head's where another token follows")
    func peak() {
        #expect(cost(.bfloat16).peakShare(decoding: 2000, of: limits) == 0.5)
        #expect(cost(.bfloat16).peakShare(prefilling: 2500, of: limits) == 0.5)
        #expect(cost(.float32).peakShare(decoding: 2000, of: limits) == 1)
    }

    @Test("Where there are no instructions for a format, the peak is float32's")
    func withoutInstructions() {
        #expect(limits.peak(of: .int8) == 400e9)
    }

    @Test("Each precision's weights are counted as they are stored", arguments: Precision.allCases)
    func weights(precision: Precision) throws {
        let model = try #require(try tinyModel(precision: precision))
        let configuration = model.transformer.configuration
        let c = configuration
        let attention = c.hiddenSize * c.headSize * (2 * c.headCount + 2 * c.keyValueHeadCount)
        let parameters = c.layerCount * (attention + 3 * c.hiddenSize * c.feedForwardSize)
        let cost = ModelCost(of: model.transformer.weights, precision: precision)
        #expect(cost.parametersPerPromptToken == parameters)
        #expect(cost.parametersPerWrittenToken == parameters + c.vocabularySize * c.hiddenSize)
        if precision == .float32 { #expect(cost.bytesPerStep == 4 * cost.parametersPerWrittenToken) }
        #expect(model.transformer.weightBytes >= cost.bytesPerStep)
        #expect(cost.bytesPerStep > 0)
    }
}
