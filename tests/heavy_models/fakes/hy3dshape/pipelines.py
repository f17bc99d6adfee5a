"""Hunyuan3D 2.1's sampler as it is called; its shapes are boxes."""

import os

import torch
import trimesh


class Network(torch.nn.Module):
    def forward(self, *_):
        return 0


class Vae:
    latent_shape = (4096, 64)

    def __init__(self):
        self.geo_decoder = Network()


class Hunyuan3DDiTFlowMatchingPipeline:
    @classmethod
    def from_pretrained(cls, model_path, device="cuda", dtype=None, use_safetensors=False, variant="fp16",
                        subfolder="hunyuan3d-dit-v2-1", **kwargs):  # fmt: skip
        assert os.path.exists(os.path.join(os.environ["HY3DGEN_MODELS"], model_path, subfolder))
        return cls()

    def __init__(self):
        self.model, self.vae = Network(), Vae()

    def to(self, device):
        self.device = device

    def __call__(self, image=None, num_inference_steps=50, guidance_scale=5.0, generator=None, octree_resolution=384,
                 num_chunks=8000, enable_pbar=True):  # fmt: skip
        for _ in range(num_inference_steps):
            self.model(0)
        for _ in range(5):
            self.vae.geo_decoder(0)
        return [trimesh.creation.box((1, 1, generator.numbers.uniform(0.5, 1)))]
