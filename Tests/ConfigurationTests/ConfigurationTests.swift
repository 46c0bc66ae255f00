import Configuration
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    private static let help = """
        {"serializationVersion": 0, "command": {"commandName": "serve", "arguments": [
        {"kind": "option", "preferredName": {"kind": "long", "name": "config"}, "sectionTitle": "Configuration"},
        {"kind": "option", "preferredName": {"kind": "long", "name": "port"}, "defaultValue": "8080", "isRepeating": false,
         "sectionTitle": "Listening", "abstract": "The port."},
        {"kind": "option", "preferredName": {"kind": "long", "name": "max-body-bytes"}, "defaultValue": "10",
         "sectionTitle": "Listening"},
        {"kind": "option", "preferredName": {"kind": "long", "name": "canary"}, "sectionTitle": "Checkpoints"},
        {"kind": "option", "preferredName": {"kind": "long", "name": "model-alias"}, "isRepeating": true,
         "sectionTitle": "Checkpoints"},
        {"kind": "flag", "preferredName": {"kind": "long", "name": "speculation"}, "defaultValue": "--speculation",
         "sectionTitle": "Model"},
        {"kind": "flag", "preferredName": {"kind": "long", "name": "no-speculation"}, "sectionTitle": "Model"},
        {"kind": "flag", "preferredName": {"kind": "long", "name": "log-texts"}, "sectionTitle": "Model"},
        {"kind": "flag", "preferredName": {"kind": "long", "name": "help"}}]}}
        """

    private func configuration(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) throws -> Configuration {
        try Configuration(
            options: CommandOptions(helpJSON: Self.help), arguments: arguments, environment: environment
        ) { path throws(ConfigurationError) in
            try ConfigurationFile(parsing: Array((file ?? "").utf8), path: path)
        }
    }

    private func setting(_ name: String, of configuration: Configuration) throws -> (
        values: [String]?, source: SettingSource
    ) {
        let setting = try #require(configuration.settings.first { $0.option.name == name })
        return (setting.values, setting.source)
    }

    @Test("The command line comes before the environment, which comes before the file, which comes before the default")
    func precedence() throws {
        let file = "# mine\nport: 3\n"
        let inFile = ["--config", "f.yaml"]
        let inEnvironment = ["GRACE_PORT": "2"]
        var found = try setting("port", of: try configuration())
        #expect(found == (["8080"], .standard))
        found = try setting("port", of: try configuration(inFile, file: file))
        #expect(found == (["3"], .file(path: "f.yaml", line: 2)))
        found = try setting("port", of: try configuration(inFile, environment: inEnvironment, file: file))
        #expect(found == (["2"], .environment(variable: "GRACE_PORT")))
        found = try setting(
            "port", of: try configuration(inFile + ["--port", "1"], environment: inEnvironment, file: file))
        #expect(found == (["1"], .commandLine))
    }

    @Test(
        "What is set elsewhere stands before the user's own arguments, which stay as they are",
        arguments: [
            (
                ["--port", "1"], ["GRACE_PORT": "2", "GRACE_CANARY": "a=5%"], "port: 3",
                ["--canary=a=5%", "--port", "1"]
            ),
            (["--port=1"], [:], "max-body-bytes: 5", ["--max-body-bytes=5", "--port=1"]),
            ([], ["GRACE_SPECULATION": "false"], "log-texts: true", ["--no-speculation", "--log-texts"]),
            ([], ["GRACE_SPECULATION": "true"], "log-texts: false", ["--speculation"]),
            (["--no-speculation"], ["GRACE_SPECULATION": "true"], "", ["--no-speculation"]),
            ([], ["GRACE_MODEL_ALIAS": "a=b,c=d"], "model-alias: [e=f]", ["--model-alias=a=b", "--model-alias=c=d"]),
            (["--model-alias", "x=y"], ["GRACE_MODEL_ALIAS": "a=b"], "model-alias: [e=f]", ["--model-alias", "x=y"]),
            ([], [:], "model-alias:\n  - a=b\n  - c=d", ["--model-alias=a=b", "--model-alias=c=d"]),
            ([], [:], "canary: -x", ["--canary=-x"]),
            (
                ["--canary", "--port", "--", "--max-body-bytes", "1"], [:], "max-body-bytes: 2",
                ["--max-body-bytes=2", "--canary", "--port", "--", "--max-body-bytes", "1"]
            ),
            (["what", "--is-this"], [:], "", ["what", "--is-this"]),
        ] as [([String], [String: String], String, [String])])
    func arguments(typed: [String], environment: [String: String], file: String, result: [String]) throws {
        var environment = environment
        environment["GRACE_CONFIG"] = "f.yaml"
        #expect(try configuration(typed, environment: environment, file: file).arguments == result)
    }

    @Test(
        "What is unknown or of another kind is an error that names its place",
        arguments: [
            (
                [:], "prot: 1",
                "f.yaml:1:1: unknown key 'prot'; keys are the names of options without dashes, see --help"
            ),
            (
                [:], "port: 1\nhelp: true",
                "f.yaml:2:1: unknown key 'help'; keys are the names of options without dashes, see --help"
            ),
            (
                [:], "config: g.yaml",
                "f.yaml:1:1: unknown key 'config'; keys are the names of options without dashes, see --help"
            ),
            (
                [:], "no-speculation: true",
                "f.yaml:1:1: unknown key 'no-speculation'; keys are the names of options without dashes, see --help"
            ),
            ([:], "port: [1]", "f.yaml:1: 'port' has one value, not a list"),
            ([:], "speculation: yes", "f.yaml:1: 'speculation' is true or false, not 'yes'"),
            (
                ["GRACE_PROT": "1"], "",
                "unknown environment variable GRACE_PROT; variables are GRACE_ and the names of options, see --help"
            ),
            (
                ["GRACE_LOG_TEXTS": "1"], "",
                "environment variable GRACE_LOG_TEXTS: 'log-texts' is true or false, not '1'"
            ),
        ] as [([String: String], String, String)])
    func errors(environment: [String: String], file: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try configuration(["--config", "f.yaml"], environment: environment, file: file)
        }
        #expect(error?.description == message)
    }

    @Test(
        "An empty path is an error, not a server without its configuration", arguments: [["--config"], ["--config="]])
    func missingPath(arguments: [String]) {
        #expect(throws: ConfigurationError.missingPath) { try configuration(arguments) }
    }

    @Test("Variables of kernels, builds and tests are not options, and others are nobody's business")
    func otherVariables() throws {
        let variables = [
            "GRACE_KERNELS", "GRACE_WARNINGS_AS_ERRORS", "GRACE_FUZZ_ROUNDS", "PORT", "DISGRACE_PORT", "HOME",
        ]
        let environment = Dictionary(uniqueKeysWithValues: variables.map { ($0, "x") })
        #expect(try configuration(environment: environment).arguments == [])
    }

    @Test("The parser's message is explained: which of its options comes from where")
    func origins() throws {
        let configuration = try configuration(
            ["--config", "f.yaml", "--canary", "a"], environment: ["GRACE_PORT": "x"], file: "\nmax-body-bytes: 0\n")
        let message = "The value 'x' is invalid for '--port <port>'; --max-body-bytes is 0, --canary, --model-alias"
        #expect(
            configuration.origins(ofOptionsIn: message) == [
                "--port is from environment variable GRACE_PORT", "--max-body-bytes is from f.yaml:2",
            ])
        #expect(configuration.origins(ofOptionsIn: "--support is unknown") == [])
    }

    @Test("All settings are listed as a file with their sources, which sets the same again")
    func listing() throws {
        let first = try configuration(
            ["--port", "1"], environment: ["GRACE_CONFIG": "f.yaml", "GRACE_CANARY": "a \"b\"\\\n: #"],
            file: "model-alias: [a=b, 'c: d']\nspeculation: false")
        #expect(
            first.listing == #"""
                # Listening
                port: 1  # command line
                max-body-bytes: 10  # default

                # Checkpoints
                canary: "a \"b\"\\\n: #"  # environment variable GRACE_CANARY
                model-alias:  # f.yaml:1
                  - "a=b"
                  - "c: d"

                # Model
                speculation: false  # f.yaml:2
                log-texts: false  # default
                """#)
        let second = try configuration(["--config", "g.yaml"], file: first.listing)
        #expect(second.settings.map(\.values) == first.settings.map(\.values))
        #expect(try configuration().listing.contains("\n# canary:  # default, not set\nmodel-alias: []  # default\n"))
    }
}
