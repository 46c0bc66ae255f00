import Foundation
import JSON

extension EvaluationResults {
    /// What the document says it is.
    static let format = "grace-evaluation"
    static let version = 1

    /// A document on one line. Each of `results` has the members of MTEB's `TaskResult`, and more: docs/evaluation.md
    /// says what they mean.
    package var json: [UInt8] {
        var writer = JSONWriter(reserving: 1 << 16)
        writer.object { writer in
            writer.member("format", Self.format)
            writer.member("version", Self.version)
            writer.key("model")
            writer.object { writer in
                writer.member("name", model.name)
                writer.member("fingerprint", model.fingerprint)
                writer.member("compute", model.compute)
            }
            writer.key("settings")
            writer.object { writer in
                writer.member("max_words", settings.maxWords)
                writer.member("bootstrap_resamples", settings.bootstrap.resamples)
                writer.member("bootstrap_seed", "\(settings.bootstrap.seed)")
            }
            writer.key("results")
            writer.array { writer in
                for task in tasks { task.write(to: &writer) }
            }
            writer.key("rationales")
            writer.array { writer in
                for mode in rationales { mode.write(to: &writer) }
            }
            if let perplexity {
                writer.key("perplexity")
                perplexity.write(to: &writer)
            }
            if let divergence {
                writer.key("divergence")
                divergence.write(to: &writer)
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ mode: RationaleMode) {
        key(name)
        object { writer in
            writer.member("kind", mode.kind.rawValue)
            writer.member("max_rationale_tokens", mode.maxRationaleTokens)
            writer.member("temperature", mode.temperature)
            writer.member("seeds", mode.seedCount)
            if let stopWhenStable = mode.stopWhenStable { writer.member("stop_when_stable", stopWhenStable) }
        }
    }
}

extension TaskResult {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("task_name", name)
            writer.member("dataset_revision", revision)
            // MTEB's definitions, not its program.
            writer.member("mteb_version", .null)
            writer.member("kg_co2_emissions", .null)
            writer.member("evaluation_time", evaluationTime)
            writer.member("task_type", kind.type)
            writer.member("kind", kind.rawValue)
            writer.member("metric", metric.rawValue)
            writer.member("mode", mode)
            writer.key("scores")
            writer.object { writer in
                writer.key("test")
                writer.array { writer in
                    writer.object { writer in
                        writer.member("hf_subset", "default")
                        writer.key("languages")
                        writer.array { $0.string("und-Zyyy") }
                        writer.member("main_score", estimate.value)
                        writer.member(metric.rawValue, estimate.value)
                        writer.member("confidence_interval", [estimate.low, estimate.high])
                        writer.member("seed_scores", runScores)
                    }
                }
            }
            writer.key("units")
            writer.array { writer in
                for evidence in evidence { evidence.write(to: &writer) }
            }
        }
    }
}

extension Evidence {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            switch self {
            case .scores(let scores): writer.member("scores", scores)
            case .correlation(let predicted, let expected):
                writer.member("predicted", predicted)
                writer.member("expected", expected)
            case .decisions(let cosines, let labels):
                writer.member("cosines", cosines)
                writer.member("matches", labels.map { $0 ? 1 : 0 })
            case .clusters(let labels, let clusters):
                writer.member("labels", labels)
                writer.member("clusters", clusters)
            }
        }
    }
}

extension ModeStatistics {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("mode", mode)
            writer.key("runs")
            writer.array { writer in
                for run in runs {
                    writer.object { writer in
                        writer.member("texts", run.textCount)
                        writer.member("truncated_texts", run.truncatedCount)
                        writer.member("mean_rationale_tokens", run.meanTokens)
                        writer.member("cut_off_share", run.cutOffShare)
                    }
                }
            }
        }
    }
}

extension PerplexityResult {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("file", file)
            writer.member("tokens", tokens)
            writer.member("window", window)
            writer.member("mean_loss", meanLoss)
            writer.member("bits_per_byte", bitsPerByte)
            writer.member("perplexity", exp(meanLoss))
        }
    }
}

extension DivergenceResult {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("base", base)
            writer.member("file", file)
            writer.member("instructions", instructions)
            writer.member("tokens", tokens)
            writer.member("kl_checkpoint_base", fromBase)
            writer.member("kl_base_checkpoint", toBase)
            writer.member("agreement", agreement)
        }
    }
}
