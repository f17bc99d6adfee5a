"""Hunyuan3D 2.0 (shape) and 2.1 (shape, PBR textures): flow matching over a set of latents, decoded to a field.

Written against hy3dgen 2.0.2 and Tencent-Hunyuan/Hunyuan3D-2.1 at 5e3ec6d. Both sample by one class of the same name;
2.1 adds a painter that renders normals and positions of a mesh, paints six views of it together, and bakes them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required, seed_everything
from aigc.adapters.meshes import outputs_of, outputs_of_file, read_mesh
from aigc.adapters.picture import read_picture, without_background
from aigc.adapters.steps import Stages, counted_calls, counted_forwards
from aigc.runner.model import Progress, Result

SHAPE, PAINT = "shape", "paint"
_CHUNK = 8000  # points of the field that are decoded at once
_PAINT_STEPS = 15  # of the painter's UniPC schedule


class Hunyuan3D20(Family):
    """A mesh without a texture from a picture, by the package hy3dgen.

    Args:
        hub: the checkpoint's repository, below the weights' folder.
        subfolder: the checkpoint in it.
    """

    recipe, package = "hunyuan3d-2.0", "hy3dgen.shapegen"

    def __init__(
        self, weights: str = "", hub: str = "tencent/Hunyuan3D-2", subfolder: str = "hunyuan3d-dit-v2-0"
    ) -> None:
        super().__init__(weights)
        self.hub, self.subfolder = hub, subfolder

    def load_pipelines(self) -> None:
        """The sampler is in memory."""
        self.hold(SHAPE, self._shape_pipeline(use_safetensors=True))

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`; the picture's background is removed where it has one."""
        stages = Stages(progress, preprocessing=1, sampling=20, decoding=10, exporting=1)
        seed = chosen_seed({"seed": 42, **params})
        mesh = self.shape(inputs["image"], stages, seed, params)
        stages.begin("exporting")
        return made(outputs_of(mesh, progress, "hunyuan3d"), seed, steps=params.get("num_inference_steps", 50))

    def shape(self, image: str, stages: Stages, seed: int, params: dict[str, Any]) -> Any:
        """A `trimesh.Trimesh` of the picture's subject."""
        torch = required("torch", self.recipe)
        stages.begin("preprocessing")
        picture = self.cut_out(read_picture(image))
        pipeline = self.use(SHAPE)
        steps = params.get("num_inference_steps", 50)
        resolution = params.get("octree_resolution", 384)
        chunks = -(-((resolution + 1) ** 3) // _CHUNK)
        with (
            counted_forwards(pipeline.model, stages.counter("sampling", steps)),
            counted_forwards(pipeline.vae.geo_decoder, stages.counter("decoding", chunks)),
        ):
            made = pipeline(
                image=picture,
                num_inference_steps=steps,
                guidance_scale=params.get("guidance_scale", 5.0),
                generator=torch.Generator(device=self.device).manual_seed(seed),
                octree_resolution=resolution,
                num_chunks=_CHUNK,
                enable_pbar=False,
            )[0]
        if made is None or len(made.faces) == 0:
            raise RuntimeError("the sampled field has no surface; try another seed")
        return made

    def cut_out(self, picture: Any) -> Any:
        """The picture with its background transparent. Raises InputInvalid if nothing is left of it."""
        return without_background(picture, self.weights, self.recipe)

    def _shape_pipeline(self, *, use_safetensors: bool) -> Any:
        found(self.weights, f"{self.hub}/{self.subfolder}/config.yaml", self.recipe)
        torch = required("torch", self.recipe)
        os.environ["HY3DGEN_MODELS"] = str(self.weights)  # where it looks before it asks a hub
        pipelines = required(f"{self.package}.pipelines", self.recipe)
        return pipelines.Hunyuan3DDiTFlowMatchingPipeline.from_pretrained(
            self.hub,
            subfolder=self.subfolder,
            use_safetensors=use_safetensors,
            variant="fp16",
            device="cpu",
            dtype=torch.float32 if self.device == "cpu" else torch.float16,
        )


class Hunyuan3D21(Hunyuan3D20):
    """Meshes with and without PBR textures from a picture, and textures for a mesh, by the repository of 2.1."""

    recipe, package = "hunyuan3d-2.1", "hy3dshape"

    def __init__(
        self, weights: str = "", hub: str = "tencent/Hunyuan3D-2.1", subfolder: str = "hunyuan3d-dit-v2-1"
    ) -> None:
        super().__init__(weights, hub, subfolder)

    def load_pipelines(self) -> None:
        """The sampler is in memory; the painter comes with the first request for it, since it only lives on a GPU."""
        self.hold(SHAPE, self._shape_pipeline(use_safetensors=False))

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Baking reports nothing for some seconds, in which it cannot be cancelled."""
        if progress.model.endswith("raw_mesh"):
            return super().run(inputs, params, progress)
        stages = Stages(progress, preprocessing=1, sampling=20, decoding=10, unwrapping=5, texturing=30, exporting=5)
        seed = chosen_seed({"seed": 42, **params})
        mesh = progress.folder / "untextured.glb"
        if progress.model.endswith("textured_mesh"):
            self.shape(inputs["image"], stages, seed, params).export(str(mesh))
        else:
            read_mesh(inputs["mesh"]).export(str(mesh))
        painted = self.paint(mesh, inputs["image"], stages, params)
        return made(outputs_of_file(painted), seed)

    def paint(self, mesh: Path, image: str, stages: Stages, params: dict[str, Any]) -> Path:
        """A GLB of the mesh, remeshed, unwrapped and painted like the picture. The painter seeds itself with 0."""
        stages.begin("unwrapping", "texturing", "reducing and unwrapping the mesh")
        painter = self._painter(params)
        seed_everything(0)
        network = painter.models["multiview_model"].pipeline.unet
        upscaler, views = painter.models["super_model"], params.get("max_num_view", 6)
        out = mesh.with_name("hunyuan3d.obj")
        with (
            counted_forwards(network, stages.counter("texturing", _PAINT_STEPS, message="painting the views")),
            counted_calls(type(upscaler), "__call__", stages.counter("exporting", 2 * views, "texturing", "upscaling")),
        ):
            painter(mesh_path=str(mesh), image_path=self.cut_out(read_picture(image)), output_mesh_path=str(out))
        return out.with_suffix(".glb")

    def _painter(self, params: dict[str, Any]) -> Any:
        """The painter with these settings; the sampler makes room for it."""
        if PAINT not in self._pipelines:
            self.rest()
            self.hold(PAINT, self._load_painter())
        painter = self.use(PAINT)
        views, resolution = params.get("max_num_view", 6), params.get("resolution", 512)
        painter.config.max_selected_view_num, painter.config.resolution = views, resolution
        return painter

    def _load_painter(self) -> Any:
        module = required("textureGenPipeline", self.recipe)
        hub = required("huggingface_hub", self.recipe)
        root = Path(module.__file__).parent
        config = module.Hunyuan3DPaintConfig(6, 512)
        config.realesrgan_ckpt_path = found(self.weights, "RealESRGAN_x4plus.pth", self.recipe)
        config.multiview_cfg_path = str(root / "cfgs" / "hunyuan-paint-pbr.yaml")
        config.custom_pipeline = str(root / "hunyuanpaintpbr")
        config.dino_ckpt_path = found(self.weights, "facebook/dinov2-giant", self.recipe)
        local = str(Path(found(self.weights, f"{self.hub}/hunyuan3d-paintpbr-v2-1", self.recipe)).parent)
        # It asks the hub for a snapshot by name; the snapshot is here already.
        asked, hub.snapshot_download = hub.snapshot_download, lambda *_, **__: local
        try:
            return module.Hunyuan3DPaintPipeline(config)
        finally:
            hub.snapshot_download = asked

    def move(self, name: str, pipeline: Any, device: str) -> None:
        """The painter's networks are moved one by one; its rasteriser stays on the GPU, where it holds little."""
        if name != PAINT:
            super().move(name, pipeline, device)
            return
        network = pipeline.models["multiview_model"]
        network.pipeline.to(device)
        if hasattr(network, "dino_v2"):
            network.dino_v2.to(device)
