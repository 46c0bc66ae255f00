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

/// Reads a request's body.
///
/// - Throws: `ServiceError.malformed` for what is not JSON in UTF-8, `.invalid` for a field of another type.
func decode<Value: Decodable>(_ type: Value.Type, from body: [UInt8]) throws(ServiceError) -> Value {
    // The decoder replaces what is not UTF-8; two texts must not become one.
    guard String(validating: body, as: UTF8.self) != nil else {
        throw .malformed("the body is not valid UTF-8")
    }
    do {
        return try JSONDecoder().decode(type, from: Data(body))
    } catch let error as ServiceError {
        throw error
    } catch let error as DecodingError {
        throw ServiceError(error)
    } catch {
        throw .malformed("the body is not valid JSON: \(error)")
    }
}

extension ServiceError {
    fileprivate init(_ error: DecodingError) {
        func name(_ path: [any CodingKey]) -> String {
            path.reduce(into: "") { name, key in
                name += key.intValue.map { "[\($0)]" } ?? (name.isEmpty ? key.stringValue : ".\(key.stringValue)")
            }
        }
        switch error {
        case .keyNotFound(let key, let context): self = .invalid("`\(name(context.codingPath + [key]))` is missing")
        case .typeMismatch(_, let context) where context.codingPath.isEmpty:
            self = .invalid("the body must be a JSON object")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self = .invalid("`\(name(context.codingPath))`: \(context.debugDescription)")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self = .invalid("`\(name(context.codingPath))`: \(context.debugDescription)")
        case .dataCorrupted: self = .malformed("the body is not valid JSON")
        @unknown default: self = .malformed("the body is not valid JSON")
        }
    }
}
