import Foundation

/// Where the golden numbers are that `make_reference.py` computed: `GRACE_REFERENCE` if set, else the committed ones.
package enum ReferenceDirectory {
    package static var root: URL {
        if let path = ProcessInfo.processInfo.environment["GRACE_REFERENCE"] {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/reference", isDirectory: true)
    }

    /// A file by its path below the root; nil, said aloud, if that part was not made.
    package static func file(_ relative: String) -> URL? {
        let url = root.appendingPathComponent(relative)
        guard FileManager.default.fileExists(atPath: url.path) else {
            print("skipped: the reference has no \(relative) under \(root.path)")
            return nil
        }
        return url
    }
}
