import Transformer

/// Which of some requests have the same prompt: it is run once for those that are live together.
struct SharedPrompts {
    /// For each request the number of its prompt among those that several have; nil where no other has it.
    private(set) var indices: [Int?]
    /// Prompts that several have.
    private(set) var count = 0

    private struct Prompt: Hashable {
        let tokens: [TokenID]
        let poolingStart: Int
        /// What takes a prompt over with its states needs one that kept them.
        let wantsTokenStates: Bool
    }

    init(_ requests: [GenerationRequest]) {
        indices = [Int?](repeating: nil, count: requests.count)
        guard requests.count > 1 else { return }
        let byPrompt = Dictionary(grouping: requests.indices) { index in
            Prompt(
                tokens: requests[index].prompt, poolingStart: requests[index].poolingStart,
                wantsTokenStates: requests[index].wantsTokenStates)
        }
        for requests in byPrompt.values where requests.count > 1 {
            for index in requests { indices[index] = count }
            count += 1
        }
    }
}
