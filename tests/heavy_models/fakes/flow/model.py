import torch
import trimesh


class Dit(torch.nn.Module):
    def forward(self, x):
        return x


class Vae(torch.nn.Module):
    def query(self, points, hidden):
        return points

    def forward(self, data, mode="hierarchical", max_samples_per_iter=8192, resolution=512, min_resolution=64):
        assert data["latent"].shape[1] == 4
        for _ in range(3):
            self.query(None, None)
        near, far = trimesh.creation.icosphere(subdivisions=2), trimesh.creation.icosphere(subdivisions=2)
        far.apply_translation((3, 0, data["latent"].mean() / 10))
        both = trimesh.util.concatenate([near, far])
        return {"meshes": [(both.vertices, both.faces)]}


class Model(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.vae_ckpt_path.endswith("vae.pt") and config.vae_ckpt_path.startswith("/")
        self.config, self.dit, self.vae = config, Dit(), Vae()

    def load_state_dict(self, state, strict=True):
        assert strict and state == {}

    def forward(self, data, num_steps=30, cfg_scale=7.0, verbose=True, generator=None):
        assert data["cond_images"].shape == (1, 3, 518, 518)
        for _ in range(num_steps):
            self.dit(None)
        return {"latent": torch.tensor(torch.generator.normal(size=(1, 8, 3)))}
