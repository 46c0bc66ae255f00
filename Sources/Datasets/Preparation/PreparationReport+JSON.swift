import JSON

extension PreparationReport {
    /// The report as a JSON object, and a line feed.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("kind", header.kind.rawValue)
            writer.member("dataset_sha256", digest)
            writer.key("inputs")
            writer.array { writer in
                for (input, format) in zip(header.inputs, formats) {
                    writer.object { writer in
                        writer.member("name", input.name)
                        writer.member("format", format.rawValue)
                        writer.member("bytes", input.byteCount)
                        writer.member("sha256", input.sha256)
                    }
                }
            }
            writer.member("lines", lineCount)
            writer.member("blank_lines", blankLineCount)
            writer.member("refused_lines", refusals.total)
            writer.key("refused_by_reason")
            writer.object { writer in
                for (reason, count) in refusals.counts.sorted(by: { $0.key < $1.key }) {
                    writer.member(reason.rawValue, count)
                }
            }
            writer.key("first_refused")
            writer.array { writer in
                for refusal in refusals.first {
                    writer.object { writer in
                        writer.member("path", refusal.path)
                        writer.member("line", refusal.line)
                        writer.member("reason", "\(refusal.refusal)")
                    }
                }
            }
            writer.member("examples_read", readCount)
            writer.member("over_prompt_limit", overLimitCount)
            writer.member("max_prompt_tokens", header.prompt.maxTokens)
            writer.member("longest_prompt", longestPrompt)
            writer.member("duplicates", duplicateCount)
            writer.member("keeps_duplicates", header.keepsDuplicates)
            writer.member("shared_texts", sharedTextCount)
            writer.member("keeps_shared_texts", header.keepsSharedTexts)
            writer.member("kept", header.exampleCount)
            writer.member("train", header.trainingCount)
            writer.member("held_out", header.heldOutCount)
            writer.member("with_negative", header.negativeCount)
            writer.member("mined_negatives", header.minedCount)
            writer.key("prompt_tokens")
            writer.object { writer in
                for field in TextField.allCases {
                    guard let lengths = lengths[field] else { continue }
                    writer.key(field.rawValue)
                    writer.object { writer in
                        writer.member("count", lengths.count)
                        writer.member("min", lengths.minimum)
                        writer.member("median", lengths.percentile(50))
                        writer.member("mean", lengths.mean)
                        writer.member("p95", lengths.percentile(95))
                        writer.member("max", lengths.maximum)
                    }
                }
            }
        }
        return writer.bytes + [0x0A]
    }
}
