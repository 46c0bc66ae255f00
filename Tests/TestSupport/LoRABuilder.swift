/// Writes LoRA adapters for tests, as PEFT saves them.
package struct LoRABuilder: Sendable {
    /// The members of `adapter_config.json`, each value as JSON text.
    package var config: [String: String] = [
        "peft_type": "\"LORA\"", "task_type": "\"CAUSAL_LM\"", "base_model_name_or_path": "\"some/base\"",
        "r": "4", "lora_alpha": "8", "lora_dropout": "0.05", "bias": "\"none\"", "inference_mode": "true",
        "fan_in_fan_out": "false", "init_lora_weights": "true", "use_rslora": "false", "use_dora": "false",
        "rank_pattern": "{}", "alpha_pattern": "{}", "modules_to_save": "null", "layers_to_transform": "null",
        "peft_version": "\"0.17.0\"", "megatron_core": "\"megatron.core\"", "qalora_group_size": "16",
        "target_modules": "[\"q_proj\"]",
    ]
    /// The tensors of `adapter_model.safetensors`.
    package var tensors = SafetensorsBuilder()

    package init() {}

    /// The name of a tensor of a linear layer; `factor` is A or B.
    package static func tensorName(_ module: String, _ factor: String) -> String {
        "base_model.model.\(module).lora_\(factor).weight"
    }

    /// Adds the two factors of a linear layer, `[rank, inputs]` and `[outputs, rank]`.
    package mutating func addFactors(_ module: String, rank: Int, inputs: Int, outputs: Int, _ a: [Float], _ b: [Float])
    {
        tensors.addTensor(Self.tensorName(module, "A"), shape: [rank, inputs], a)
        tensors.addTensor(Self.tensorName(module, "B"), shape: [outputs, rank], b)
    }

    /// A copy with some members set to other values; nil takes one out.
    package func setting(_ changes: [String: String?]) -> LoRABuilder {
        var copy = self
        for (key, value) in changes {
            copy.config[key] = value
        }
        return copy
    }

    /// The text of `adapter_config.json`.
    package var configJSON: String {
        "{\(config.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
    }

    /// Writes both files.
    package func write(to directory: TemporaryDirectory) throws {
        try directory.write(configJSON, to: "adapter_config.json")
        try directory.write(tensors.build(), to: "adapter_model.safetensors")
    }
}
