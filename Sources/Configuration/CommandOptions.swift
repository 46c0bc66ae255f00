import JSON

/// The options of a command, as the command line's own parser lists them, so that nothing is listed twice.
package struct CommandOptions: Sendable {
    /// One option or flag.
    package struct Option: Sendable, Equatable {
        /// Without dashes.
        package let name: String
        /// Whether it is true or false, without a value.
        package let isFlag: Bool
        /// Whether it is a flag of which `--no-` before its name means the opposite.
        package let hasInverse: Bool
        /// Whether it can be given several times.
        package let isRepeatable: Bool
        /// nil where there is none that can be named.
        package let defaultValue: String?
        /// The heading that it is listed under.
        package let section: String?
        /// What it is for.
        package let abstract: String

        /// `GRACE_MAX_BODY_BYTES` for `max-body-bytes`.
        package var variable: String {
            CommandOptions.prefix + name.uppercased().split(separator: "-").joined(separator: "_")
        }
    }

    /// What is not the list of a command's options.
    package struct NotAList: Error, Sendable, CustomStringConvertible {
        package let description = "the list of options is not what ArgumentParser writes"
    }

    /// What the names of environment variables begin with.
    package static let prefix = "GRACE_"
    /// Variables that begin so and are no options: those of kernels, of builds and of tests.
    package static let otherVariables: Set<String> = [
        "GRACE_KERNELS", "GRACE_WARNINGS_AS_ERRORS", "GRACE_FUZZ_ROUNDS", "GRACE_PUBLISHED", "GRACE_REFERENCE",
        "GRACE_TORCH_PYTHON",
    ]
    /// The option that names the file.
    package static let fileOption = "config"
    /// What asks for something else than to serve, and thus has no place in a file.
    private static let questions: Set<String> = ["help", "version", "print-config", fileOption]

    /// All that can be set in a file, in the order in which they are listed.
    package let all: [Option]
    private let byName: [String: Option]

    /// Reads the JSON of `--experimental-dump-help`.
    ///
    /// - Throws: `NotAList`
    package init(helpJSON: String) throws(NotAList) {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONValue(parsing: Array(helpJSON.utf8))
        } catch {
            throw NotAList()
        }
        guard case .array(let arguments) = root["command"]?["arguments"] else { throw NotAList() }
        let names = Set(arguments.compactMap { $0["preferredName"]?["name"]?.string })
        var options: [Option] = []
        for argument in arguments {
            guard let name = argument["preferredName"]?["name"]?.string, let kind = argument["kind"]?.string else {
                throw NotAList()
            }
            guard kind != "positional", !Self.questions.contains(name) else { continue }
            // The parser lists what means the opposite as a flag of its own.
            if kind == "flag", name.hasPrefix("no-"), names.contains(String(name.dropFirst(3))) { continue }
            options.append(
                Option(
                    name: name, isFlag: kind == "flag", hasInverse: kind == "flag" && names.contains("no-\(name)"),
                    isRepeatable: argument["isRepeating"] == .bool(true),
                    defaultValue: argument["defaultValue"]?.string, section: argument["sectionTitle"]?.string,
                    abstract: argument["abstract"]?.string ?? ""))
        }
        all = options
        byName = Dictionary(options.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The option of the name.
    package subscript(name: some StringProtocol) -> Option? { byName[String(name)] }
}

extension JSONValue {
    fileprivate subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    fileprivate var string: String? {
        if case .string(let string) = self { string } else { nil }
    }
}
