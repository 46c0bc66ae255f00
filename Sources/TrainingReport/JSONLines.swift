import JSON

/// A file of one JSON object a line, as a program writes it that may have been killed in the midst of the last line.
struct JSONLines {
    /// The objects with their line numbers, from 1.
    let objects: [(line: Int, members: [String: JSONValue])]
    /// Whether the last line had no end and was left out.
    let isCutOff: Bool

    /// More lines than any run writes; each takes some kilobytes in memory.
    static let lineLimit = 1_000_000
    private static let valueLimit = 10_000

    /// Reads every line that is not empty.
    ///
    /// - Parameter file: for messages.
    /// - Throws: `json`, `notAnObject`, `tooMany`.
    init(parsing bytes: [UInt8], file: String) throws(TrainingReportError) {
        var objects: [(line: Int, members: [String: JSONValue])] = []
        var isCutOff = false
        var start = 0
        var line = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let content = bytes[start..<end]
            line += 1
            start = end + 1
            guard content.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            guard objects.count < Self.lineLimit else {
                throw .tooMany(file: file, what: "lines", limit: Self.lineLimit)
            }
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONValue(parsing: Self.namingNoNumbers(content), valueLimit: Self.valueLimit)
            } catch {
                if end == bytes.count {
                    isCutOff = true
                    break
                }
                throw .json(file: file, line: line, error)
            }
            guard case .object(let members) = value else {
                throw .notAnObject(file: file, line: line, found: value.summary)
            }
            objects.append((line, members))
        }
        self.objects = objects
        self.isCutOff = isCutOff
    }

    /// The line with `NaN` and `Infinity`, which Python writes where JSON has no word, as strings.
    private static func namingNoNumbers(_ line: ArraySlice<UInt8>) -> [UInt8] {
        let words = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
        guard line.contains(UInt8(ascii: "N")) || line.contains(UInt8(ascii: "I")) else { return Array(line) }
        var output: [UInt8] = []
        var isInString = false
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            if isInString {
                if byte == UInt8(ascii: "\\"), index + 1 < line.endIndex {
                    output += [byte, line[index + 1]]
                    index += 2
                    continue
                }
                isInString = byte != UInt8(ascii: "\"")
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if let word = words.first(where: { line[index...].starts(with: $0) }) {
                output += [UInt8(ascii: "\"")] + word + [UInt8(ascii: "\"")]
                index += word.count
                continue
            }
            output.append(byte)
            index += 1
        }
        return output
    }
}
