"""FastMesh: vertices written token by token, then all edges between them at once (Kim et al., 3DV 2026).

Written against jhkim0759/FastMesh at 8e97122. Two checkpoints, for about a thousand and about four thousand vertices.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required, seed_everything, standing_in
from aigc.adapters.meshes import outputs_of, read_mesh
from aigc.adapters.steps import Stages, counted_forwards
from aigc.runner.model import Progress, Result

RECIPE = "fastmesh"
_HUBS = {"v1k": "WopperSet/FastMesh-V1K", "v4k": "WopperSet/FastMesh-V4K"}
_TOKENS = {"v1k": 1_600, "v4k": 6_000}
"""How many the vertices usually take; only the evenness of the bar depends on it."""
_SURFACE, _POINTS = 50_000, 8_192


class FastMesh(Family):
    """A mesh of few, well placed triangles on the same surface."""

    def load_pipelines(self) -> None:
        """Both checkpoints are in memory."""
        models = required("models", RECIPE)
        # Its encoder's settings are looked for from the repository's folder, its transformer's at a hub.
        with standing_in(Path(models.__file__).parents[1]):
            for name, hub in _HUBS.items():
                folder = Path(found(self.weights, f"{hub}/config.json", RECIPE)).parent
                shape = found(self.weights, "facebook/opt-350m", RECIPE)
                self.hold(name, models.MODELS["MeshGen"].from_pretrained(str(folder), llm=shape).eval())

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`."""
        np, torch = required("numpy", RECIPE), required("torch", RECIPE)
        name = "v4k" if "v4k" in progress.model else "v1k"
        stages = Stages(progress, preprocessing=1, sampling=20, decoding=2, exporting=1)
        stages.begin("preprocessing")
        if params["poly_type"] == "quad":
            progress.warn("FastMesh makes triangles; choose another model for quads")
        seed = chosen_seed(params)
        mesh = read_mesh(inputs["mesh"])
        seed_everything(seed)
        model = self.use(name)
        low, high = mesh.bounds
        centre, scale = (low + high) / 2, 1.9 / max(float((high - low).max()), 1e-9)
        unit = mesh.copy()
        unit.vertices = (mesh.vertices - centre) * scale
        points, faces = unit.sample(_SURFACE, return_index=True)
        chosen = np.random.choice(_SURFACE, _POINTS, replace=False)
        cloud = np.concatenate([points, unit.face_normals[faces]], axis=1)[chosen].astype(np.float32)
        with (
            torch.no_grad(),
            torch.autocast(device_type="cuda", dtype=torch.float16),
            counted_forwards(model.vert_gen.transformer, stages.counter("sampling", _TOKENS[name])),
            counted_forwards(model.face_gen, lambda _: stages.begin("decoding")),
        ):
            made_of = model({"pc_normal": torch.from_numpy(cloud)[None].to(self.device)}, is_eval=True)[0]
        stages.begin("exporting")
        if len(made_of.faces) == 0:
            raise RuntimeError("no triangles came out of it; try another seed")
        result = made_of.copy()
        # It comes back in a cube of its own: laid over the surface that it was read from.
        now_low, now_high = result.bounds
        result.apply_translation(-(now_low + now_high) / 2)
        result.apply_scale(float((high - low).max() / max((now_high - now_low).max(), 1e-9)))
        result.apply_translation(centre)
        return made(outputs_of(result, progress, "fastmesh"), seed, variant=name)
