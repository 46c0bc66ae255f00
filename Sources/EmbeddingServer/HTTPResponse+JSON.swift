import Foundation
import HTTP
import JSON

extension HTTPResponse {
    /// A JSON body.
    static func json(_ value: some Encodable, status: HTTPStatus = .ok) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return HTTPResponse(json: Array(try encoder.encode(value)), status: status)
        } catch {
            // Every value that is answered is finite and made of plain types; an encoder that fails all the same must
            // not take the connection with it.
            return HTTPResponse(
                json: Array(#"{"error":"the response could not be encoded","error_type":"Backend"}"#.utf8),
                status: .internalServerError)
        }
    }

    /// A JSON object, its members written one by one: for routes that are asked often.
    static func object(_ members: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter()
        writer.object(members)
        return HTTPResponse(json: writer.bytes)
    }

    /// A body that is JSON already.
    init(json body: [UInt8], status: HTTPStatus = .ok) {
        self.init(status: status, headers: ["Content-Type": "application/json"], body: body)
    }
}

/// `[[…], […]]`, each number as short as reads back to the same float32.
func encodeVectors(_ vectors: [[Float]]) -> [UInt8] {
    // A number takes up to 14 bytes and a comma, most take 12.
    var writer = JSONWriter(reserving: vectors.reduce(16) { $0 + $1.count * 13 + 2 })
    writer.array { writer in
        for vector in vectors { writer.numbers(vector) }
    }
    return writer.bytes
}
