import Grace

/// Which checkpoint answers a request, and for how long it does.
extension CheckpointTable {
    /// Chooses the checkpoint for a request, which holds it until it gives the lease back.
    ///
    /// - Throws: `notServed`, `noModel`, `stopping`
    package mutating func lease(_ selection: CheckpointSelection) throws(StoreError) -> (name: String, model: Model) {
        guard !isStopping else { throw .stopping }
        let name = try choose(selection)
        guard case .loaded(var loaded) = entries[name]?.phase, !loaded.isDraining else { throw noModel }
        loaded.leaseCount += 1
        entries[name]?.phase = .loaded(loaded)
        return (name, loaded.model)
    }

    /// Ends what `lease` began.
    package mutating func giveBack(_ name: String) {
        guard case .loaded(var loaded) = entries[name]?.phase else { return }
        loaded.leaseCount -= 1
        entries[name]?.phase = .loaded(loaded)
    }

    private func choose(_ selection: CheckpointSelection) throws(StoreError) -> String {
        switch selection {
        case .pinned(let pin):
            guard let name = names.first(where: { isServed($0, as: pin) }) else {
                throw .notServed(pin: pin, served: served.map(\.identity.description))
            }
            return name
        case .preferring(let name):
            if let name, entries[name]?.phase.loaded?.isDraining == false { return name }
            guard let active else { throw noModel }
            return active
        }
    }

    /// A pin is a name, or a name and the beginning of a fingerprint behind an `@`.
    private func isServed(_ name: String, as pin: String) -> Bool {
        guard let loaded = entries[name]?.phase.loaded, !loaded.isDraining else { return false }
        if pin == name { return true }
        let digits = pin.dropFirst(name.count + 1)
        return pin.hasPrefix("\(name)@") && digits.count >= CheckpointSelection.leastFingerprintDigits
            && loaded.model.identity.fingerprint.hasPrefix(digits.lowercased())
    }

    /// Why nothing is active.
    var noModel: StoreError {
        if isStopping { return .stopping }
        if let loading { return .noModel(reason: "the model \(loading) is loading") }
        for name in names {
            if case .failed(let reason) = entries[name]?.phase {
                return .noModel(reason: "no model is loaded: \(reason)")
            }
        }
        return .noModel(reason: "no model is loaded")
    }
}
