import Checkpoints
import JSON

extension DatasetHeader {
    /// A header longer than this is none.
    static let sizeLimit = 1 << 20

    /// The first line, without its line feed, filled up with spaces to `size` bytes.
    func line(size: Int = 0) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("format", Self.format)
            writer.member("version", Self.version)
            writer.member("kind", kind.rawValue)
            writer.member("train", trainingCount)
            writer.member("held_out", heldOutCount)
            writer.member("negatives", negatives.rawValue)
            writer.member("with_negative", negativeCount)
            writer.member("mined_negatives", minedCount)
            writer.key("prompt")
            writer.object { writer in
                writer.member("model", prompt.model)
                writer.member("model_files_sha256", prompt.modelFilesSHA256)
                writer.member("system_prompt_sha256", prompt.systemPromptSHA256)
                writer.member("max_tokens", prompt.maxTokens)
            }
            writer.key("split")
            writer.object { writer in
                writer.member("rule", split.rule.rawValue)
                writer.key("held_out")
                switch split.heldOut {
                case .fraction(let fraction): writer.number(fraction)
                case .count(let count): writer.integer(count)
                }
                // As text: JSON's readers may hold 53 bits only.
                writer.member("seed", String(split.seed))
                writer.member("keeps_shared_texts", keepsSharedTexts)
            }
            writer.member("keeps_duplicates", keepsDuplicates)
            writer.key("inputs")
            writer.array { writer in
                for input in inputs {
                    writer.object { writer in
                        writer.member("name", input.name)
                        writer.member("bytes", input.byteCount)
                        writer.member("sha256", input.sha256)
                    }
                }
            }
            writer.key("body")
            writer.object { writer in
                writer.member("bytes", bodyByteCount)
                writer.member("sha256", bodySHA256)
            }
        }
        return writer.bytes + [UInt8](repeating: 0x20, count: max(0, size - writer.bytes.count))
    }

    /// What a file is known by.
    ///
    /// - Throws: `DatasetError.file`
    static func digest(ofLine line: [UInt8]) throws(DatasetError) -> SHA256Digest {
        try fileErrors { () throws(CheckpointError) in try SHA256Digest(of: line) }
    }

    /// The most bytes that the header's line can come to once counts are known.
    var largestSize: Int {
        var largest = self
        largest.trainingCount = .max / 2
        largest.heldOutCount = .max / 2
        largest.negativeCount = .max
        largest.minedCount = .max
        largest.bodyByteCount = .max
        return largest.line().count + "some".count
    }
}
