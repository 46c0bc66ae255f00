import Grace
import TestSupport
import Testing

private typealias Table = SharingTable<Character, String>

private struct Refused: Error {}

extension Table {
    /// A table that keeps a few results.
    fileprivate static var ofThree: Table {
        Table(results: ResultCache(limits: .init(entries: 3, bytes: 1000)) { _, value in value.utf8.count })
    }

    /// Claims the keys; what they start always can be.
    fileprivate mutating func claim(_ keys: String) -> [Place] {
        claim(Array(keys)) { _ in }
    }
}

extension Table.Place {
    fileprivate var kept: String? {
        guard case .kept(let value) = self else { return nil }
        return value
    }

    fileprivate var waiter: Table.WaiterID? {
        switch self {
        case .kept: nil
        case .joined(let waiter), .started(let waiter, _): waiter
        }
    }

    fileprivate var started: Table.GenerationID? {
        guard case .started(_, let generation) = self else { return nil }
        return generation
    }

    fileprivate var isJoined: Bool {
        guard case .joined = self else { return false }
        return true
    }
}

@Suite("SharingTable")
struct SharingTableTests {
    @Test("Equal keys start one generation, and its end tells all of them")
    func sharing() throws {
        var table = Table.ofThree
        let first = table.claim("a")
        let second = table.claim("aba")
        let generation = try #require(first[0].started)
        #expect(second[0].isJoined && second[1].started != nil && second[2].isJoined)
        #expect(table.underWayCount == 2)
        #expect(table.end(generation, result: "A") == [first[0], second[0], second[2]].compactMap(\.waiter))
        #expect(table.claim("a")[0].kept == "A")
        #expect(table.underWayCount == 1)
    }

    @Test("Keys that occur twice in one claim start once")
    func duplicates() {
        var table = Table.ofThree
        var started: [Int] = []
        let places = table.claim(Array("abab")) { started = $0 }
        #expect(started == [0, 1])
        #expect(places.map(\.isJoined) == [false, false, true, true])
        #expect(table.underWayCount == 2)
    }

    @Test("Of hits, shared and new keys only the new ones start")
    func mixed() throws {
        var table = Table.ofThree
        let generation = try #require(table.claim("a")[0].started)
        _ = table.end(generation, result: "A")
        _ = table.claim("b")
        var started: [Int] = []
        let places = table.claim(Array("cab")) { started = $0 }
        #expect(started == [0])
        #expect(places[0].started != nil && places[1].kept == "A" && places[2].isJoined)
    }

    @Test("Nothing starts where nothing is new")
    func nothingNew() {
        var table = Table.ofThree
        _ = table.claim("a")
        let places = table.claim(Array("aa")) { _ in Issue.record("something was started") }
        #expect(places.map(\.isJoined) == [true, true])
    }

    @Test("A claim that is refused leaves nothing, not even with those that it would have joined")
    func refused() throws {
        var table = Table.ofThree
        let first = table.claim("a")
        var isRefused = false
        do throws(Refused) {
            _ = try table.claim(Array("ab")) { _ throws(Refused) in throw Refused() }
        } catch {
            isRefused = true
        }
        #expect(isRefused)
        #expect(table.underWayCount == 1)
        #expect(table.end(try #require(first[0].started), result: nil) == first.compactMap(\.waiter))
        #expect(table.claim("b")[0].started != nil)
    }

    @Test("A generation is given up with the last who waits for it, whoever started it")
    func leaving() throws {
        var table = Table.ofThree
        let starter = table.claim("a")
        let other = table.claim("aa")
        let generation = try #require(starter[0].started)
        #expect(table.leave(starter.compactMap(\.waiter)) == [])
        #expect(table.leave([try #require(other[0].waiter)]) == [])
        #expect(table.leave(other.compactMap(\.waiter)) == [generation])
        #expect(table.underWayCount == 0)
        // Its end, which comes later, is not that of the one that has been started since.
        let again = table.claim("a")
        #expect(again[0].started != nil && again[0].started != generation)
        #expect(table.end(generation, result: "late") == [])
        #expect(table.claim("a")[0].isJoined)
    }

    @Test("A failure tells all who wait and is not kept")
    func failures() throws {
        var table = Table.ofThree
        let places = table.claim("aa")
        #expect(table.end(try #require(places[0].started), result: nil) == places.compactMap(\.waiter))
        #expect(table.keptCount == 0)
        #expect(table.claim("a")[0].started != nil)
    }

