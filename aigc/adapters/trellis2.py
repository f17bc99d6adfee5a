"""TRELLIS.2: structured latents over O-Voxels, with PBR materials, up to 1536 cells along a side.

Written against microsoft/TRELLIS.2 at 5565d24. One pipeline makes a mesh from a picture, another textures a mesh like a
picture; both keep their networks in main memory and bring each to the GPU when it is its turn (`low_vram`), since
with all of them there an 80 GB card ran out.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required
from aigc.adapters.meshes import outputs_of_file, read_mesh
from aigc.adapters.picture import read_picture, subject_of
from aigc.adapters.steps import Stages, counted_calls
from aigc.runner.model import Progress, Result

RECIPE = "trellis2"
MESH, TEXTURE = "mesh", "texture"
_HUB = "microsoft/TRELLIS.2-4B"
_MOST_FACES = 16_777_216  # more than this nvdiffrast does not rasterise
_SECONDS = {"preprocessing": 2, "structure": 4, "shape": 14, "texture": 12, "decoding": 4, "exporting": 12}
"""Guessed from the 3, 17 and 60 s that its authors report for 512, 1024 and 1536 cells."""


class Trellis2(Family):
    """A mesh with PBR materials from a picture, and a mesh textured like a picture."""

    def load_pipelines(self) -> None:
        """Both pipelines are in main memory."""
        os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
        for file in ("pipeline.json", "texturing_pipeline.json"):
            found(self.weights, f"{_HUB}/{file}", RECIPE)
        pipelines = required("trellis2.pipelines", RECIPE)
        self.hold(MESH, pipelines.Trellis2ImageTo3DPipeline.from_pretrained(_HUB))
        self.hold(TEXTURE, pipelines.Trellis2TexturingPipeline.from_pretrained(_HUB, "texturing_pipeline.json"))

    def move(self, name: str, pipeline: Any, device: str) -> None:
        """Where its networks go when it is their turn."""
        pipeline.to(required("torch", RECIPE).device(device))

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Decoding and export cannot be cancelled (some ten seconds)."""
        stages = Stages(progress, **_SECONDS)
        seed = chosen_seed(params)
        stages.begin("preprocessing")
        is_painting = progress.model.endswith("painting")
        pipeline = self.use(TEXTURE if is_painting else MESH)
        picture = subject_of(pipeline.preprocess_image, read_picture(inputs["image"]))
        if is_painting:
            glb = self._painted(pipeline, read_mesh(inputs["mesh"]), picture, seed, stages)
        else:
            glb = self._generated(pipeline, picture, seed, params, stages)
        path = progress.folder / "trellis2.glb"
        glb.export(str(path), extension_webp=params.get("extension_webp", True))
        return made(outputs_of_file(path), seed)

    def _generated(self, pipeline: Any, picture: Any, seed: int, params: dict[str, Any], stages: Stages) -> Any:
        with self._counted(pipeline, stages):
            mesh = pipeline.run(picture, seed=seed, preprocess_image=False)[0]
        stages.begin("decoding")
        mesh.simplify(_MOST_FACES)
        stages.begin("exporting", message="remeshing, unwrapping and baking")
        return required("o_voxel", RECIPE).postprocess.to_glb(
            vertices=mesh.vertices,
            faces=mesh.faces,
            attr_volume=mesh.attrs,
            coords=mesh.coords,
            attr_layout=mesh.layout,
            voxel_size=mesh.voxel_size,
            aabb=[[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]],
            decimation_target=params["decimation_target"],
            texture_size=params["texture_size"],
            remesh=params["remesh"],
            remesh_band=params["remesh_band"],
            remesh_project=params["remesh_project"],
            verbose=False,
        )

    def _painted(self, pipeline: Any, mesh: Any, picture: Any, seed: int, stages: Stages) -> Any:
        """The mesh, in its own size and place, with new textures."""
        low, high = mesh.bounds
        with self._counted(pipeline, stages):
            painted = pipeline.run(mesh, picture, seed=seed, preprocess_image=False)
        stages.begin("exporting")
        now_low, now_high = painted.bounds
        painted.apply_translation(-(now_low + now_high) / 2)
        painted.apply_scale(float((high - low).max() / (now_high - now_low).max()))
        painted.apply_translation((low + high) / 2)
        return painted

    def _counted(self, pipeline: Any, stages: Stages) -> ExitStack:
        """Steps of its samplers are told; those of a cascade of two resolutions go on counting in the second."""
        stack = ExitStack()
        for name, attribute, told in (
            ("structure", "sparse_structure_sampler", "sampling the structure"),
            ("shape", "shape_slat_sampler", "sampling the shape"),
            ("texture", "tex_slat_sampler", "sampling the materials"),
        ):
            sampler = getattr(pipeline, attribute, None)
            if sampler is not None:
                steps = getattr(pipeline, f"{attribute}_params").get("steps", 50)
                cascade = 2 if name == "shape" and "cascade" in pipeline.default_pipeline_type else 1
                count = stages.counter(name, steps * cascade, "sampling", told)
                stack.enter_context(counted_calls(sampler, "sample_once", count))
        return stack
