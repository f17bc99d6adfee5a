import os


def extract_features(output_dir, model="dinov2_vitl14_reg", batch_size=16):
    assert os.path.isdir(output_dir)
