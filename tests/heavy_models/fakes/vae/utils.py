def postprocess_mesh(mesh, decimate_target=100000):
    assert decimate_target > 0
    return mesh
