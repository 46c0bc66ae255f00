#!/usr/bin/env python3
"""Small GGUF files in every number format that the server reads, with goldens.

    pip install torch transformers gguf numpy
    python make_gguf_types.py OUT_DIR --quantize PATH/TO/llama-quantize [--seed N] [--every-type]

Writes OUT_DIR/gguf-types: GGUF files that llama.cpp's own quantiser made of random weights, and golden.json, what
transformers computes with the weights that the gguf package decodes from them. Rows have 256 and 512 elements, as blocks of
256 need.

The files that are committed are few, to be small: one for each common format of blocks of 256, and two with several
formats, tensor by tensor. --every-type makes two layers in each format and architecture instead.

float32 throughout, greedy decoding. Compare with relative L2 <= 1e-4; token ids must be equal.
"""
import argparse, json, pathlib, subprocess, tempfile
import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

VOCABULARY, HIDDEN, FEED_FORWARD, HEADS, KEY_HEADS, CONTEXT = 256, 256, 512, 8, 2, 512
ROPE = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64)
NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "model.layers": "blk",
         "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
         "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
# llama-quantize's name of a file whose matrices all have one format, with --pure.
TYPES = {"F32": "F32", "F16": "F16", "BF16": "BF16", "Q4_0": "Q4_0", "Q4_1": "Q4_1", "Q5_0": "Q5_0", "Q5_1": "Q5_1",
         "Q8_0": "Q8_0", "Q2_K": "Q2_K", "Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M", "Q6_K": "Q6_K",
         "IQ4_NL": "IQ4_NL", "IQ4_XS": "IQ4_XS"}
# What differs from Q4_0 or Q3_K in the files of several formats.
SIMPLE = {"token_embd": "q8_0", "attn_q": "bf16", "attn_k": "f32", "attn_v": "f16", "attn_output": "q5_1",
          "ffn_gate": "q4_1", "ffn_up": "q5_0", "ffn_down": "q4_0"}
OTHERS = {"token_embd": "iq4_nl", "attn_q": "q2_k", "attn_k": "iq4_xs", "attn_v": "iq4_nl", "attn_output": "iq4_xs",
          "ffn_gate": "q2_k", "ffn_up": "iq4_xs", "ffn_down": "q3_k"}


def gguf_name(name):
    for long, short in NAMES.items():
        name = name.replace(long, short)
    return name


def interleave(rows, heads):
    """llama.cpp's order of the rows of llama's queries and keys: the halves of every head in turn."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def separate(rows, heads):
    """The way back."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def reordered(name, rows, architecture, way):
    if architecture != "llama" or "attn_q" not in name and "attn_k" not in name:
        return rows
    return way(rows, HEADS if "attn_q" in name else KEY_HEADS)


def model(architecture, layers, seed):
    common = dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=FEED_FORWARD, num_hidden_layers=layers,
                  num_attention_heads=HEADS, num_key_value_heads=KEY_HEADS, max_position_embeddings=CONTEXT,
                  rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True)
    made = (LlamaForCausalLM(LlamaConfig(**common, rope_scaling=dict(ROPE))) if architecture == "llama"
            else Qwen2ForCausalLM(Qwen2Config(**common)))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 2:
                parameter.copy_(noise * 1.5 / parameter.shape[1] ** 0.5)
            else:
                parameter.copy_(1 + 0.3 * noise if "norm" in name else 0.2 * noise)
    return made.float().eval()


def rope_factors():
    size = HIDDEN // HEADS
    wavelengths = 2 * np.pi * 10000.0 ** (np.arange(0, size, 2) / size)
    turns = ROPE["original_max_position_embeddings"] / wavelengths
    smooth = (turns - ROPE["low_freq_factor"]) / (ROPE["high_freq_factor"] - ROPE["low_freq_factor"])
    blended = 1 / ((1 - smooth) / ROPE["factor"] + smooth)
    return np.where(turns > ROPE["high_freq_factor"], 1.0,
                    np.where(turns < ROPE["low_freq_factor"], ROPE["factor"], blended)).astype(np.float32)


