import numpy as np
import torch


def yaw_pitch_r_fov_to_extrinsics_intrinsics(yaws, pitchs, rs, fovs):
    assert len(yaws) == len(pitchs)
    return [torch.tensor(np.eye(4)) for _ in yaws], [torch.tensor(np.eye(3)) for _ in yaws]


def render_frames(sample, extrinsics, intrinsics, options={}, colors_overwrite=None, verbose=True):
    size = options["resolution"] // 64
    return {"color": [np.full((size, size, 3), sample.colour, dtype=np.uint8) for _ in extrinsics]}
