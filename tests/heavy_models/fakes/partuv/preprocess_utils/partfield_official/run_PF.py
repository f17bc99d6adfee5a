import os


class PFInferenceModel:
    def __init__(self, cfg_path=None, checkpoint_path="model_objaverse.ckpt", device=None):
        assert os.path.exists(checkpoint_path)
        self.device = device