def write(made, architecture, layers, path):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{index}" for index in range(VOCABULARY)])
    writer.add_token_types([gguf.TokenType.NORMAL] * VOCABULARY)
    if architecture == "llama":
        writer.add_tensor("rope_freqs.weight", rope_factors())
    for name, tensor in made.state_dict().items():
        if name == "lm_head.weight":
            continue
        name = gguf_name(name)
        writer.add_tensor(name, np.ascontiguousarray(reordered(name, tensor.numpy(), architecture, interleave)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def decode(made, architecture, path):
    """Puts the numbers that the file holds into the model; returns the first row of a matrix in each of its formats."""
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    state, rows_of = {}, {}
    for name in made.state_dict():
        tensor = tensors[gguf_name(name if name != "lm_head.weight" else "model.embed_tokens.weight")]
        rows = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        shape = tuple(int(size) for size in reversed(tensor.shape))
        state[name] = torch.from_numpy(
            np.ascontiguousarray(reordered(tensor.name, rows.reshape(shape), architecture, separate)))
        if len(shape) == 2:
            rows_of[tensor.tensor_type.name] = {"tensor": tensor.name, "values": numbers(rows.reshape(shape)[0], 9)}
    made.load_state_dict(state)
    return rows_of


def numbers(tensor, digits=8):
    """Nine digits tell every float32 from every other."""
    return [float(f"{value:.{digits}g}") for value in tensor.tolist()]


@torch.no_grad()
def sequence(made, ids, count):
    """Greedy tokens after `ids`, and the states and logits of all but the last of them."""
    out, margin = list(ids), float("inf")
    for _ in range(count):
        top = made(torch.tensor([out])).logits[0, -1].topk(2)
        margin = min(margin, float(top.values[0] - top.values[1]))
        out.append(int(top.indices[0]))
    # A rounding must not decide: another seed if it might.
    assert margin > 2e-4, f"two tokens are only {margin} apart"
    result = made(torch.tensor([ids]), output_hidden_states=True)
    return {"ids": ids, "generated": out[len(ids):], "hidden_mean": numbers(result.hidden_states[-1][0].mean(0)),
            "last_logits": numbers(result.logits[0, -1])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--quantize", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every-type", action="store_true")
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out) / "gguf-types"
    out.mkdir(parents=True, exist_ok=True)
    layers = 2 if arguments.every_type else 1
    if arguments.every_type:
        files = [(architecture, name, ["--pure"], kind) for architecture in ("llama", "qwen2")
                 for name, kind in TYPES.items()]
    else:
        def several(formats):
            return ["--token-embedding-type", formats["token_embd"]] + [
                argument for name, kind in formats.items() if name != "token_embd"
                for argument in ("--tensor-type", f"{name}={kind}")]
        files = [("llama", name, ["--pure"], TYPES[name]) for name in ("Q4_K", "Q5_K", "Q6_K")]
        files += [("llama", "others", several(OTHERS), "Q3_K_M"), ("qwen2", "simple", several(SIMPLE), "Q4_0")]
    rng = np.random.default_rng(arguments.seed)
    prompts = [[int(token) for token in rng.integers(0, VOCABULARY, length)] for length in (1, 37, 120)]
    goldens = []
    for architecture, name, options, kind in files:
        made = model(architecture, layers, arguments.seed)
        target = out / f"{architecture}-{name}.gguf"
        with tempfile.TemporaryDirectory() as scratch:
            source = pathlib.Path(scratch) / "float32.gguf"
            write(made, architecture, layers, source)
            subprocess.run([arguments.quantize, *options, source, target, kind, "1"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = decode(made, architecture, target)
        print(target.name, target.stat().st_size, sorted(rows))
        goldens.append({"file": target.name, "first_rows": rows,
                        "sequences": [sequence(made, prompt, 12) for prompt in prompts]})
    (out / "golden.json").write_text(json.dumps({"files": goldens}))


if __name__ == "__main__":
    main()
