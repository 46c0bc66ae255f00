import EmbeddingServer
import HTTP
import Testing

@Suite("Trace context")
struct TraceContextTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"

    private func answer(to traceparent: String) async -> String? {
        let fixture = ServiceFixture.without()
        return await fixture.send(.get, "/health", headers: ["traceparent": traceparent]).headers["traceparent"]
    }

    @Test(
        "A span of ours answers a caller's: same trace, a new span, and whether it is recorded",
        arguments: [
            ("01", "01"), ("00", "00"), ("ff", "01"), ("02", "00"),
        ])
    func child(flags: String, answered: String) async throws {
        let value = try #require(await answer(to: "00-\(Self.trace)-b7ad6b7169203331-\(flags)"))
        let parts = value.split(separator: "-").map(String.init)
        try #require(parts.count == 4)
        #expect(parts[0] == "00")
        #expect(parts[1] == Self.trace)
        #expect(parts[2].utf8.count == 16 && parts[2] != "b7ad6b7169203331" && UInt64(parts[2], radix: 16) != nil)
        #expect(parts[3] == answered)
    }

    @Test(
        "What is not as the specification says is ignored",
        arguments: [
            "", "00", "00-\(trace)-b7ad6b7169203331", "00-\(trace)-b7ad6b7169203331-01-",
            "00-\(trace)-b7ad6b7169203331-01-x",
            "01-\(trace)-b7ad6b7169203331-01", "ff-\(trace)-b7ad6b7169203331-01", "0-\(trace)-b7ad6b7169203331-001",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "00-\(trace)-B7AD6B7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-\(trace)-0000000000000000-01",
            "00-\(trace)-b7ad6b7169203331-0x", "00-\(trace)-b7ad6b716920333g-01", "00_\(trace)_b7ad6b7169203331_01",
            "00-\(trace)-b7ad6b7169203331-0é", " 00-\(trace)-b7ad6b7169203331-01",
        ])
    func ignored(value: String) async {
        #expect(await answer(to: value) == nil)
    }
}
