import os

import trimesh


def preprocess(mesh_path, pf_model=None, output_path=None, save_tree_file=False, save_processed_mesh=False,
               sample_on_faces=10, sample_batch_size=100_000, merge_vertices_epsilon=1e-7):  # fmt: skip
    assert os.path.isdir(output_path) and pf_model.device == "cpu"
    return trimesh.load(mesh_path, force="mesh"), "", {"tree": 1}, {}


def save_results(output_dir, final_parts, individual_parts):
    folder = output_dir / "individual_parts"
    folder.mkdir()
    for number, part in enumerate(individual_parts):
        trimesh.Trimesh(part.V, part.F).export(folder / f"part_{number}.obj", file_type="obj")
    trimesh.Trimesh(final_parts.V, final_parts.F).export(output_dir / "final_components.obj", file_type="obj")
