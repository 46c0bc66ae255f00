import Logging

extension LogLine {
    /// `{"time":…,"level":…,"logger":…,"message":…,` and the metadata's keys, with a line feed.
    ///
    /// Metadata never takes the place of these four: a key of theirs is written with an underscore before it.
    func appendJSON(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"time":""#.utf8)
        time.append(to: &bytes)
        bytes.append(contentsOf: #"","level":""#.utf8)
        bytes.append(contentsOf: level.rawValue.utf8)
        bytes.append(contentsOf: #"","logger":"#.utf8)
        Self.appendString(label, to: &bytes)
        bytes.append(contentsOf: #","message":"#.utf8)
        Self.appendString(message, to: &bytes)
        for (key, value) in metadata {
            bytes.append(UInt8(ascii: ","))
            Self.appendString(Self.ownKeys.contains(key) ? "_\(key)" : key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            Self.append(value, to: &bytes)
        }
        bytes.append(contentsOf: "}\n".utf8)
    }

    private static let ownKeys: Set<String> = ["time", "level", "logger", "message"]

    private static func append(_ value: Logger.MetadataValue, to bytes: inout [UInt8]) {
        switch value {
        case .string(let text): appendString(text, to: &bytes)
        case .stringConvertible(let value): append(value, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                appendString(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Numbers and truth values are themselves; all else is its description.
    private static func append(_ value: any CustomStringConvertible & Sendable, to bytes: inout [UInt8]) {
        switch value {
        case let number as Int: bytes.append(contentsOf: number.description.utf8)
        case let number as Double where number.isFinite: bytes.append(contentsOf: number.description.utf8)
        case let truth as Bool: bytes.append(contentsOf: truth.description.utf8)
        default: appendString(value.description, to: &bytes)
        }
    }

    private static func appendString(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        EscapedText.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}
