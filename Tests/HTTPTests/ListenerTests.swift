import HTTP
import Testing

@Suite("Listener")
struct ListenerTests {
    @Test("A free port is chosen and told", arguments: ["127.0.0.1", "0.0.0.0", "localhost"])
    func freePort(host: String) throws {
        let listener = try Listener(host: host, port: 0)
        #expect(listener.address.port > 0)
        #expect(listener.address.host == (host == "localhost" ? "127.0.0.1" : host))
    }

    @Test("A port in use is named with its address")
    func portInUse() async throws {
        let listener = try Listener(host: "127.0.0.1", port: 0)
        let port = listener.address.port
        let error = #expect(throws: ListenerError.self) { try Listener(host: "127.0.0.1", port: port) }
        #expect(
            error?.description == "cannot listen on 127.0.0.1:\(port): listen: Address already in use"
                || error?.description == "cannot listen on 127.0.0.1:\(port): bind: Address already in use")
        await listener.close()
        #expect(try Listener(host: "127.0.0.1", port: port).address.port == port)
    }

    @Test("An address of another machine is refused")
    func foreignAddress() {
        let error = #expect(throws: ListenerError.self) { try Listener(host: "192.0.2.1", port: 0) }
        #expect(error?.description == "cannot listen on 192.0.2.1:0: bind: Cannot assign requested address")
    }

    @Test("A port outside its range is refused", arguments: [-1, 65_536])
    func invalidPort(port: Int) {
        #expect(throws: ListenerError.invalidPort(port)) { try Listener(host: "127.0.0.1", port: port) }
    }

    // Hosts that the resolver refuses by itself, without a question to the network.
    @Test("A host that is none is refused by name", arguments: [String(repeating: "a", count: 64), ""])
    func unknownHost(host: String) {
        let error = #expect(throws: ListenerError.self) { try Listener(host: host, port: 0) }
        #expect(error?.description.hasPrefix("host \"\(host)\" has no address: ") == true)
    }

    @Test("An IPv6 address is written in brackets")
    func addressDescription() {
        #expect(SocketAddress.internet(host: "::1", port: 80).description == "[::1]:80")
        #expect(SocketAddress.internet(host: "127.0.0.1", port: 80).description == "127.0.0.1:80")
    }
}
