import ArgumentParser
import EmbeddingServer
import Serving
import SystemPackage

/// Which checkpoints answer, and who may change that.
struct CheckpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the models may take together, for example 8GB or 512MiB; by default the machine's memory.",
            valueName: "size"))
    var memoryLimit: ByteCount?

    @Option(
        help: ArgumentHelp(
            "A model name that clients send, and the checkpoint that it means: text-embedding-3-small=default. Can be given "
                + "several times.", valueName: "name=checkpoint"))
    var modelAlias: [ModelAlias] = []

    @Option(
        help: ArgumentHelp(
            "A checkpoint on trial, and the share of the requests without a model name that it answers.",
            valueName: "name=5%"))
    var canary: CanaryShare?

    @Option(
        help: ArgumentHelp(
            "Where operators load and switch checkpoints, or off; beyond this machine only with --admin-key-file.",
            valueName: "host:port"))
    var adminListen = AdminAddress.default

    @Option(help: ArgumentHelp("The keys of operators, one a line.", valueName: "file"))
    var adminKeyFile: String?

    func validate() throws {
        let names = modelAlias.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("--model-alias \(twice) is given twice")
        }
        if adminKeyFile != nil, adminListen == .off {
            throw ValidationError("--admin-key-file has no use with --admin-listen off")
        }
    }

    func apply(to configuration: inout ServerConfiguration) {
        if let memoryLimit { configuration.memoryLimit = memoryLimit.value }
        configuration.routing = CheckpointRouting(
            aliases: Dictionary(uniqueKeysWithValues: modelAlias.map { ($0.name, $0.checkpoint) }),
            canary: canary.map { .init(checkpoint: $0.checkpoint, share: $0.share) })
        switch adminListen {
        case .off: configuration.admin = nil
        case .at(let host, let port):
            configuration.admin?.host = host
            configuration.admin?.port = port
            configuration.admin?.keyFile = adminKeyFile.map { FilePath($0) }
        }
    }
}

/// A number of bytes: `1048576`, `512MiB` or `8GB`.
struct ByteCount: ExpressibleByArgument {
    let value: Int

    init(_ value: Int) {
        self.value = value
    }

    var defaultValueDescription: String { "\(value)" }

    init?(argument: String) {
        let text = argument.uppercased()
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000]
            .merging(["KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30]) { first, _ in first }
        guard let number = Int(digits), number > 0, let unit = units[String(text.dropFirst(digits.count))] else {
            return nil
        }
        let (value, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self.value = value
    }
}

/// `name=checkpoint`
struct ModelAlias: ExpressibleByArgument {
    let name: String
    let checkpoint: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        (name, checkpoint) = (parts[0], parts[1])
    }
}

/// `name=5%`
struct CanaryShare: ExpressibleByArgument {
    let checkpoint: String
    let share: Double

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), argument.hasSuffix("%") else { return nil }
        let percent = Double(argument[argument.index(after: equals)...].dropLast())
        guard let percent, (0...100).contains(percent), equals != argument.startIndex else { return nil }
        checkpoint = String(argument[..<equals])
        share = percent / 100
    }
}

/// `host:port`, or `off`.
enum AdminAddress: ExpressibleByArgument, Equatable, CustomStringConvertible {
    case off
    case at(host: String, port: Int)

    static let `default` = AdminAddress.at(host: AdminConfiguration().host, port: AdminConfiguration().port)

    init?(argument: String) {
        if argument == "off" {
            self = .off
            return
        }
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65535).contains(port), colon != argument.startIndex
        else { return nil }
        self = .at(host: String(argument[..<colon]), port: port)
    }

    var description: String {
        switch self {
        case .off: "off"
        case .at(let host, let port): "\(host):\(port)"
        }
    }

    var defaultValueDescription: String { description }
}
