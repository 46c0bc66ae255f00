import Datasets

extension PreparationProgress {
    /// In a line.
    var text: String {
        switch self {
        case .reading(let path, let byteCount, let total, let lineCount):
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let share = total.map { "\($0 == 0 ? 100 : 100 * byteCount / $0) %" } ?? "\(byteCount >> 20) MiB"
            return "reading \(name.prefix(40)): \(share), \(lineCount) lines"
        case .writing(let exampleCount, let total):
            return "writing: \(exampleCount) of \(total) examples"
        }
    }
}
