import Checkpoints
import SystemPackage
import TestSupport
import Testing

@Suite("SHA-256 digests")
struct SHA256DigestTests {
    @Test(
        "Digests equal the published examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func publishedExamples(text: String, digest: String) throws {
        #expect(try SHA256Digest(of: [UInt8](text.utf8)).description == digest)
    }

    @Test("The digest of a file is that of its bytes")
    func file() throws {
        let directory = try TemporaryDirectory()
        // Less than what is read at once, exactly that, and a little more.
        for count in [3, 1 << 18, (1 << 19) + 1] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
            let file = try RegularFile(path: FilePath(try directory.write(bytes, to: "file")))
            #expect(try SHA256Digest(of: file) == SHA256Digest(of: bytes))
        }
    }

    @Test("The digest of bytes that come in pieces is that of the whole")
    func pieces() throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let hasher = try SHA256Hasher()
        for size in [1, 7, 64, 1000] {
            for start in stride(from: 0, to: bytes.count, by: size) {
                try hasher.update(Array(bytes[start..<min(bytes.count, start + size)]))
            }
            #expect(try hasher.finish() == SHA256Digest(of: bytes), "pieces of \(size)")
        }
    }
}
