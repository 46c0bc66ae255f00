import Foundation
import JSON
import Logging
import Logs
import Testing

@Suite("Lines of the log")
struct LogLineTests {
    /// The lines that one message makes, without their line feeds.
    private func lines(
        _ format: LogFormat, at time: LogTime = LogTime(seconds: 1_767_323_045, milliseconds: 6),
        _ log: (inout Logger) -> Void
    ) throws -> [String] {
        let pipe = Pipe()
        let writer = LineHandler.writer(
            descriptor: pipe.fileHandleForWriting.fileDescriptor, label: "grace-server", format: format)
        var logger = Logger(label: "grace-server") { label in
            LineHandler(label: label, format: format, writer: writer, clock: { time })
        }
        log(&logger)
        writer.flush(within: .seconds(20))
        try pipe.fileHandleForWriting.close()
        let data = try #require(try pipe.fileHandleForReading.readToEnd())
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("For people: time, level, label, message, and metadata in the order of its keys")
    func text() throws {
        let lines = try lines(.text) { logger in
            logger.info(
                "request", metadata: ["status": "\(200)", "method": "GET", "milliseconds": .stringConvertible(0.25)])
        }
        #expect(
            lines == ["2026-01-02T03:04:05.006Z info grace-server: request method=GET milliseconds=0.25 status=200"])
    }

    @Test("For programs: an object a line, numbers as numbers")
    func json() throws {
        let lines = try lines(.json) { logger in
            logger.warning(
                "request",
                metadata: [
                    "status": .stringConvertible(200), "method": "GET", "milliseconds": .stringConvertible(0.25),
                    "ok": .stringConvertible(true), "list": ["a", "b"], "object": ["k": "v"],
                ])
        }
        #expect(
            lines == [
                #"{"time":"2026-01-02T03:04:05.006Z","level":"warning","logger":"grace-server","message":"request","#
                    + #""list":["a","b"],"method":"GET","milliseconds":0.25,"object":{"k":"v"},"ok":true,"status":200}"#
            ])
    }

    @Test("Metadata of the logger comes with every line, and a message's own goes before it")
    func merging() throws {
        let lines = try lines(.text) { logger in
            logger[metadataKey: "a"] = "1"
            logger[metadataKey: "b"] = "2"
            logger.notice("m", metadata: ["b": "3"])
        }
        #expect(lines == ["2026-01-02T03:04:05.006Z notice grace-server: m a=1 b=3"])
    }

    @Test(
        "Nothing that is logged can end its line or pretend to be another value",
        arguments: [
            ("plain", "plain", #""plain""#), ("", #""""#, #""""#), ("two words", #""two words""#, #""two words""#),
            ("a\nb", #""a\nb""#, #""a\nb""#), ("a\r\tb", #""a\r\tb""#, #""a\r\tb""#), ("k=v", #""k=v""#, #""k=v""#),
            ("\"", #""\"""#, #""\"""#), ("\\", #""\\""#, #""\\""#),
            ("\u{0}\u{1b}[2J", #""\u0000\u001b[2J""#, #""\u0000\u001b[2J""#),
            ("\u{85}\u{2028}", #""\u0085\u2028""#, #""\u0085\u2028""#), ("größe 🦙", #""größe 🦙""#, #""größe 🦙""#),
        ])
    func escaping(value: String, text: String, json: String) throws {
        let shown = try lines(.text) { $0.info("m", metadata: ["k": .string(value)]) }
        #expect(shown == ["2026-01-02T03:04:05.006Z info grace-server: m k=\(text)"])
        let objects = try lines(.json) { $0.info("m", metadata: ["k": .string(value)]) }
        try #require(objects.count == 1)
        #expect(objects[0].hasSuffix(#","k":\#(json)}"#))
        guard case .object(let members) = try JSONValue(parsing: Array(objects[0].utf8)) else {
            Issue.record("not an object")
            return
        }
        #expect(members["k"] == .string(value))
    }

    @Test("Metadata cannot take the place of time, level, logger or message")
    func ownKeys() throws {
        let lines = try lines(.json) { $0.info("m", metadata: ["level": "x", "message": "y"]) }
        #expect(
            lines == [
                #"{"time":"2026-01-02T03:04:05.006Z","level":"info","logger":"grace-server","message":"m","#
                    + #""_level":"x","_message":"y"}"#
            ])
    }

    @Test(
        "Times are RFC 3339's, in UTC",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_399, 999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, 1, "2000-02-29T00:00:00.001Z"), (951_868_800, 10, "2000-03-01T00:00:00.010Z"),
            (1_709_251_199, 7, "2024-02-29T23:59:59.007Z"), (1_735_689_599, 0, "2024-12-31T23:59:59.000Z"),
            (1_735_689_600, 0, "2025-01-01T00:00:00.000Z"), (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, 999, "9999-12-31T23:59:59.999Z"),
        ])
    func times(seconds: Int, milliseconds: Int, shown: String) throws {
        let lines = try lines(.text, at: LogTime(seconds: seconds, milliseconds: milliseconds)) { $0.info("m") }
        #expect(lines == ["\(shown) info grace-server: m"])
    }
}
