"""TRELLIS: sparse structure, then structured latents, both by rectified flow (Xiang et al., CVPR 2025).

Written against microsoft/TRELLIS at 6b0d647. Four models share it: a mesh from a picture (image-large) or a prompt
(text-xlarge), and a mesh painted like either. Painting keeps the mesh: latents are sampled on its own voxels, and the
Gaussians that come out are seen from a hundred sides and baked into its texture.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required
from aigc.adapters.meshes import outputs_of, read_mesh
from aigc.adapters.picture import read_picture, subject_of
from aigc.adapters.steps import Stages, counted_calls
from aigc.runner.model import Output, Progress, Result

RECIPE = "trellis"
IMAGE, TEXT = "image", "text"
_HUBS = {IMAGE: "microsoft/TRELLIS-image-large", TEXT: "microsoft/TRELLIS-text-xlarge"}
_VIEWS, _SLICE = 100, 5  # of the Gaussians, for baking; and how many between two reports
_VIEW_EDGE = 1024
_SECONDS = {
    "preprocessing": 1,
    "structure": 8,
    "latents": 14,
    "decoding": 2,
    "unwrapping": 8,
    "views": 5,
    "texturing": 6,
    "exporting": 1,
}
"""Guessed from what their authors report; only the evenness of the bar depends on it."""


class Trellis(Family):
    """Text or image to a textured mesh, and a mesh painted like a text or an image."""

    def load_pipelines(self) -> None:
        """Both pipelines are in memory."""
        pipelines = required("trellis.pipelines", RECIPE)
        os.environ["U2NET_HOME"] = str(Path(found(self.weights, "u2net/u2net.onnx", RECIPE)).parent)
        classes = {IMAGE: pipelines.TrellisImageTo3DPipeline, TEXT: pipelines.TrellisTextTo3DPipeline}
        for name, hub in _HUBS.items():
            found(self.weights, f"{hub}/pipeline.json", RECIPE)
            self.hold(name, classes[name].from_pretrained(hub))

    def move(self, name: str, pipeline: Any, device: str) -> None:
        """With the text encoder, which the pipeline leaves where it was."""
        pipeline.to(required("torch", RECIPE).device(device))
        if name == TEXT:
            encoder = pipeline.text_cond_model
            encoder["model"].to(device)
            encoder["null_cond"] = encoder["null_cond"].to(device)

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Unwrapping and the last step of baking cannot be cancelled (some ten seconds)."""
        name = TEXT if "_text_" in progress.model else IMAGE
        stages = Stages(progress, **_SECONDS)
        seed = chosen_seed(params)
        stages.begin("preprocessing")
        pipeline = self.use(name)
        said = inputs["text"] if name == TEXT else subject_of(pipeline.preprocess_image, read_picture(inputs["image"]))
        mesh = read_mesh(inputs["mesh"]) if progress.model.endswith("painting") else None
        if mesh is None:
            textured = self._generated(pipeline, said, seed, params, stages)
        else:
            textured = self._painted(pipeline, said, mesh, seed, params, stages)
        stages.begin("exporting")
        outputs: list[Output] = outputs_of(textured, progress, "trellis")
        return made(outputs, seed)

    def _generated(self, pipeline: Any, said: Any, seed: int, params: dict[str, Any], stages: Stages) -> Any:
        """A new mesh, textured."""
        np, post = required("numpy", RECIPE), required("trellis.utils.postprocessing_utils", RECIPE)
        more = {} if isinstance(said, str) else {"preprocess_image": False}
        with self._counted(pipeline, stages):
            sampled = pipeline.run(said, seed=seed, formats=["mesh", "gaussian"], **more)
        stages.begin("decoding", message="cleaning the mesh")
        simplify = params["simplify"]
        vertices, faces = post.postprocess_mesh(
            sampled["mesh"][0].vertices.cpu().numpy(),
            sampled["mesh"][0].faces.cpu().numpy(),
            simplify=simplify > 0,
            simplify_ratio=simplify,
            fill_holes=True,
            fill_holes_max_hole_size=0.04,
            fill_holes_max_hole_nbe=int(250 * np.sqrt(1 - simplify)),
            fill_holes_resolution=1024,
            fill_holes_num_views=1000,
        )
        return self._baked(vertices, faces, sampled["gaussian"][0], params, stages)

    def _painted(self, pipeline: Any, said: Any, mesh: Any, seed: int, params: dict[str, Any], stages: Stages) -> Any:
        """The same mesh with new texture coordinates and a texture."""
        np, torch, o3d = (required(name, RECIPE) for name in ("numpy", "torch", "open3d"))
        voxelize = required("trellis.pipelines", RECIPE).TrellisTextTo3DPipeline.voxelize  # the image's class lacks it
        upright = np.asarray(mesh.vertices) @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # its +Z is up
        low, high = upright.min(axis=0), upright.max(axis=0)
        centre, scale = (low + high) / 2, max(float((high - low).max()), 1e-9)
        unit = np.clip((upright - centre) / scale, -0.5 + 1e-6, 0.5 - 1e-6)
        solid = o3d.geometry.TriangleMesh(
            o3d.utility.Vector3dVector(unit), o3d.utility.Vector3iVector(np.asarray(mesh.faces))
        )
        voxels = voxelize(pipeline, solid)
        coords = torch.cat([torch.zeros_like(voxels[:, :1]), voxels], 1)
        with torch.no_grad():  # the baking that follows needs gradients
            cond = pipeline.get_cond([said])
            torch.manual_seed(seed)
            with self._counted(pipeline, stages):
                latents = pipeline.sample_slat(cond, coords)
            stages.begin("decoding")
            gaussian = pipeline.decode_slat(latents, ["gaussian"])["gaussian"][0]
        textured = self._baked(unit, np.asarray(mesh.faces), gaussian, params, stages)
        textured.vertices = textured.vertices * scale + centre @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
        return textured

    def _counted(self, pipeline: Any, stages: Stages) -> ExitStack:
        """Steps of both samplers are told. They run their networks twice a step, or once outside the guidance."""
        first, second = pipeline.sparse_structure_sampler, pipeline.slat_sampler
        stack = ExitStack()
        for sampler, name, told, settings in (
            (first, "structure", "sampling the structure", pipeline.sparse_structure_sampler_params),
            (second, "latents", "sampling the latents", pipeline.slat_sampler_params),
        ):
            count = stages.counter(name, settings.get("steps", 50), "sampling", told)
            stack.enter_context(counted_calls(sampler, "sample_once", count))
        return stack

    def _baked(self, vertices: Any, faces: Any, gaussian: Any, params: dict[str, Any], stages: Stages) -> Any:
        """A mesh, +Y up, whose texture shows what the Gaussians show from all sides."""
        np, trimesh, image = (required(name, RECIPE) for name in ("numpy", "trimesh", "PIL.Image"))
        post = required("trellis.utils.postprocessing_utils", RECIPE)
        stages.begin("unwrapping", "texturing", "unwrapping")
        vertices, faces, uvs = post.parametrize_mesh(vertices, faces)
        seen, extrinsics, intrinsics = self._seen(gaussian, stages)
        stages.begin("texturing", message="baking")
        texture = post.bake_texture(
            vertices,
            faces,
            uvs,
            seen,
            [np.any(view > 0, axis=-1) for view in seen],
            extrinsics,
            intrinsics,
            texture_size=params["texture_resolution"],
            mode=params["texture_bake_mode"],
            lambda_tv=0.01,
            verbose=False,
        )
        material = trimesh.visual.material.PBRMaterial(
            roughnessFactor=1.0,
            baseColorTexture=image.fromarray(texture),
            baseColorFactor=np.array([255, 255, 255, 255], dtype=np.uint8),
        )
        upright = vertices @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
        visual = trimesh.visual.TextureVisuals(uv=uvs, material=material)
        return trimesh.Trimesh(upright, faces, visual=visual, process=False)

    def _seen(self, gaussian: Any, stages: Stages) -> tuple[list[Any], list[Any], list[Any]]:
        """Pictures of the Gaussians from points spread evenly around them, with their cameras."""
        render = required("trellis.utils.render_utils", RECIPE)
        spread = required("trellis.utils.random_utils", RECIPE).sphere_hammersley_sequence
        angles = [spread(number, _VIEWS) for number in range(_VIEWS)]
        extrinsics, intrinsics = render.yaw_pitch_r_fov_to_extrinsics_intrinsics(
            [yaw for yaw, _ in angles], [pitch for _, pitch in angles], 2, 40
        )
        count = stages.counter("views", _VIEWS, "texturing", "looking at it from all sides")
        seen: list[Any] = []
        for start in range(0, _VIEWS, _SLICE):
            count(start)
            part = slice(start, start + _SLICE)
            options = {"resolution": _VIEW_EDGE, "bg_color": (0, 0, 0)}
            seen += render.render_frames(gaussian, extrinsics[part], intrinsics[part], options, verbose=False)["color"]
        return seen, [one.cpu().numpy() for one in extrinsics], [one.cpu().numpy() for one in intrinsics]
