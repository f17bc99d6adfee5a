import numpy as np


def postprocess_mesh(vertices, faces, simplify=True, simplify_ratio=0.9, fill_holes=True, fill_holes_max_hole_size=0.04,
                     fill_holes_max_hole_nbe=32, fill_holes_resolution=1024, fill_holes_num_views=1000, debug=False,
                     verbose=False):  # fmt: skip
    assert 0 < simplify_ratio <= 1 and isinstance(fill_holes_max_hole_nbe, int)
    return vertices, faces


def parametrize_mesh(vertices, faces):
    return vertices, faces, vertices[:, :2] - vertices[:, :2].min()


def bake_texture(vertices, faces, uvs, observations, masks, extrinsics, intrinsics, texture_size=2048, near=0.1,
                 far=10.0, mode="opt", lambda_tv=1e-2, verbose=False):  # fmt: skip
    assert len(observations) == len(masks) == len(extrinsics) == len(intrinsics) == 100
    assert mode in ("fast", "opt")
    return np.full((texture_size, texture_size, 3), observations[0].max(), dtype=np.uint8)
