"""TRELLIS.2 as it is called; its shapes are boxes."""

import os
from types import SimpleNamespace

import numpy as np
import torch
import trimesh

STEPS = 4


class Sampler:
    def sample_once(self, model, x_t, t, t_prev, cond=None, **kwargs):
        return x_t

    def sample(self, steps):
        for step in range(steps):
            self.sample_once(None, None, 1 - step / steps, 0)


class Pipeline:
    default_pipeline_type = "1024_cascade"

    @classmethod
    def from_pretrained(cls, path, config_file="pipeline.json"):
        if not os.path.exists(f"{path}/{config_file}"):
            raise AssertionError(f"{path} would be downloaded")
        made = cls()
        for name in ("sparse_structure", "shape_slat", "tex_slat"):
            if name in cls.samplers:
                setattr(made, f"{name}_sampler", Sampler())
                setattr(made, f"{name}_sampler_params", {"steps": STEPS})
        return made

    def to(self, device):
        self.device = device

    def preprocess_image(self, input):
        np.min(np.argwhere(np.asarray(input)[:, :, 3] > 204)[:, 1])
        return input.convert("RGB")


class Trellis2ImageTo3DPipeline(Pipeline):
    samplers = ("sparse_structure", "shape_slat", "tex_slat")

    def run(self, image, num_samples=1, seed=42, sparse_structure_sampler_params={}, shape_slat_sampler_params={},
            tex_slat_sampler_params={}, preprocess_image=True, return_latent=False, pipeline_type=None,
            max_num_tokens=49152):  # fmt: skip
        assert not preprocess_image
        torch.manual_seed(seed)
        self.sparse_structure_sampler.sample(STEPS)
        self.shape_slat_sampler.sample(STEPS)  # the cascade: twice, in two resolutions
        self.shape_slat_sampler.sample(STEPS)
        self.tex_slat_sampler.sample(STEPS)
        box = trimesh.creation.box((1, 1, torch.generator.uniform(0.5, 1)))
        made = SimpleNamespace(
            vertices=box.vertices, faces=box.faces, attrs=0, coords=0, layout={}, voxel_size=1 / 1024
        )
        made.simplify = lambda most: None
        return [made]


class Trellis2TexturingPipeline(Pipeline):
    samplers = ("tex_slat",)

    def run(self, mesh, image, seed=42, tex_slat_sampler_params={}, preprocess_image=True, resolution=1024,
            texture_size=2048):  # fmt: skip
        assert not preprocess_image
        self.tex_slat_sampler.sample(STEPS)
        low, high = mesh.bounds
        made = trimesh.Trimesh((mesh.vertices - (low + high) / 2) / (high - low).max(), mesh.faces, process=False)
        export = made.export
        made.export = lambda path, extension_webp: export(path)
        return made
