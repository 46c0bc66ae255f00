// swift-tools-version: 6.1
import PackageDescription

// The arrows between targets are the architecture: see docs/architecture.md.

/// `Deploy/test` sets the variable; users of the package are not held to our compiler's warnings.
let warningsAreErrors = Context.environment["GRACE_WARNINGS_AS_ERRORS"] == "1"

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (warningsAreErrors ? [.unsafeFlags(["-warnings-as-errors"])] : [])

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: swiftSettings)
}

let package = Package(
    name: "grace",
    products: [
        .executable(name: "grace-server", targets: ["grace-server"]),
        .executable(name: "grace-trainer", targets: ["grace-trainer"]),
    ],
    traits: [.trait(name: "MPI", description: "Lets several grace-trainer train together that mpirun starts.")],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.4.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c"),
        .systemLibrary(name: "CSockets"),
        .systemLibrary(name: "CFiles"),
        .systemLibrary(name: "CZlib"),
        .target(name: "CKernels"),

        library("Confinement", []),
        library("RandomNumbers", []),
        library("HTTP", ["Confinement", "CSockets", "TLS", collections]),
        library("TLS", ["COpenSSL", "Confinement"]),
        library("Gzip", ["CZlib"]),
        library("Tokenization", [collections]),
        library("JSON", []),
        library("Metrics", ["Confinement"]),
        library("Logs", ["Confinement", logging]),
        library("Configuration", ["JSON", systemPackage]),
        library("CommandLines", ["Configuration", "Confinement", "Transformer", argumentParser]),
        library("Checkpoints", ["COpenSSL", "CFiles", "JSON", systemPackage]),
        library("Tensors", ["COpenBLAS", "CKernels"]),
        library("Transformer", ["Checkpoints", "Tensors", "JSON"]),
        library("Engine", ["Transformer", "Tensors", "Confinement", "RandomNumbers", collections]),
        library(
            "Grace",
            ["Engine", "Tokenization", "Transformer", "Checkpoints", "JSON", "Tensors", "Confinement", systemPackage]),
        library(
            "Serving",
            ["Grace", "Engine", "Transformer", "Checkpoints", "Confinement", systemPackage]),
        library(
            "EmbeddingServer",
            [
                "HTTP", "Gzip", "TLS", "Serving", "Grace", "Tokenization", "Engine", "Transformer", "JSON",
                "Confinement", "COpenSSL",
                "Metrics", logging, systemPackage,
            ],
            resources: [
                "Documentation/openapi.json", "Documentation/page.html", "Interface/ui.html", "Interface/ui.css",
                "Interface/ui-text.js", "Interface/ui-request.js", "Interface/ui-contributions.js",
                "Interface/ui-marks.js", "Interface/ui-run.js", "Interface/ui.js",
            ].map { .embedInCode($0) }),
        library("Benchmark", ["Serving", "Grace", "Engine", "Transformer", "Tensors", "Tokenization", "Confinement"]),
        library(
            "BulkEmbedding",
            [
                "Datasets", "Serving", "Grace", "Engine", "Checkpoints", "JSON", "Confinement", collections,
                systemPackage,
            ]),
        .executableTarget(
            name: "grace-server",
            dependencies: [
                "EmbeddingServer", "BulkEmbedding", "Serving", "Benchmark", "Grace", "Engine", "Transformer", "HTTP",
                "TLS", "JSON",
                "Logs", "CommandLines", "Confinement", logging, systemPackage, argumentParser,
            ],
            swiftSettings: swiftSettings),

        .target(
            name: "CGradientKernels", dependencies: ["CKernels"],
            // The kernels are written as those are that they lead back through.
            cSettings: [.headerSearchPath("../CKernels")]),
        library("TensorGradients", ["CGradientKernels", "Tensors"]),
        library(
            "Datasets", ["JSON", "Gzip", "Checkpoints", "Confinement", "RandomNumbers", collections, systemPackage]),
        library(
            "Evaluation",
            [
                "JSON", "HTTP", "Grace", "Engine", "Transformer", "Tensors", "Tokenization", "Checkpoints",
                "Confinement", "RandomNumbers", systemPackage,
            ]),
        library(
            "TrainingReport", ["JSON", systemPackage],
            resources: [.embedInCode("report.css"), .embedInCode("report.js")]),
        library("Ranks", ["Confinement", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),
        library(
            "Training",
            [
                "Datasets", "Grace", "Engine", "Transformer", "TensorGradients", "Tensors", "Tokenization",
                "Checkpoints", "JSON", "Confinement", "RandomNumbers", "Ranks", systemPackage,
            ]),
        .executableTarget(
            name: "grace-trainer",
            dependencies: [
                "Training", "Ranks", "TrainingReport", "Datasets", "Evaluation", "TensorGradients", "Confinement",
                "Grace", "Engine", "Transformer",
                "Tokenization", "Tensors", "Checkpoints", "JSON", "HTTP", "CommandLines", "Configuration",
                systemPackage,
                argumentParser,
            ],
            swiftSettings: swiftSettings),

        .target(
            name: "TestSupport", dependencies: ["RandomNumbers"], path: "Tests/TestSupport",
            swiftSettings: swiftSettings),
        tests(of: "RandomNumbers"),
        tests(of: "Ranks"),
        tests(of: "HTTP", ["TestSupport", "Confinement", "TLS"]),
        tests(of: "TLS", ["TestSupport", "COpenSSL"]),
        tests(of: "Gzip", ["TestSupport"]),
        tests(of: "Tokenization", ["TestSupport"]),
        tests(of: "JSON"),
        tests(of: "Metrics"),
        tests(of: "Configuration", ["TestSupport", "grace-server"]),
        tests(of: "Logs", ["TestSupport", "JSON", "Confinement", logging]),
        tests(of: "Checkpoints", ["TestSupport", "JSON", systemPackage]),
        tests(of: "Tensors", ["TestSupport", "CKernels"]),
        tests(of: "Transformer", ["TestSupport", "Checkpoints", "Tensors", systemPackage]),
        tests(of: "Engine", ["TestSupport", "Confinement", "Checkpoints", "Transformer", "Tensors", systemPackage]),
        tests(of: "Grace", ["TestSupport", "Engine", "Tokenization", "Transformer", "Checkpoints", systemPackage]),
        tests(
            of: "Serving", ["TestSupport", "Grace", "Engine", "Checkpoints", "Transformer", systemPackage]),
        tests(
            of: "BulkEmbedding",
            [
                "TestSupport", "Datasets", "Serving", "Grace", "Engine", "Checkpoints", "JSON", "Confinement",
                systemPackage,
            ]),
        tests(of: "TensorGradients", ["TestSupport", "Tensors"]),
        tests(
            of: "Datasets",
            ["TestSupport", "JSON", "Gzip", "Checkpoints", "RandomNumbers", "grace-trainer", systemPackage]),
        tests(
            of: "Evaluation", ["TestSupport", "JSON", "Grace", "Confinement", "HTTP", "RandomNumbers", systemPackage]),
        tests(of: "TrainingReport", ["TestSupport", "JSON", systemPackage]),
        tests(
            of: "Training",
            [
                "TestSupport", "Datasets", "Grace", "Engine", "Transformer", "TensorGradients", "Tensors",
                "Tokenization", "Checkpoints", "JSON", "Ranks", systemPackage,
            ]),
        tests(of: "Benchmark", ["TestSupport", "Serving", "Grace", "Engine", "Tensors", "Transformer", systemPackage]),
        tests(
            of: "EmbeddingServer",
            [
                "TestSupport", "Serving", "Grace", "Tokenization", "HTTP", "Gzip", "Engine", "Transformer", "Tensors",
                "Metrics", "Confinement", logging, systemPackage,
            ]),
    ]
)
