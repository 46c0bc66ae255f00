import HTTP

/// An application whose requests are given up after a time: the one that `x-request-timeout` asks for, at most the server's own.
package struct DeadlineApplication: HTTPHandler {
    /// The field that holds seconds, for example `2.5`.
    package static let fieldName = "x-request-timeout"
    /// When the request at hand is given up; streams heed it themselves.
    @TaskLocal package static var deadline: ContinuousClock.Instant?

    private let application: any HTTPHandler
    private let longest: Duration?

    /// - Parameter longest: what holds where a request asks for nothing, or for more; nil gives all the time.
    package init(_ application: any HTTPHandler, longest: Duration?) {
        self.application = application
        self.longest = longest
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let asked: Duration?
        do throws(ServiceError) {
            asked = try Self.timeout(request.head)
        } catch {
            return error.response(to: request.head)
        }
        guard let timeout = [asked, longest].compactMap(\.self).min() else {
            return await application.respond(to: request)
        }
        let deadline = ContinuousClock.now + timeout
        let response = await Self.$deadline.withValue(deadline) {
            await withTaskGroup(of: HTTPResponse?.self) { group in
                group.addTask { await application.respond(to: request) }
                group.addTask {
                    // Cancelled when the answer is there, or when the client has gone.
                    do { try await Task.sleep(until: deadline, clock: .continuous) } catch {}
                    return nil
                }
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
        }
        return response ?? ServiceError.timedOut(timeout).response(to: request.head)
    }

    /// What is answered at once is in time; a time that cannot be read is refused by ``respond(to:)``.
    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        guard request.headers[Self.fieldName] == nil else { return nil }
        return application.respondAtOnce(to: request)
    }

    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? { application.refuse(head) }
    package func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        application.response(to: error, of: head)
    }

    /// The time that a request gives; nil where it says nothing.
    ///
    /// - Throws: `ServiceError.malformed`
    private static func timeout(_ head: HTTPRequestHead) throws(ServiceError) -> Duration? {
        guard let text = head.headers[fieldName] else { return nil }
        // No sign, exponent or infinity: digits, and a point among them.
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }), let seconds = Double(text),
            seconds > 0, seconds <= 86_400
        else {
            throw .malformed("\(fieldName) must be seconds over 0 up to 86400, not \(text.prefix(40))")
        }
        return .seconds(seconds)
    }
}
