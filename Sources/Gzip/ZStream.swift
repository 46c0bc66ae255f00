import CZlib

/// zlib's stream, at an address that stays: its state points back to it.
final class ZStream {
    static let size = Int32(MemoryLayout<z_stream>.size)

    let pointer: UnsafeMutablePointer<z_stream>
    private let end: (z_streamp) -> Int32

    /// nil where `begin` fails, which the settings make a lack of memory.
    init?(end: @escaping (z_streamp) -> Int32, _ begin: (z_streamp) -> Int32) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: z_stream())
        self.end = end
        // What was begun or not ends in `deinit`, which Swift runs here too: zlib takes a stream without a state.
        guard begin(pointer) == Z_OK else { return nil }
    }

    deinit {
        _ = end(pointer)
        pointer.deallocate()
    }

    /// One call of `work`.
    ///
    /// - Parameter room: the most bytes that it makes.
    /// - Returns: its status, how many bytes of input it took, and the bytes that it made.
    func run(
        _ input: ArraySlice<UInt8>, room: Int, _ work: (z_streamp) -> Int32
    ) -> (status: Int32, consumed: Int, output: [UInt8]) {
        var status = Z_OK
        var consumed = 0
        let output = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            input.withUnsafeBufferPointer { input in
                // zlib counts in 32 bits.
                let available = min(input.count, 1 << 30)
                pointer.pointee.next_in = input.baseAddress
                pointer.pointee.avail_in = UInt32(available)
                pointer.pointee.next_out = buffer.baseAddress
                pointer.pointee.avail_out = UInt32(room)
                status = work(pointer)
                consumed = available - Int(pointer.pointee.avail_in)
                count = room - Int(pointer.pointee.avail_out)
                pointer.pointee.next_in = nil
                pointer.pointee.next_out = nil
            }
        }
        return (status, consumed, output)
    }

    /// zlib's reason for the last failure.
    var message: String { pointer.pointee.msg.map { String(cString: $0) } ?? "no reason given" }
}
