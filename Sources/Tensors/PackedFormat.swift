import CKernels

/// A number format that weights are packed in, for products by this package's kernels.
package enum PackedFormat: String, Sendable, CaseIterable {
    /// 16 bits a weight; inputs are rounded to bfloat16 too, sums are float32.
    case bfloat16
    /// 8 bits a weight with a scale for each output; inputs are quantised to 8 bits in groups of 64.
    case int8
    /// 4 bits a weight with a scale and a minimum for each group of 32; inputs as for int8.
    case int4

    /// Outputs of a panel.
    static let panelRows = Int(GRACE_PANEL)

    /// What the kernels read instead of float32.
    enum Input: CaseIterable {
        case rounded, quantized

        /// Bytes of a row.
        func rowSize(columns: Int) -> Int {
            switch self {
            case .rounded: grace_bf16_row_count(columns) * MemoryLayout<UInt16>.stride
            case .quantized: grace_steps(columns) * MemoryLayout<grace_quantized_group>.stride
            }
        }

        /// Makes `rows` of an activation what the kernels read; `output` is the first of all rows'.
        func prepare(
            _ activation: Activation, rows: Range<Int>, into output: UnsafeMutableRawPointer, _ kernels: grace_kernels
        ) {
            let columns = activation.columns
            let first = activation.pointer(toRow: rows.lowerBound)
            let place = output + rows.lowerBound * rowSize(columns: columns)
            switch self {
            case .rounded:
                grace_bf16_round_rows(
                    kernels, first, rows.count, columns, columns, place.assumingMemoryBound(to: UInt16.self))
            case .quantized:
                grace_quantize_rows(
                    kernels, first, rows.count, columns, columns,
                    place.assumingMemoryBound(to: grace_quantized_group.self))
            }
        }
    }

    var input: Input {
        switch self {
        case .bfloat16: .rounded
        case .int8, .int4: .quantized
        }
    }

    /// Bytes of a panel.
    func panelSize(columns: Int) -> Int {
        switch self {
        case .bfloat16: grace_bf16_panel_size(columns)
        case .int8: grace_int8_panel_size(columns)
        case .int4: grace_int4_panel_size(columns)
        }
    }

    /// Bytes of a weight, `[rows, columns]`.
    func byteCount(rows: Int, columns: Int) -> Int {
        (rows + Self.panelRows - 1) / Self.panelRows * panelSize(columns: columns)
    }

    /// The largest magnitude of a weight that does not become infinite.
    private var largestWeight: Float {
        switch self {
        // The next one is rounded to infinity.
        case .bfloat16: Float(bitPattern: 0x7F7F_7FFF)
        case .int8: .greatestFiniteMagnitude
        // Minimums are in float16.
        case .int4: Float(Float16.greatestFiniteMagnitude)
        }
    }

    /// Packs `rows` of those read, at most one panel of them. `scratch` has room for a panel of float32.
    ///
    /// - Throws: the first weight that is not finite, or more than the format holds.
    func pack(
        _ stored: StoredRows, rows: Range<Int>, scratch: UnsafeMutableBufferPointer<Float>,
        into panel: UnsafeMutableRawPointer
    ) throws(WeightOutOfRange) {
        if self == .int4, packsBlocks(of: stored, rows: rows, into: panel) { return }
        let weights = UnsafeMutableBufferPointer(rebasing: scratch[..<(rows.count * stored.columns)])
        try stored.decode(rows, into: weights, limit: largestWeight)
        switch self {
        case .bfloat16: grace_bf16_pack_panel(weights.baseAddress, rows.count, stored.columns, panel)
        case .int8: grace_int8_pack_panel(weights.baseAddress, rows.count, stored.columns, panel)
        case .int4: grace_int4_pack_panel(weights.baseAddress, rows.count, stored.columns, panel)
        }
    }

    /// Takes blocks of four bits as they are; false if there are none, or none that can be.
    private func packsBlocks(of stored: StoredRows, rows: Range<Int>, into panel: UnsafeMutableRawPointer) -> Bool {
        guard let blocks = stored.fourBitBlocks else { return false }
        let addresses = rows.map { stored.bytes(ofRow: $0).baseAddress }
        return switch blocks {
        case .q4_0: grace_int4_pack_blocks(addresses, rows.count, stored.columns, false, panel)
        case .q4_1: grace_int4_pack_blocks(addresses, rows.count, stored.columns, true, panel)
        case .q4_K: grace_int4_pack_super_blocks(addresses, rows.count, stored.columns, panel)
        }
    }

    /// Widens one output of a panel.
    func unpack(
        _ panel: UnsafeRawPointer, lane: Int, columns: Int, into output: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .bfloat16: grace_bf16_unpack(panel, lane, columns, output)
        case .int8: grace_int8_unpack(panel, lane, columns, output)
        case .int4: grace_int4_unpack(panel, lane, columns, output)
        }
    }
}
