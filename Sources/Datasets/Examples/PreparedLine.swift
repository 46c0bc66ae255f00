import JSON
import SystemPackage

/// A line of prepared data: the example as a JSON object whose first member is its split.
enum PreparedLine {
    /// The keys that a line has besides those of an example.
    static let extraKeys: Set<String> = ["split"]

    /// The members of an example and the end of the object, to be put after a split.
    static func members(of example: TrainingExample) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            for (field, text) in example.texts {
                writer.member(field.rawValue, text)
            }
            if let source = example.source {
                writer.member("source", source)
            }
        }
        return Array(writer.bytes.dropFirst())
    }

    /// The line before the members.
    static func beginning(_ split: DatasetSplit) -> [UInt8] {
        Array("{\"split\":\"\(split.rawValue)\",".utf8)
    }

    /// The split that a line says; nil if it does not begin as a line of prepared data.
    static func split(of line: [UInt8]) -> DatasetSplit? {
        DatasetSplit.allCases.first { line.starts(with: beginning($0)) && line.last == UInt8(ascii: "}") }
    }

    /// The example of members that were made here.
    ///
    /// - Throws: `DatasetError.io`: they are read from a file of the program's own, and are not what was written there.
    static func example(
        ofMembers members: [UInt8], _ parser: ExampleParser, path: String
    ) throws(DatasetError) -> TrainingExample {
        let example: TrainingExample?
        do throws(LineRefusal) {
            example = try parser.example(in: [UInt8(ascii: "{")] + members)
        } catch {
            example = nil
        }
        guard let example else {
            throw .io(path: path, operation: "read what was written beside it", errno: Errno.ioError.rawValue)
        }
        return example
    }

    /// Reads the lines of a kind of data.
    static func parser(_ kind: DatasetKind) -> ExampleParser {
        ExampleParser(format: kind == .triplets ? .triplets : .texts, extraKeys: extraKeys)
    }
}
