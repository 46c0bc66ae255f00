import Foundation
import HTTP

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

    /// A body that is JSON already.
    init(json body: [UInt8], status: HTTPStatus = .ok) {
        self.init(status: status, headers: ["Content-Type": "application/json"], body: body)
    }
}

/// `[[…], […]]`, each number as short as reads back to the same float32.
func encodeVectors(_ vectors: [[Float]]) -> [UInt8] {
    var text = "["
    for (index, vector) in vectors.enumerated() {
        text += index == 0 ? "[" : ",["
        for (position, value) in vector.enumerated() {
            if position > 0 { text += "," }
            text += value.description
        }
        text += "]"
    }
    text += "]"
    return Array(text.utf8)
}
