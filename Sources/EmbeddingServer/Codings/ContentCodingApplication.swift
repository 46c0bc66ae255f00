import Confinement
import Dispatch
import Gzip
import HTTP

/// An application whose clients may compress what they send, and ask for what they get to be compressed.
///
/// Bodies over a few KB are worked on by a queue of its own, one after the other: whatever clients send, it takes no more than
/// one processor from the models, and none of the cooperative pool's threads.
package struct ContentCodingApplication: HTTPHandler {
    /// Shorter answers gain nothing: they fit into one packet as they are.
    static let minimumSize = 1024
    /// Bodies up to this size are worked on where they are: handing them over would take as long.
    private static let inlineSize = 8 * 1024
    /// How many answers may wait to be compressed; further ones are sent as they are.
    private static let maxWaiting = 16
    /// The fastest: of 1.5 MB of vectors it makes 44% in a sixth of the time in which level 6 makes 39%.
    private static let level = 1

    private let application: any HTTPHandler
    private let maxBodySize: Int
    private let queue = DispatchQueue(label: "content codings")
    private let waiting = Confined(0)
    /// What inflated bodies take until they are answered: the connections know of the compressed ones only.
    private let inflatedBytes: ByteBudget

    /// - Parameters:
    ///   - maxBodySize: the largest inflated body, in bytes.
    ///   - maxInflatedSize: what all inflated bodies may come to, in bytes.
    package init(
        _ application: any HTTPHandler, maxBodySize: Int, maxInflatedSize: Int = HTTPLimits().maxBufferedSize
    ) {
        self.application = application
        self.maxBodySize = maxBodySize
        inflatedBytes = ByteBudget(limit: maxInflatedSize)
    }

    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        if let refusal = application.refuse(head) { return refusal }
        guard case .unsupported(let codings) = RequestCoding(head) else { return nil }
        var response = ServiceError.unsupportedContentCoding(codings).response(to: head)
        // RFC 9110, section 12.5.3.
        response.headers["Accept-Encoding"] = RequestCoding.supported
        return response
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard case .inflated(let format) = RequestCoding(request.head) else {
            return await compressed(await application.respond(to: request), for: request.head)
        }
        let response: HTTPResponse
        do throws(InflateError) {
            let inflated = try await inflated(request, format)
            let size = inflated.body.count
            if inflatedBytes.reserve(size) {
                response = await application.respond(to: inflated)
                inflatedBytes.release(size)
            } else {
                let error = HTTPError.outOfBuffers(length: size, limit: inflatedBytes.limit)
                response = completeResponse(to: error, of: request.head)
            }
        } catch {
            response = ServiceError(error).response(to: request.head)
        }
        return await compressed(response, for: request.head)
    }

    /// What is answered at once is short, and compressed where it is.
    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        guard case .identity = RequestCoding(request.head), AcceptedCodings(request.head).allowIdentity,
            let response = application.respondAtOnce(to: request)
        else { return nil }
        guard let body = response.compressibleBody, body.count >= Self.minimumSize else { return response }
        var varied = response
        varied.headers.addVary("Accept-Encoding")
        guard body.count <= Self.inlineSize, AcceptedCodings(request.head).preferGzip,
            let compressed = Deflater.deflate(body, level: Self.level), compressed.count < body.count
        else { return varied }
        varied.body = compressed
        varied.headers["Content-Encoding"] = "gzip"
        return varied
    }

    package func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        application.response(to: error, of: head)
    }

    // MARK: - Requests

    /// On the queue, however short: a few bytes can inflate to a whole body.
    private func inflated(
        _ request: HTTPRequest, _ format: Inflater.Format
    ) async throws(InflateError) -> HTTPRequest {
        let limits = InflateLimits(maxSize: maxBodySize)
        let body = request.body
        let inflated = await runBlocking(on: queue) { () -> Result<[UInt8], InflateError> in
            do throws(InflateError) {
                return .success(try Inflater.inflate(body, format: format, limits: limits))
            } catch {
                return .failure(error)
            }
        }
        return request.replacing(body: try inflated.get())
    }

    // MARK: - Responses

    private func compressed(_ response: HTTPResponse, for head: HTTPRequestHead) async -> HTTPResponse {
        guard let body = response.compressibleBody else { return response }
        let accepted = AcceptedCodings(head)
        // An answer of this size would be another one for another client, whatever this one gets (RFC 9110, section 12.5.5).
        var response = response
        if body.count >= Self.minimumSize { response.headers.addVary("Accept-Encoding") }
        guard accepted.preferGzip, body.count >= Self.minimumSize || !accepted.allowIdentity else { return response }
        let isTaken = waiting.withState { waiting in
            guard waiting < Self.maxWaiting || !accepted.allowIdentity else { return false }
            waiting += 1
            return true
        }
        guard isTaken else { return response }
        let compressed = await work(size: body.count) { Deflater.deflate(body, level: Self.level) }
        waiting.withState { $0 -= 1 }
        // Where there is no memory for it, or it gains nothing, the answer is what it was.
        guard let compressed, compressed.count < body.count || !accepted.allowIdentity else { return response }
        response.body = compressed
        response.headers["Content-Encoding"] = "gzip"
        return response
    }

    private func work<Value: Sendable>(size: Int, _ body: @escaping @Sendable () -> Value) async -> Value {
        size <= Self.inlineSize ? body() : await runBlocking(on: queue, body)
    }
}

extension HTTPRequest {
    /// The request as if it had been sent with this body, without a coding.
    fileprivate func replacing(body: [UInt8]) -> HTTPRequest {
        var headers = headers
        headers["content-encoding"] = nil
        var head = HTTPRequestHead(
            method: method, target: target, path: path, query: query, version: version, headers: headers,
            framing: .length(body.count))
        head.peer = self.head.peer
        return HTTPRequest(head: head, body: body)
    }
}

extension HTTPResponse {
    /// The body, where compressing it may make sense: not of a stream of events, which must arrive one by one, nor of what is
    /// coded already or must not be changed (RFC 9111, section 5.2.2.6).
    fileprivate var compressibleBody: [UInt8]? {
        guard !body.isEmpty, headers["content-encoding"] == nil,
            !headers.listElements(of: "cache-control").contains("no-transform")
        else { return nil }
        let type = headers["content-type"]?.lowercased() ?? ""
        guard !type.hasPrefix("text/event-stream") else { return nil }
        let isText =
            type.hasPrefix("text/") || type.hasPrefix("application/json") || type.hasPrefix("application/openmetrics")
        return isText ? body : nil
    }
}

extension HTTPFields {
    /// Adds a name to `Vary`, unless it is there.
    fileprivate mutating func addVary(_ name: String) {
        let names = listElements(of: "vary")
        guard !names.contains("*"), !names.contains(name.lowercased()) else { return }
        append("Vary", name)
    }
}
