"""HoloPart: each part of a segmented mesh completed behind what hides it (Yang et al., 2025).

Written against VAST-AI-Research/HoloPart at 48dd632.
"""

from __future__ import annotations

import importlib
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required, seed_everything
from aigc.adapters.meshes import coloured, outputs_of, part_outputs
from aigc.adapters.steps import Stages, counted_forwards
from aigc.runner.model import InputInvalid, Output, Progress, Result

RECIPE = "holopart"
_HUB = "VAST-AI/HoloPart"
_POINTS = 20_480
_PART_SCALE = 0.95 * 0.7
_BATCH = 4  # parts that are sampled together
_BOUNDS = (-1.05, -1.05, -1.05, 1.05, 1.05, 1.05)


class HoloPart(Family):
    """Closed parts from a mesh that comes in parts."""

    def load_pipelines(self) -> None:
        """The sampler is in memory, in half precision."""
        torch = required("torch", RECIPE)
        found(self.weights, f"{_HUB}/model_index.json", RECIPE)
        pipeline = required("holopart.pipelines.pipeline_holopart", RECIPE).HoloPartPipeline
        self.hold("parts", pipeline.from_pretrained(_HUB, torch_dtype=torch.float16))

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. The decoding of one part cannot be cancelled (a second or two)."""
        torch = required("torch", RECIPE)
        seed, steps = chosen_seed(params), params["num_inference_steps"]
        names, meshes = _parts(inputs["mesh"])
        stages = Stages(progress, preprocessing=1, sampling=6 * len(meshes), decoding=2 * len(meshes), exporting=1)
        stages.begin("preprocessing")
        seed_everything(seed)
        pipeline = self.use("parts")
        conditions, places = self._conditions(meshes)
        batches = [slice(start, start + _BATCH) for start in range(0, len(meshes), _BATCH)]
        count = stages.counter("sampling", steps * len(batches))
        latents: list[Any] = []
        with torch.no_grad():
            for number, batch in enumerate(batches):
                base = number * steps
                with counted_forwards(pipeline.transformer, lambda step, base=base: count(base + step)):  # type: ignore[misc]
                    sampled = pipeline(
                        part_surface=conditions["part"][batch],
                        whole_surface=conditions["whole"][batch],
                        part_local_surface=conditions["local"][batch],
                        num_inference_steps=steps,
                        guidance_scale=params["guidance_scale"],
                        generator=torch.Generator(device=self.device).manual_seed(seed),
                        output_type="latent",
                    )
                latents.extend(sampled.samples)
            completed = self._decoded(pipeline, latents, places, params["num_faces"], stages)
        stages.begin("exporting")
        outputs: list[Output] = outputs_of(coloured(completed, names), progress, "completed")
        return made(outputs + part_outputs(completed, progress, "part"), seed, parts=len(completed))

    def _conditions(self, meshes: list[Any]) -> tuple[dict[str, Any], list[tuple[Any, float]]]:
        """Points with normals of each part, of the whole marked with the part, and of the part in its own cube."""
        np, torch, trimesh = (required(name, RECIPE) for name in ("numpy", "torch", "trimesh"))
        nearest = required("torch_cluster", RECIPE).nearest

        def points_of(mesh: Any) -> Any:
            points, faces = mesh.sample(_POINTS, return_index=True)
            return np.concatenate([points, mesh.face_normals[faces]], axis=1)

        parts = [points_of(mesh) for mesh in meshes]
        local, places = [], []
        for points in parts:
            centre = (points[:, :3].max(axis=0) + points[:, :3].min(axis=0)) / 2
            scale = float(np.abs(points[:, :3] - centre).max() / _PART_SCALE)
            local.append(np.concatenate([(points[:, :3] - centre) / scale, points[:, 3:]], axis=1))
            places.append((centre, scale))
        whole = points_of(trimesh.util.concatenate(meshes))
        owners = np.repeat(np.arange(len(parts)), _POINTS)
        everything = np.concatenate([points[:, :3] for points in parts])
        near = nearest(*(torch.tensor(array, dtype=torch.float32) for array in (whole[:, :3], everything)))
        owner = owners[near.cpu().numpy()]
        marked = [np.concatenate([whole, (owner == part)[:, None]], axis=1) for part in range(len(parts))]
        stacked = {"part": parts, "local": local, "whole": marked}
        return {
            name: torch.tensor(np.stack(arrays), dtype=torch.float32, device=self.device)
            for name, arrays in stacked.items()
        }, places

    def _decoded(self, pipeline: Any, latents: list[Any], places: list[Any], most: int, stages: Stages) -> list[Any]:
        """Each part as a mesh in its place."""
        np, trimesh = required("numpy", RECIPE), required("trimesh", RECIPE)
        extract = required("holopart.inference_utils", RECIPE).flash_extract_geometry
        pipeline.vae.set_flash_decoder()
        count = stages.counter("decoding", len(latents))
        completed = []
        for number, (latent, (centre, scale)) in enumerate(zip(latents, places)):
            count(number)
            pieces = extract(latent.unsqueeze(0), pipeline.vae, bounds=_BOUNDS, octree_depth=9, num_chunks=10_000)
            mesh = trimesh.util.concatenate([trimesh.Trimesh(np.float32(piece[0]), piece[1]) for piece in pieces])
            if len(mesh.faces) > most:
                mesh = mesh.simplify_quadric_decimation(face_count=most)
            mesh.apply_scale(scale)
            mesh.apply_translation(centre)
            completed.append(mesh)
        return completed


def _parts(path: str) -> tuple[list[str], list[Any]]:
    """Names and meshes of the file's parts, where they stand."""
    trimesh = importlib.import_module("trimesh")
    try:
        scene = trimesh.load(path, force="scene")
        named = [(str(name), scene.geometry[scene.graph[name][1]], scene.graph[name][0]) for name in _nodes(scene)]
    except Exception as error:  # noqa: BLE001 - readers of a dozen formats, each with errors of its own
        raise InputInvalid(f"the mesh cannot be read ({error})", "export it again as GLB") from None
    if len(named) < 2:
        raise InputInvalid("the mesh is in one piece, so nothing hides a part of it", "segment it first")
    meshes = []
    for _, mesh, matrix in named:
        moved = mesh.copy()
        moved.apply_transform(matrix)
        meshes.append(moved)
    return [name for name, _, _ in named], meshes


def _nodes(scene: Any) -> list[Any]:
    return [
        name for name in scene.graph.nodes_geometry if len(getattr(scene.geometry[scene.graph[name][1]], "faces", ()))
    ]
