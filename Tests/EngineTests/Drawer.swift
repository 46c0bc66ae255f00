import Engine
import Tensors
import Transformer

/// Draws tokens from one row of logits, on one thread.
struct Drawer {
    private let sampler = Sampler()
    private let row: Activation
    private let workers: Workers

    init(_ logits: [Float], kernels: Kernels = .chosen) {
        row = Activation(rowCapacity: 1, columns: logits.count)
        row.setRow(0, to: logits)
        workers = Workers(count: 1, kernels: kernels)
    }

    func token(_ settings: SamplingSettings, draw: Int) -> TokenID? {
        sampler.sample([Sampler.Draw(settings: settings, index: draw)], fromRowsOf: row, on: workers)[0]?.token
    }
}
