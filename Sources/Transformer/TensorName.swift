import Checkpoints

/// The only table of checkpoint tensor names: what a weight is called in each layout.
package enum TensorName: Sendable {
    case embedding
    case finalNorm
    case head
    case layer(Int, LayerTensor)

    /// A tensor of one decoder layer.
    package enum LayerTensor: Sendable {
        case attentionNorm
        case query
        case key
        case value
        case queryNorm
        case keyNorm
        case attentionOutput
        case feedForwardNorm
        case gate
        case up
        case down
    }

    /// What a linear layer or a norm consists of.
    package enum Part: String, Sendable {
        case weight
        case bias
    }

    /// The full name, for example `model.layers.3.self_attn.q_proj.weight` or `blk.3.attn_q.weight`.
    package func name(_ part: Part, in layout: Layout) -> String {
        "\(stem(in: layout)).\(part.rawValue)"
    }

    /// The layouts that checkpoints come in.
    package enum Layout: Sendable {
        case huggingFace
        case gguf
    }

    /// The name without its part, which is also the path of the layer in Hugging Face's module tree.
    package func stem(in layout: Layout) -> String {
        switch (layout, self) {
        case (.huggingFace, .embedding): "model.embed_tokens"
        case (.huggingFace, .finalNorm): "model.norm"
        case (.huggingFace, .head): "lm_head"
        case (.huggingFace, .layer(let index, let tensor)): "model.layers.\(index).\(tensor.huggingFaceName)"
        case (.gguf, .embedding): "token_embd"
        case (.gguf, .finalNorm): "output_norm"
        case (.gguf, .head): "output"
        case (.gguf, .layer(let index, let tensor)): "blk.\(index).\(tensor.ggufName)"
        }
    }

    /// llama3 rope scaling as GGUF stores it: `[headSize / 2]` divisors of the frequencies.
    static let ggufRopeFactors = "rope_freqs.weight"
}

extension TensorName.LayerTensor {
    fileprivate var huggingFaceName: String {
        switch self {
        case .attentionNorm: "input_layernorm"
        case .query: "self_attn.q_proj"
        case .key: "self_attn.k_proj"
        case .value: "self_attn.v_proj"
        case .queryNorm: "self_attn.q_norm"
        case .keyNorm: "self_attn.k_norm"
        case .attentionOutput: "self_attn.o_proj"
        case .feedForwardNorm: "post_attention_layernorm"
        case .gate: "mlp.gate_proj"
        case .up: "mlp.up_proj"
        case .down: "mlp.down_proj"
        }
    }

    fileprivate var ggufName: String {
        switch self {
        case .attentionNorm: "attn_norm"
        case .query: "attn_q"
        case .key: "attn_k"
        case .value: "attn_v"
        case .queryNorm: "attn_q_norm"
        case .keyNorm: "attn_k_norm"
        case .attentionOutput: "attn_output"
        case .feedForwardNorm: "ffn_norm"
        case .gate: "ffn_gate"
        case .up: "ffn_up"
        case .down: "ffn_down"
        }
    }
}
