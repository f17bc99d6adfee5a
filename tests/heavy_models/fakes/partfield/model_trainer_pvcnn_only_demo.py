import torch


class Triplane(torch.nn.Module):
    def forward(self, planes):
        return planes


class Points(torch.nn.Module):
    def forward(self, points, features):
        import numpy as np

        assert points.shape == (1, 100_000, 3) and abs(float(points.max())) <= 0.91
        return torch.tensor(np.zeros((1, 3, 512, 2)))


class Model(torch.nn.Module):
    def __init__(self, cfg):
        super().__init__()
        assert cfg.merged.endswith("configs/final/demo.yaml")
        self.pvcnn, self.triplane_transformer = Points(), Triplane()

    def load_state_dict(self, state, strict=True):
        assert strict and state == 1
