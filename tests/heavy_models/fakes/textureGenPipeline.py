"""Hunyuan3D 2.1's painter as it is called."""

import os
import shutil
from types import SimpleNamespace

import huggingface_hub
import trimesh
from hy3dshape.pipelines import Network
from PIL import Image

HERE = os.path.dirname(__file__)


class Hunyuan3DPaintConfig:
    def __init__(self, max_num_view, resolution):
        self.max_selected_view_num, self.resolution = max_num_view, resolution
        self.realesrgan_ckpt_path = self.multiview_cfg_path = self.custom_pipeline = self.dino_ckpt_path = ""


class Upscaler:
    def __call__(self, image):
        return image


class Pipeline:
    def __init__(self):
        self.unet = Network()

    def to(self, device):
        self.device = device


class Hunyuan3DPaintPipeline:
    def __init__(self, config=None):
        assert os.path.isdir(huggingface_hub.snapshot_download(repo_id="tencent/Hunyuan3D-2.1", allow_patterns=["x"]))
        assert os.path.exists(config.realesrgan_ckpt_path) and os.path.exists(config.dino_ckpt_path)
        self.config = config
        self.models = {"multiview_model": SimpleNamespace(pipeline=Pipeline()), "super_model": Upscaler()}

    def __call__(self, mesh_path=None, image_path=None, output_mesh_path=None, use_remesh=True, save_glb=True):
        assert isinstance(image_path, Image.Image)
        for _ in range(15):
            self.models["multiview_model"].pipeline.unet(0)
        for _ in range(2 * self.config.max_selected_view_num):
            self.models["super_model"](0)
        trimesh.load(mesh_path, force="mesh").export(output_mesh_path)
        shutil.copyfile(mesh_path, output_mesh_path.replace(".obj", ".glb"))
        return output_mesh_path