    @Test("Whatever is claimed, ends and leaves: all who stay are told once, and what nobody awaits is given up")
    func fuzzed() {
        var generator = SeededGenerator(seed: 43)
        for _ in 0..<300 * fuzzRounds {
            var account = Account()
            for _ in 0..<120 {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<4: account.claim(&generator)
                case 4..<7: account.end(&generator)
                default: account.leave(&generator)
                }
                account.check()
            }
            account.endAll(&generator)
            account.check()
            #expect(account.isSettled)
        }
    }
}

/// A plain account of what a table was told, with which its answers are checked.
private struct Account {
    private var table = Table.ofThree
    /// Who waits for each generation under way.
    private var underWay: [Table.GenerationID: (key: Character, waiters: Set<Table.WaiterID>)] = [:]
    /// The last result of each key.
    private var results: [Character: String] = [:]
    private var givenUp: Set<Table.GenerationID> = []
    private var told: Set<Table.WaiterID> = []
    private var left: Set<Table.WaiterID> = []
    private var claimed: Set<Table.WaiterID> = []

    var isSettled: Bool { underWay.isEmpty && claimed == told.union(left) }

    mutating func claim(_ generator: inout SeededGenerator) {
        let keys = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            "abcdef".randomElement(using: &generator) ?? "a"
        }
        let isRefused = Int.random(in: 0..<5, using: &generator) == 0
        var asked: [Int] = []
        do throws(Refused) {
            let places = try table.claim(keys) { indices throws(Refused) in
                asked = indices
                if isRefused { throw Refused() }
            }
            for (key, place) in zip(keys, places) { note(place, of: key) }
            #expect(asked.count == places.count { $0.started != nil })
        } catch {
            #expect(!asked.isEmpty)
        }
        // What starts is new, and starts once.
        let fresh = asked.map { keys[$0] }
        #expect(Set(fresh).count == fresh.count)
    }

    private mutating func note(_ place: Table.Place, of key: Character) {
        let running = underWay.first { $0.value.key == key }?.key
        switch place {
        case .kept(let value):
            #expect(value == results[key] && running == nil)
        case .joined(let waiter):
            #expect(claimed.insert(waiter).inserted)
            guard let running else {
                Issue.record("joined what is not under way")
                return
            }
            underWay[running]?.waiters.insert(waiter)
        case .started(let waiter, let generation):
            #expect(claimed.insert(waiter).inserted && running == nil && !givenUp.contains(generation))
            underWay[generation] = (key, [waiter])
        }
    }

    mutating func end(_ generator: inout SeededGenerator) {
        // One that was given up may still end, and must not matter.
        let ids = underWay.keys.sorted() + givenUp.sorted().suffix(2)
        guard let id = ids.randomElement(using: &generator) else { return }
        end(id, succeeds: Bool.random(using: &generator))
    }

    private mutating func end(_ id: Table.GenerationID, succeeds: Bool) {
        let waiters = table.end(id, result: succeeds ? "\(id)" : nil)
        guard let ended = underWay.removeValue(forKey: id) else {
            #expect(waiters == [])
            return
        }
        #expect(Set(waiters) == ended.waiters && waiters.count == ended.waiters.count)
        #expect(told.isDisjoint(with: waiters))
        told.formUnion(waiters)
        if succeeds { results[ended.key] = "\(id)" }
    }

    mutating func leave(_ generator: inout SeededGenerator) {
        // Some of them have left or were told before.
        let leaving = claimed.sorted().filter { _ in Int.random(in: 0..<6, using: &generator) == 0 }.suffix(8)
        let abandoned = table.leave(Array(leaving))
        left.formUnion(Set(leaving).subtracting(told))
        for id in underWay.keys { underWay[id]?.waiters.subtract(leaving) }
        let expected = underWay.filter { $0.value.waiters.isEmpty }.keys
        #expect(Set(abandoned) == Set(expected) && abandoned.count == expected.count)
        for id in abandoned { underWay[id] = nil }
        givenUp.formUnion(abandoned)
    }

    mutating func endAll(_ generator: inout SeededGenerator) {
        for id in underWay.keys.sorted() { end(id, succeeds: Bool.random(using: &generator)) }
    }

    func check() {
        #expect(table.underWayCount == underWay.count && table.keptCount <= 3)
        #expect(told.isDisjoint(with: left))
    }
}
