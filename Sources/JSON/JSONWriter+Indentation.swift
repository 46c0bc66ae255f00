extension JSONWriter {
    /// What was written, for people: each member of an object on a line of its own, two spaces a level, and a line break at
    /// the end. Arrays stay on one line but for the objects in them.
    package var indented: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 4)
        var brackets: [UInt8] = []
        var depth = 0
        var isInString = false
        var isEscaped = false
        func breakLine() {
            output.append(UInt8(ascii: "\n"))
            output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
        }
        for (index, byte) in bytes.enumerated() {
            if isInString {
                output.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                output.append(byte)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                brackets.append(byte)
                output.append(byte)
                // An empty object stays on its line.
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                if byte == UInt8(ascii: "{"), next != UInt8(ascii: "}") {
                    depth += 1
                    breakLine()
                }
            case UInt8(ascii: "}"):
                brackets.removeLast()
                if index > 0, bytes[index - 1] != UInt8(ascii: "{") {
                    depth -= 1
                    breakLine()
                }
                output.append(byte)
            case UInt8(ascii: "]"):
                brackets.removeLast()
                output.append(byte)
            case UInt8(ascii: ","):
                output.append(byte)
                if brackets.last == UInt8(ascii: "{") { breakLine() } else { output.append(UInt8(ascii: " ")) }
            case UInt8(ascii: ":"):
                output += [byte, UInt8(ascii: " ")]
            default:
                output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\n"))
        return output
    }
}
