import Grace
import Serving
import TestSupport
import Testing

/// A model that is nothing but its name.
struct FakeModel: Identified, Equatable {
    let identity: ModelIdentity

    init(_ name: String, _ digit: Character = "a") {
        identity = ModelIdentity(name: name, fingerprint: String(repeating: digit, count: 64))
    }
}

@Suite("Checkpoint table")
struct CheckpointTableTests {
    typealias Table = CheckpointTable<FakeModel>

    private func table(_ names: Set<String> = ["a", "b", "c"], limit: Int = 100) -> Table {
        var table = Table(memoryLimit: limit)
        table.list(names)
        return table
    }

    private func load(
        _ name: String, into table: inout Table, _ memory: [MemoryPart] = [], activates: Bool = false
    ) throws {
        try begin(name, in: &table, activates: activates)
        try table.reserve(memory, for: name)
        let isTaken = table.finishLoading(name, FakeModel(name))
        #expect(isTaken)
    }

    private func begin(_ name: String, in table: inout Table, activates: Bool = false) throws {
        let step = try table.load(name, activates: activates)
        #expect(step == .begin)
    }

    private func lease(_ selection: CheckpointSelection, of table: inout Table) throws -> String {
        try table.lease(selection).name
    }

    private func states(_ table: Table) -> [String] {
        table.names.map { "\($0) \(table.state(of: $0)?.name ?? "")" }
    }

    @Test("A checkpoint goes from available over loading to ready, active, ready, draining and available")
    func life() throws {
        var table = table(["a", "b"])
        #expect(states(table) == ["a available", "b available"])
        try begin("a", in: &table, activates: true)
        #expect(states(table) == ["a loading", "b available"])
        let isTaken = table.finishLoading("a", FakeModel("a"))
        #expect(isTaken)
        #expect(table.active == "a")
        try load("b", into: &table)
        #expect(states(table) == ["a active", "b ready"])
        let stepb = try table.load("b", activates: true)
        #expect(stepb == .done)
        #expect(states(table) == ["a ready", "b active"])
        #expect(table.previous == "a")
        try table.unload("a")
        #expect(states(table) == ["a draining", "b active"])
        #expect(table.previous == nil)
        table.finishUnloading("a")
        #expect(states(table) == ["a available", "b active"])
    }

    @Test("A load that fails leaves the active checkpoint, says why, and can be tried again")
    func failure() throws {
        var table = table()
        try load("a", into: &table, activates: true)
        try begin("b", in: &table, activates: true)
        table.failLoading("b", reason: "broken")
        #expect(table.active == "a")
        #expect(table.state(of: "b") == .failed(reason: "broken"))
        try load("b", into: &table, activates: true)
        #expect(table.active == "b")
    }

    @Test("What cannot be is refused, and changes nothing")
    func refusals() throws {
        var table = table()
        try load("a", into: &table, activates: true)
        try load("b", into: &table)
        try table.unload("b")
        try begin("c", in: &table, activates: false)
        let before = states(table)
        let all = ["a", "b", "c"]
        #expect(throws: StoreError.unknown(name: "x", available: all)) { try table.load("x", activates: false) }
        #expect(throws: StoreError.busy(loading: "c")) { try table.load("c", activates: true) }
        #expect(throws: StoreError.draining(name: "b")) { try table.load("b", activates: false) }
        #expect(throws: StoreError.unknown(name: "x", available: all)) { try table.unload("x") }
        #expect(throws: StoreError.inUse(name: "a")) { try table.unload("a") }
        #expect(throws: StoreError.draining(name: "b")) { try table.unload("b") }
        #expect(throws: StoreError.busy(loading: "c")) { try table.unload("c") }
        #expect(throws: StoreError.nothingToRollBackTo) { try table.rollBack() }
        #expect(states(table) == before)
        table.failLoading("c", reason: "broken")
        #expect(throws: StoreError.notLoaded(name: "c")) { try table.unload("c") }
        let stepa = try table.load("a", activates: true)
        #expect(stepa == .done)
    }

