/// What a user has typed, as far as options are known; what is wrong with it is for the command line's parser to say.
struct GivenArguments {
    /// By the option's name.
    private(set) var settings: [String: Configuration.Setting] = [:]
    /// That of `--config`.
    private(set) var file: String?

    init(_ arguments: [String], options: CommandOptions) {
        var rest = arguments[...]
        while let argument = rest.popFirst(), argument != "--" {
            guard argument.hasPrefix("--") else { continue }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if name == CommandOptions.fileOption {
                file = parts.count == 2 ? String(parts[1]) : rest.popFirst() ?? ""
            } else if let option = options[name], option.isFlag {
                set(option, ["true"])
            } else if name.hasPrefix("no-"), let option = options[name.dropFirst(3)], option.hasInverse {
                set(option, ["false"])
            } else if let option = options[name] {
                let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() ?? ""
                set(option, (option.isRepeatable ? settings[name]?.values ?? [] : []) + [value])
            }
        }
    }

    private mutating func set(_ option: CommandOptions.Option, _ values: [String]) {
        settings[option.name] = Configuration.Setting(option: option, values: values, source: .commandLine)
    }
}
