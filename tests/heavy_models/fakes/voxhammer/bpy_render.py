import os


def render_3d_model(file_path, output_dir, num_views=150, scale=1.0, offset=None, resolution=512, engine="CYCLES",
                    geo_mode=False, split_normal=False, save_mesh=True):  # fmt: skip
    assert os.path.exists(file_path)
    os.makedirs(output_dir)
    for number in range(3):
        with open(f"{output_dir}/{number:03}.png", "w"):
            pass
