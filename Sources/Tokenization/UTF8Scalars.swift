/// The scalar that begins at an offset of valid UTF-8, and the offset after it.
///
/// Token boundaries are counted in bytes, so text is kept as bytes throughout and decoded where a scalar matters.
func scalar(in bytes: [UInt8], at offset: Int) -> (scalar: Unicode.Scalar, end: Int) {
    let lead = UInt32(bytes[offset])
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    var value = length == 1 ? lead : lead & (0x7F >> UInt32(length))
    for continuation in bytes[(offset + 1)..<(offset + length)] {
        value = value << 6 | UInt32(continuation & 0x3F)
    }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", offset + length)
}
