import trimesh


def to_glb(vertices, faces, attr_volume, coords, attr_layout, aabb, voxel_size=None, grid_size=None,
           decimation_target=1000000, texture_size=2048, remesh=False, remesh_band=1, remesh_project=0.9,
           verbose=False, use_tqdm=False):  # fmt: skip
    assert decimation_target >= 10_000 and texture_size in (1024, 2048, 4096, 8192)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    export = mesh.export
    mesh.export = lambda path, extension_webp: export(path)
    return mesh
