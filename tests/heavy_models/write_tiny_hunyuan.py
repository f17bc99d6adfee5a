"""Writes a checkpoint of random numbers, 109,000 of them, that the real hy3dgen loads. Runs in its interpreter."""

import sys
from pathlib import Path

import torch
import yaml
from safetensors.torch import save_file

MODELS = "hy3dgen.shapegen.models"
DINO = {
    "attention_probs_dropout_prob": 0.0, "hidden_size": 32, "image_size": 56, "num_attention_heads": 2,
    "num_hidden_layers": 1, "patch_size": 14, "mlp_ratio": 2,
}  # fmt: skip
CONFIG = {
    "model": {
        "target": f"{MODELS}.Hunyuan3DDiT",
        "params": {
            "in_channels": 8, "context_in_dim": 32, "hidden_size": 32, "mlp_ratio": 2.0, "num_heads": 2, "depth": 1,
            "depth_single_blocks": 1, "axes_dim": [16], "guidance_embed": False,
        },
    },
    "vae": {
        "target": f"{MODELS}.ShapeVAE",
        "params": {
            "num_latents": 16, "embed_dim": 8, "width": 32, "heads": 2, "num_decoder_layers": 1, "num_freqs": 4,
            "include_pi": False, "qkv_bias": False, "qk_norm": True, "scale_factor": 1.0,
        },
    },
    "conditioner": {
        "target": f"{MODELS}.SingleImageEncoder",
        "params": {
            "main_image_encoder": {"type": "DinoImageEncoder", "kwargs": {"config": DINO, "image_size": 56}},
        },
    },
    "scheduler": {
        "target": "hy3dgen.shapegen.schedulers.FlowMatchEulerDiscreteScheduler",
        "params": {"num_train_timesteps": 1000},
    },
    "image_processor": {
        "target": "hy3dgen.shapegen.preprocessors.ImageProcessorV2",
        "params": {"size": 64, "border_ratio": 0.15},
    },
}  # fmt: skip

if __name__ == "__main__":
    from tiny_hunyuan import without_vision_operators

    without_vision_operators()
    from hy3dgen.shapegen.pipelines import instantiate_from_config

    torch.manual_seed(0)
    folder = Path(sys.argv[1]) / "tencent" / "Hunyuan3D-2" / "hunyuan3d-dit-v2-0"
    folder.mkdir(parents=True)
    tensors = {
        f"{part}.{name}": value.clone().contiguous()
        for part in ("model", "vae", "conditioner")
        for name, value in instantiate_from_config(CONFIG[part]).state_dict().items()
    }
    save_file(tensors, folder / "model.fp16.safetensors")
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
