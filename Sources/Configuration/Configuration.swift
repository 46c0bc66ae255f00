/// Every option's value and where it comes from: command line before environment before file before default.
package struct Configuration: Sendable {
    /// One option and what it is set to.
    package struct Setting: Sendable, Equatable {
        package let option: CommandOptions.Option
        /// As text; nil where nothing sets the option and it has no default that can be named.
        package let values: [String]?
        package let source: SettingSource
    }

    /// All options, in the order in which they are listed.
    package let settings: [Setting]
    /// For the command line's parser: what environment and file set, then the user's own.
    package let arguments: [String]

    /// Gathers what is set.
    ///
    /// - Parameters:
    ///   - arguments: the command line's, without the program and the subcommand.
    ///   - readFile: reads the file of a path.
    /// - Throws: `ConfigurationError`; what is wrong with arguments is for their parser to say.
    package init(
        options: CommandOptions, arguments: [String], environment: [String: String],
        readFile: (String) throws(ConfigurationError) -> ConfigurationFile = { path throws(ConfigurationError) in
            try ConfigurationFile(path: path)
        }
    ) throws(ConfigurationError) {
        let given = GivenArguments(arguments, options: options)
        var found = given.settings
        for setting in try Self.settings(in: environment, options) where found[setting.option.name] == nil {
            found[setting.option.name] = setting
        }
        if let path = given.file ?? environment[CommandOptions.prefix + CommandOptions.fileOption.uppercased()] {
            guard !path.isEmpty else { throw .missingPath }
            for setting in try Self.settings(in: try readFile(path), options) where found[setting.option.name] == nil {
                found[setting.option.name] = setting
            }
        }
        settings = options.all.map { option in
            found[option.name] ?? Setting(option: option, values: option.standardValues, source: .standard)
        }
        self.arguments =
            settings.filter { $0.source != .standard && $0.source != .commandLine }.flatMap(\.arguments) + arguments
    }

    private static func settings(
        in environment: [String: String], _ options: CommandOptions
    ) throws(ConfigurationError) -> [Setting] {
        let known = Dictionary(options.all.map { ($0.variable, $0) }) { first, _ in first }
        let file = CommandOptions.prefix + CommandOptions.fileOption.uppercased()
        var settings: [Setting] = []
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(CommandOptions.prefix) {
            guard name != file, !CommandOptions.otherVariables.contains(name) else { continue }
            guard let option = known[name] else { throw .unknownVariable(name: name) }
            let values =
                option.isRepeatable ? value.split(separator: ",").map(String.init) : [value]
            settings.append(try setting(option, values, .environment(variable: name)))
        }
        return settings
    }

    private static func settings(
        in file: ConfigurationFile, _ options: CommandOptions
    ) throws(ConfigurationError) -> [Setting] {
        var settings: [Setting] = []
        for entry in file.entries {
            guard let option = options[entry.key] else {
                throw .unknownKey(path: file.path, entry.position, key: entry.key)
            }
            let source = SettingSource.file(path: file.path, line: entry.position.line)
            guard option.isRepeatable || !entry.isList else { throw .notRepeatable(option: option.name, source) }
            settings.append(try setting(option, entry.values, source))
        }
        return settings
    }

    private static func setting(
        _ option: CommandOptions.Option, _ values: [String], _ source: SettingSource
    ) throws(ConfigurationError) -> Setting {
        if option.isFlag, let value = values.first, !["true", "false"].contains(value) {
            throw .notTrueOrFalse(option: option.name, value: value, source)
        }
        return Setting(option: option, values: values, source: source)
    }

    /// A line for each option that a message about arguments names and the user has not typed: where its value comes from.
    package func origins(ofOptionsIn message: String) -> [String] {
        let words = message.split { !$0.isLetter && !$0.isNumber && $0 != "-" }
        return settings.filter { setting in
            setting.source != .standard && setting.source != .commandLine
                && words.contains { $0 == "--\(setting.option.name)" || $0 == "--no-\(setting.option.name)" }
        }.map { "--\($0.option.name) is from \($0.source)" }
    }
}

extension CommandOptions.Option {
    /// The default as a file would set it.
    var standardValues: [String]? {
        guard isFlag else { return defaultValue.map { [$0] } ?? (isRepeatable ? [] : nil) }
        return [defaultValue == "--\(name)" ? "true" : "false"]
    }
}

extension Configuration.Setting {
    /// As the user would have typed it.
    var arguments: [String] {
        guard option.isFlag else { return (values ?? []).map { "--\(option.name)=\($0)" } }
        if values == ["true"] { return ["--\(option.name)"] }
        return option.hasInverse ? ["--no-\(option.name)"] : []
    }
}
