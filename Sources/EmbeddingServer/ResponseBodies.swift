/// null, where synthesised code would leave the key out.
struct JSONNull: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}

/// The answer of `/info`: text-embeddings-inference's keys where they mean the same, and ours.
struct Info: Encodable {
    struct ModelType: Encodable {
        struct Pooling: Encodable {
            let pooling = "mean"
        }
        let embedding = Pooling()
    }

    struct Queue: Encodable {
        let live: Int
        let waiting: Int
    }

    let model_id: String
    let served_model_name: String
    let model_sha: String
    let model_dtype: String
    let model_type = ModelType()
    let max_input_length: Int
    let max_client_batch_size: Int
    let max_concurrent_requests: Int
    let max_batch_requests: Int
    let max_batch_tokens: Int
    let auto_truncate = true
    /// Each checkpoint makes its prompts on one queue.
    let tokenization_workers = 1
    let version: String
    /// Of the program's source and of a container, which nobody tells it.
    let sha = JSONNull()
    let docker_label = JSONNull()
    let checkpoint: String
    let checkpoints: [String]
    let base: String?
    let compute: String
    let threads: Int
    let architecture: String
    let context_length: Int
    let dimensions: Int
    let default_max_rationale_tokens: Int
    let max_rationale_tokens: Int
    let system_prompt: String
    let queue: Queue
}

/// The answer of `/v1/models`: OpenAI's keys, and ours.
struct ModelList: Encodable {
    struct Model: Encodable {
        let id: String
        let object = "model"
        /// A checkpoint's files do not tell when it was made.
        let created = 0
        let owned_by = "grace-server"
        let checkpoint: String
        let fingerprint: String
        let active: Bool
    }

    let object = "list"
    let data: [Model]
}

/// The answer of `/v2/health/live`.
struct Liveness: Encodable {
    let live = true
}

/// The answer of the routes of KServe's protocol that ask for readiness.
struct Readiness: Encodable {
    let name: String
    let ready = true
}
