import TLS

/// The encryption of one connection: what a socket gives and takes, turned into what the parser reads and the encoder writes.
final class SecureChannel {
    /// What has come of received bytes.
    enum Arrival {
        /// Plaintext, perhaps none; whether the peer has said that no more follows.
        case data([UInt8], isEnd: Bool)
        /// The peer speaks HTTP without TLS: it can be told so as it is.
        case plainText
        /// The session is at an end; an alert may be left to send.
        case failed
    }

    private let session: TLSSession

    /// - Throws: `TLSError.unavailable`
    init(_ context: TLSContext) throws(TLSError) {
        session = try TLSSession(context)
    }

    /// Whether data can be sent.
    var isEstablished: Bool { session.isHandshakeFinished }

    /// Takes what the socket gave. Afterwards ``takeOutput()`` may have something to send.
    func receive(_ bytes: [UInt8]) -> Arrival {
        do throws(TLSError) {
            try session.feed(bytes)
            let data = try session.read()
            return .data(data, isEnd: session.peerHasClosed)
        } catch .plainHTTP {
            return .plainText
        } catch {
            return .failed
        }
    }

    /// Encrypts what is to be sent; nil where the session is at an end.
    func encrypt(_ bytes: [UInt8]) -> [UInt8]? {
        do throws(TLSError) {
            try session.write(bytes)
            return session.takeOutput()
        } catch {
            return nil
        }
    }

    /// What the session itself has to say: handshakes, alerts.
    func takeOutput() -> [UInt8] { session.takeOutput() }

    /// What says that nothing more is sent.
    func close() -> [UInt8] {
        session.closeNotify()
        return session.takeOutput()
    }
}