    @Test("Rolling back goes to the checkpoint that was active before, and back again")
    func rollback() throws {
        var table = table()
        for name in ["a", "b", "c"] { try load(name, into: &table, activates: true) }
        let first = try table.rollBack()
        #expect((first, table.active, table.previous) == ("b", "b", "c"))
        let second = try table.rollBack()
        #expect(second == "c")
        try table.unload("b")
        #expect(throws: StoreError.nothingToRollBackTo) { try table.rollBack() }
    }

    @Test("Memory is counted once where it is shared, and a load beyond the limit is refused with the numbers")
    func memory() throws {
        let base = MemoryPart(name: "base", byteCount: 60)
        var table = table()
        try load("a", into: &table, [base, MemoryPart(name: "a", byteCount: 10)], activates: true)
        try load("b", into: &table, [base, MemoryPart(name: "b", byteCount: 20)])
        #expect(table.memoryInUse == 90)
        #expect(table.memory(of: "b") == 80)
        try begin("c", in: &table, activates: true)
        #expect(throws: StoreError.overMemoryLimit(name: "c", needed: 11, used: 90, limit: 100)) {
            try table.reserve([base, MemoryPart(name: "c", byteCount: 11)], for: "c")
        }
        table.failLoading("c", reason: "too large")
        try table.unload("b")
        #expect(table.memoryInUse == 90)
        table.finishUnloading("b")
        #expect(table.memoryInUse == 70)
        try load("c", into: &table, [MemoryPart(name: "c", byteCount: 30)])
        #expect(table.memoryInUse == 100)
    }

    @Test("A request gets the active checkpoint, the one that it pins, or an error with what is served")
    func leases() throws {
        var table = table()
        #expect(throws: StoreError.noModel(reason: "no model is loaded")) { try table.lease(.preferring(nil)) }
        try begin("a", in: &table, activates: true)
        #expect(throws: StoreError.noModel(reason: "the model a is loading")) { try table.lease(.preferring(nil)) }
        table.failLoading("a", reason: "broken")
        #expect(throws: StoreError.noModel(reason: "no model is loaded: broken")) { try table.lease(.preferring(nil)) }
        try load("a", into: &table, activates: true)
        try load("b", into: &table)
        let short = String(repeating: "a", count: 12)
        for (selection, expected) in [
            (.preferring(nil), "a"), (.preferring("b"), "b"), (.preferring("c"), "a"), (.pinned("b"), "b"),
            (.pinned("b@\(short)"), "b"), (.pinned("b@\(short.uppercased())"), "b"),
            (.pinned("a@\(FakeModel("a").identity.fingerprint)"), "a"),
        ] as [(CheckpointSelection, String)] {
            let found = try lease(selection, of: &table)
            #expect(found == expected, "\(selection)")
        }
        let served = [FakeModel("a"), FakeModel("b")].map(\.identity.description)
        for pin in ["c", "x", "b@", "b@\(short.dropLast())", "b@bbbbbbbbbbbb", "@\(short)", "b@\(short)@\(short)"] {
            #expect(throws: StoreError.notServed(pin: pin, served: served)) { try table.lease(.pinned(pin)) }
        }
        #expect(table.leaseCount(of: "a") == 3)
        #expect(table.leaseCount(of: "b") == 4)
        try table.unload("b")
        #expect(throws: StoreError.notServed(pin: "b", served: [served[0]])) { try table.lease(.pinned("b")) }
        let other = try lease(.preferring("b"), of: &table)
        #expect(other == "a")
        for _ in 0..<4 { table.giveBack("b") }
        #expect(table.leaseCount(of: "b") == 0)
        table.stop()
        #expect(throws: StoreError.stopping) { try table.lease(.preferring(nil)) }
    }

    @Test("A checkpoint that is gone from the directory is forgotten once it is not loaded")
    func listing() throws {
        var table = table(["a", "b"])
        try load("a", into: &table, activates: true)
        try load("b", into: &table)
        table.list(["c"])
        #expect(table.names == ["a", "b", "c"])
        try table.unload("b")
        table.finishUnloading("b")
        #expect(table.names == ["a", "c"])
        table.list([])
        #expect(table.names == ["a"])
    }

    @Test("What ends loading while the server stops is not taken")
    func stopping() throws {
        var table = table()
        try begin("a", in: &table, activates: true)
        table.stop()
        let isTaken = table.finishLoading("a", FakeModel("a"))
        #expect(!isTaken)
        #expect(throws: StoreError.stopping) { try table.load("b", activates: true) }
        #expect(throws: StoreError.stopping) { try table.unload("b") }
        #expect(throws: StoreError.stopping) { try table.rollBack() }
    }

    @Test("Whatever happens in whatever order, the table keeps to its limits", arguments: 0..<20 as Range<UInt64>)
    func anyOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = ["a", "b", "c", "d"]
        var table = table(Set(names))
        var leases: [String] = []
        for _ in 0..<2000 {
            let name = names.randomElement(using: &random) ?? "a"
            let memory = MemoryPart(
                name: Bool.random(using: &random) ? name : "shared", byteCount: Int.random(in: 1...60, using: &random))
            let active = table.active
            switch Int.random(in: 0..<10, using: &random) {
            case 0: _ = try? table.load(name, activates: Bool.random(using: &random))
            case 1: if table.loading == name { try? table.reserve([memory], for: name) }
            case 2: _ = table.finishLoading(name, FakeModel(name))
            case 3: table.failLoading(name, reason: "broken")
            case 4: try? table.unload(name)
            case 5: if table.leaseCount(of: name) == 0 { table.finishUnloading(name) }
            case 6: _ = try? table.rollBack()
            case 7: if let name = try? table.lease(.preferring(name)).name { leases.append(name) }
            case 8: if let name = leases.popLast() { table.giveBack(name) }
            default: table.list(Set(names.filter { _ in Bool.random(using: &random) }))
            }
            #expect(table.memoryInUse <= table.memoryLimit)
            #expect(active == nil || table.active != nil, "the active checkpoint was lost")
            if let active = table.active { #expect(table.state(of: active) == .active) }
            if let previous = table.previous { #expect(table.state(of: previous) == .ready) }
            #expect(table.names.count { table.state(of: $0) == .loading } <= 1)
            for name in names { #expect(table.leaseCount(of: name) == leases.count { $0 == name }) }
        }
    }
}

@Suite("Checkpoint routing")
struct CheckpointRoutingTests {
    @Test("A model's name is that of a checkpoint, an alias, or none for the active one")
    func names() {
        let routing = CheckpointRouting(aliases: ["text-embedding-3-small": "default", "old": "new@0123456789ab"])
        for (model, expected) in [
            (nil, .preferring(nil)), ("", .preferring(nil)), ("default", .preferring(nil)),
            ("text-embedding-3-small", .preferring(nil)), ("old", .pinned("new@0123456789ab")), ("x", .pinned("x")),
        ] as [(String?, CheckpointSelection)] {
            #expect(routing.selection(model: model, texts: ["a"]) == expected)
        }
    }

    @Test("A trial gets its share of the requests without a name, always the same ones, and never a pinned one")
    func canary() {
        let routing = CheckpointRouting(canary: .init(checkpoint: "new", share: 0.05))
        let requests = (0..<10_000).map { ["text \($0)", "another"] }
        func chosen() -> [[String]] {
            requests.filter { routing.selection(model: nil, texts: $0) == .preferring("new") }
        }
        #expect((400...600).contains(chosen().count))
        #expect(chosen() == chosen())
        #expect(chosen().allSatisfy { routing.selection(model: "old", texts: $0) == .pinned("old") })
        // Where one text ends and the next begins counts.
        let split = (0..<1000).map { (["ab\($0)", "c"], ["ab", "\($0)c"]) }
        let everyOther = CheckpointRouting(canary: .init(checkpoint: "new", share: 0.5))
        #expect(
            split.contains {
                everyOther.selection(model: nil, texts: $0.0) != everyOther.selection(model: nil, texts: $0.1)
            })
        for (share, expected) in [(0.0, CheckpointSelection.preferring(nil)), (1.0, .preferring("new"))] {
            let routing = CheckpointRouting(canary: .init(checkpoint: "new", share: share))
            #expect(requests.allSatisfy { routing.selection(model: nil, texts: $0) == expected })
        }
    }
}
