import os

import trimesh


def run_edit(pipeline, render_dir, image_dir, output_path, skip_step=0, re_init=False, cfg=[5.0, 6.0, 0.0, 0.0]):
    for name in ("2d_render.png", "2d_edit.png", "2d_mask.png"):
        assert os.path.exists(f"{image_dir}/{name}"), name
    for network in ("sparse_structure_flow_model", "slat_flow_model"):
        for _ in range(24):
            pipeline.models[network](0, 0, 0)
    mesh = trimesh.creation.box((1, 1, 1))
    with open(f"{render_dir}/region") as file:
        mesh.metadata["region"] = file.read()
    mesh.export(output_path)
