import Grace

/// Which checkpoint a request wants.
package enum CheckpointSelection: Sendable, Equatable {
    /// One of this name, or of this name and fingerprint: `name@fingerprint`.
    case pinned(String)
    /// This one while it is loaded, or else the active one.
    case preferring(String?)

    /// A fingerprint may be shortened to as many digits as `x-grace-checkpoint` shows.
    static let leastFingerprintDigits = 12
}

/// How requests find their checkpoint: by name, by an alias, or by chance that their texts decide.
package struct CheckpointRouting: Sendable, Equatable {
    /// A share of the requests that name no checkpoint goes to one of its own, for a trial.
    package struct Canary: Sendable, Equatable {
        /// The checkpoint on trial.
        package let checkpoint: String
        /// 0 to 1.
        package let share: Double

        /// Takes both as they are.
        package init(checkpoint: String, share: Double) {
            self.checkpoint = checkpoint
            self.share = share
        }
    }

    /// The name that stands for the active checkpoint.
    package static let activeName = "default"

    /// Names that clients send, and the checkpoints or ``activeName`` that they mean.
    package var aliases: [String: String]
    /// nil where nothing is on trial.
    package var canary: Canary?

    /// Takes both as they are.
    package init(aliases: [String: String] = [:], canary: Canary? = nil) {
        self.aliases = aliases
        self.canary = canary
    }

    /// The checkpoint for a request that names `model`; an absent or empty name is that of the active one.
    ///
    /// - Parameter texts: decide whether a request that names none takes part in a trial: the same texts always do or
    ///   always do not.
    package func selection(model: String?, texts: [String]) -> CheckpointSelection {
        let asked = model.flatMap { $0.isEmpty ? nil : $0 } ?? Self.activeName
        let name = aliases[asked] ?? asked
        guard name == Self.activeName else { return .pinned(name) }
        guard let canary, Self.fraction(of: texts) < canary.share else { return .preferring(nil) }
        return .preferring(canary.checkpoint)
    }

    /// A number of 0 up to 1 that the texts decide, spread evenly: FNV-1a over their UTF-8, mixed by the finaliser of
    /// MurmurHash3, since FNV's upper bits hardly depend on the last characters.
    static func fraction(of texts: [String]) -> Double {
        var textHash = TextHash()
        for text in texts {
            textHash.add(text)
            // In no UTF-8: where one text ends and the next begins counts too.
            textHash.add(0xFF)
        }
        var hash = textHash.value
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 33
        return Double(hash >> 11) / Double(1 << 53)
    }
}
