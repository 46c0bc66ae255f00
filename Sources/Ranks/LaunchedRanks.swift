/// Why processes cannot train together.
package enum RanksError: Error, Equatable, Sendable, CustomStringConvertible {
    /// They were started by `mpirun`, and the program cannot speak with it: each would make the whole run by itself.
    case builtWithoutMPI(count: Int)

    package var description: String {
        switch self {
        case .builtWithoutMPI(let count):
            "mpirun started \(count) of this program, which was built without MPI: build it with swift build --traits MPI"
        }
    }
}

/// The ranks that a process was started as one of.
package enum LaunchedRanks {
    /// - Parameter environment: of the process; OpenMPI's `mpirun` says in it how many it started.
    /// - Returns: a single one where there is no other.
    /// - Throws: `RanksError`
    package static func join(environment: [String: String]) throws(RanksError) -> any Ranks {
        let count = environment["OMPI_COMM_WORLD_SIZE"].flatMap { Int($0) } ?? 1
        guard count > 1 else { return SingleRank() }
        #if MPI
            return MPIRanks()
        #else
            throw .builtWithoutMPI(count: count)
        #endif
    }
}
