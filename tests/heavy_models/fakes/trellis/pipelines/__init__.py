"""TRELLIS as it is called: its names, its signatures, and how often a step calls its network; its shapes are boxes."""

import json
import os
from types import SimpleNamespace

import numpy as np
import torch

STEPS = 6


class Network(torch.nn.Module):
    def forward(self, x, t, cond):
        return x


class Sampler:
    """Twice a step inside its interval of guidance, once outside."""

    def sample_once(self, model, x_t, t, t_prev, cond=None, **kwargs):
        for _ in range(2 if t > 0.5 else 1):
            model(x_t, t, cond)
        return x_t

    def sample(self, model, noise, cond, neg_cond, steps=50, verbose=True):
        sample = noise
        for step in range(steps):
            sample = self.sample_once(model, sample, 1 - step / steps, 0, cond, neg_cond=neg_cond)
        return SimpleNamespace(samples=sample)


class Pipeline:
    @classmethod
    def from_pretrained(cls, path):
        if not os.path.exists(f"{path}/pipeline.json"):
            raise AssertionError(f"{path} would be downloaded")
        with open(f"{path}/pipeline.json") as file:
            steps = json.load(file).get("steps", STEPS)
        made = cls()
        made.models = {"sparse_structure_flow_model": Network(), "slat_flow_model": Network()}
        made.sparse_structure_sampler, made.slat_sampler = Sampler(), Sampler()
        made.sparse_structure_sampler_params = {"steps": steps}
        made.slat_sampler_params = {"steps": steps}
        return made

    def to(self, device):
        for model in self.models.values():
            model.to(device)

    def sample_sparse_structure(self, cond, num_samples=1, sampler_params={}):
        noise = torch.generator.normal(size=(1, 4))
        model, sampler = self.models["sparse_structure_flow_model"], self.sparse_structure_sampler
        params = {**self.sparse_structure_sampler_params, **sampler_params}
        return sampler.sample(model, noise, **cond, **params).samples

    def sample_slat(self, cond, coords, sampler_params={}):
        noise = torch.generator.normal(size=(len(coords), 4))
        model, sampler = self.models["slat_flow_model"], self.slat_sampler
        return sampler.sample(model, noise, **cond, **{**self.slat_sampler_params, **sampler_params}).samples

    def decode_slat(self, slat, formats=("mesh", "gaussian", "radiance_field")):
        size = 0.2 + float(np.abs(slat).mean()) / 10
        found = {"gaussian": [SimpleNamespace(colour=int(size * 997) % 256)]}
        if "mesh" in formats:
            vertices, faces = box(size)
            found["mesh"] = [SimpleNamespace(vertices=torch.tensor(vertices), faces=torch.tensor(faces))]
        return {name: found[name] for name in formats}

    def _run(self, cond, seed, formats):
        torch.manual_seed(seed)
        return self.decode_slat(self.sample_slat(cond, self.sample_sparse_structure(cond)), formats)


class TrellisImageTo3DPipeline(Pipeline):
    def preprocess_image(self, input):
        alpha = np.asarray(input)[:, :, 3]
        seen = np.argwhere(alpha > 204)
        np.min(seen[:, 1])  # ValueError of an empty mask, as there
        return input.convert("RGB")

    def get_cond(self, image):
        assert isinstance(image, list)
        return {"cond": image, "neg_cond": 0}

    def run(self, image, num_samples=1, seed=42, sparse_structure_sampler_params={}, slat_sampler_params={},
            formats=("mesh", "gaussian", "radiance_field"), preprocess_image=True):  # fmt: skip
        assert not preprocess_image, "it was prepared already"
        return self._run(self.get_cond([image]), seed, formats)


class TrellisTextTo3DPipeline(Pipeline):
    @classmethod
    def from_pretrained(cls, path):
        made = super().from_pretrained(path)
        made.text_cond_model = {"model": Network(), "null_cond": torch.tensor([0.0])}
        return made

    def get_cond(self, prompt):
        assert isinstance(prompt, list) and all(isinstance(one, str) for one in prompt)
        return {"cond": prompt, "neg_cond": self.text_cond_model["null_cond"]}

    def run(self, prompt, num_samples=1, seed=42, sparse_structure_sampler_params={}, slat_sampler_params={},
            formats=("mesh", "gaussian", "radiance_field")):  # fmt: skip
        return self._run(self.get_cond([prompt]), seed, formats)

    def voxelize(self, mesh):
        vertices = np.asarray(mesh.vertices)
        assert np.abs(vertices).max() <= 0.5, "it has to fit into the cube"
        return torch.tensor(((vertices + 0.5) * 63).astype(int))


def box(size):
    corners = np.array([[x, y, z] for x in (-size, size) for y in (-size, size) for z in (-size, size)])
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return corners, np.array([[a, b, c] for q in quads for a, b, c in ((q[0], q[1], q[2]), (q[0], q[2], q[3]))])
