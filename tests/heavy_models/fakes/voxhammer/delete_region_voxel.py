import os

import trimesh


def process_delete_ply(input_glb_path, render_dir, filter_method="volume", voxel_size=1 / 64):
    assert os.path.isdir("voxhammer"), "its grid of voxels is looked for from the repository's folder"
    bounds = trimesh.load(input_glb_path, force="mesh").bounds
    with open(f"{render_dir}/region", "w") as file:
        file.write(str(bounds.round(2).tolist()))
