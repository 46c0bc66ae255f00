private let base64Alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// A vector's float32, little-endian, one after the other.
package func littleEndian(_ vector: [Float]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(vector.count * 4)
    for value in vector {
        let bits = value.bitPattern
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
    return bytes
}

/// A vector's float32, little-endian, in base64 (RFC 4648, section 4).
package func base64(_ vector: [Float]) -> [UInt8] {
    base64(littleEndian(vector))
}

/// Bytes in base64 (RFC 4648, section 4).
package func base64(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        var group = UInt32(bytes[start]) << 16
        if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
        if count > 2 { group |= UInt32(bytes[start + 2]) }
        for position in 0..<4 {
            let digit = Int(group >> (18 - 6 * UInt32(position))) & 63
            text.append(position <= count ? base64Alphabet[digit] : UInt8(ascii: "="))
        }
    }
    return text
}
