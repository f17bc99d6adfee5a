import os

import numpy as np
import torch
from huggingface_hub import hf_hub_download


class Network(torch.nn.Module):
    def forward(self, points):
        return points


class AutoMask:
    def __init__(self, ckpt_path, point_num=100000, prompt_num=400, threshold=0.95, post_process=True):
        assert os.path.exists(ckpt_path)
        assert os.path.exists(hf_hub_download(repo_id="facebook/sonata", filename="sonata.pth", local_dir="/nowhere"))
        self.model = Network()

    def predict_aabb(self, mesh, point_num=None, prompt_num=None, threshold=None, post_process=None, save_path=None,
                     save_mid_res=False, show_info=True, clean_mesh_flag=True, seed=42, is_parallel=True,
                     prompt_bs=32):  # fmt: skip
        assert not is_parallel, "one process has one GPU"
        for _ in range(400 // prompt_bs + 1):
            self.model(0)
        if save_mid_res:
            mesh.export(os.path.join(save_path, "auto_mask_mesh.glb"))
        labels = np.where(mesh.triangles_center[:, 1] > 3, 5, 2)
        labels[0] = -1
        return np.zeros((2, 2, 3)), labels, mesh
