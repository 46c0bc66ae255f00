import Foundation

/// Where `fetch_published.py` has put published vocabularies and templates: `GRACE_PUBLISHED`, if set.
package enum PublishedDirectory {
    /// Why the tests of published files are skipped where they are.
    package static let skipReason =
        "GRACE_PUBLISHED names no directory: make one with Tests/Fixtures/fetch_published.py"

    /// Whether there is a directory. What is missing in it is then a failure.
    package static var isNamed: Bool { root != nil }

    /// The JSON of a file.
    package static func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(name)))
    }

    /// The path of a file.
    package static func path(_ name: String) throws -> String {
        try url(name).path
    }

    private static func url(_ name: String) throws -> URL {
        guard let root else { throw CocoaError(.fileNoSuchFile) }
        return URL(fileURLWithPath: root, isDirectory: true).appendingPathComponent(name)
    }

    private static var root: String? {
        ProcessInfo.processInfo.environment["GRACE_PUBLISHED"]
    }
}
