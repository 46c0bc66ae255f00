import Grace
import HTTP
import Serving

/// What the operator's listener answers: the checkpoints, and what is to become of them.
struct AdminRoutes: Sendable {
    let store: ModelStore
    let routing: CheckpointRouting

    /// The routes by method and path.
    func router() -> Router {
        var router = Router { error, head in .error(error, of: head) }
        router.add(.get, "/admin/checkpoints") { _ in .json(listing) }
        let commands: [(String, @Sendable (AdminRequest) async throws(ServiceError) -> HTTPResponse)] = [
            ("load", { request throws(ServiceError) in try await load(request, activates: false) }),
            ("activate", { request throws(ServiceError) in try await load(request, activates: true) }),
            ("unload", { request throws(ServiceError) in try await unload(request) }),
            ("rollback", { _ throws(ServiceError) in try rollBack() }),
        ]
        for (name, command) in commands {
            // JSON alone: a page in the operator's browser cannot send that to another origin without asking first.
            router.add(.post, "/admin/checkpoints/\(name)", refuse: { $0.refusalUnlessJSON() }) { request in
                do throws(ServiceError) {
                    return try await command(AdminRequest(request))
                } catch {
                    return error.response
                }
            }
        }
        return router
    }

    private var listing: AdminListing { AdminListing(store.listing, routing) }

    private func load(_ request: AdminRequest, activates: Bool) async throws(ServiceError) -> HTTPResponse {
        let name = try request.requiredCheckpoint
        let loading = try serving { () throws(StoreError) in
            // What was installed since the last look counts.
            if store.listing.checkpoints.contains(where: { $0.name == name }) == false { store.rescan() }
            return try store.load(name, activates: activates)
        }
        return try await answer(loading, request)
    }

    private func unload(_ request: AdminRequest) async throws(ServiceError) -> HTTPResponse {
        let name = try request.requiredCheckpoint
        return try await answer(try serving { () throws(StoreError) in try store.unload(name) }, request)
    }

    private func rollBack() throws(ServiceError) -> HTTPResponse {
        _ = try serving { () throws(StoreError) in try store.rollBack() }
        return .json(listing)
    }

    /// 200 when it is done, or when there was nothing to do; 202 while it is under way and nobody waits.
    private func answer(
        _ work: ModelStore.Loading?, _ request: AdminRequest
    ) async throws(ServiceError) -> HTTPResponse {
        if let work {
            guard request.waits else { return .json(listing, status: .accepted) }
            let outcome = await work.value
            _ = try serving { () throws(StoreError) in try outcome.get() }
        }
        return .json(listing)
    }

    private func serving<Value>(_ body: () throws(StoreError) -> Value) throws(ServiceError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw ServiceError(error)
        }
    }
}

/// A command of the operator.
struct AdminRequest: Sendable {
    /// nil where the body names none.
    let checkpoint: String?
    /// Whether the answer comes when the work is done.
    let waits: Bool

    /// Reads `{"checkpoint": "name"}` and `?wait=true`; what is unknown is refused, for nobody would act on it.
    ///
    /// - Throws: `ServiceError.malformed`, `.invalid`
    init(_ request: HTTPRequest) throws(ServiceError) {
        let fields = try RequestFields(parsing: request.body.isEmpty ? Array("{}".utf8) : request.body)
        if let unknown = fields.names.first(where: { $0 != "checkpoint" }) {
            throw .invalid("unknown field `\(unknown)`, expected `checkpoint`")
        }
        checkpoint = try fields.string("checkpoint")
        switch request.query {
        case nil, "", "wait=false": waits = false
        case "wait=true": waits = true
        case .some(let query): throw .invalid("the query must be wait=true or wait=false, not \(query)")
        }
    }

    /// - Throws: `ServiceError.invalid`
    var requiredCheckpoint: String {
        get throws(ServiceError) {
            guard let checkpoint else { throw .invalid("`checkpoint` is missing") }
            return checkpoint
        }
    }
}
