"""PartPacker: two volumes of parts that do not touch, packed into one sampling (Tang et al., 2025).

Written against NVlabs/PartPacker at 178d6c9.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required, seed_everything
from aigc.adapters.meshes import coloured, outputs_of, part_outputs
from aigc.adapters.picture import on_white, read_picture, without_background
from aigc.adapters.steps import Stages, counted_calls, counted_forwards
from aigc.runner.model import Output, Progress, Result

RECIPE = "partpacker"
_HUB = "nvidia/PartPacker"
_CONFIG = "flow.configs.big_parts_strict_pvae"
_EDGE = 518
_LEAST_FACES = 11  # smaller pieces are crumbs of the marching cubes
_CHUNK = 8192  # points of the field that are decoded at once


class PartPacker(Family):
    """A mesh in parts from a picture."""

    def load_pipelines(self) -> None:
        """The network is in memory, in bfloat16."""
        torch = required("torch", RECIPE)
        os.environ["U2NET_HOME"] = str(Path(found(self.weights, "u2net/u2net.onnx", RECIPE)).parent)
        weights = torch.load(found(self.weights, f"{_HUB}/flow.pt", RECIPE), weights_only=True, map_location="cpu")
        config = required(_CONFIG, RECIPE).make_config()
        config.vae_ckpt_path = found(self.weights, f"{_HUB}/vae.pt", RECIPE)
        model = required("flow.model", RECIPE).Model(config).eval().bfloat16()
        model.load_state_dict(weights.get("model", weights), strict=True)
        self.hold("flow", model)

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`."""
        np, torch, trimesh = (required(name, RECIPE) for name in ("numpy", "torch", "trimesh"))
        stages = Stages(progress, preprocessing=1, sampling=15, first=6, second=6, exporting=2)
        stages.begin("preprocessing")
        seed = chosen_seed(params)
        model = self.use("flow")
        picture = on_white(without_background(read_picture(inputs["image"]), self.weights, RECIPE), _EDGE)
        pixels = torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255).permute(2, 0, 1).contiguous()
        seed_everything(seed)
        with torch.inference_mode():
            with counted_forwards(model.dit, stages.counter("sampling", params["num_steps"])):
                latent = model(
                    {"cond_images": pixels.unsqueeze(0).float().to(self.device)},
                    num_steps=params["num_steps"],
                    cfg_scale=params["cfg_scale"],
                    verbose=False,
                )["latent"]
            half = model.config.latent_size
            volumes = [
                self._decoded(model.vae, part, name, params["grid_resolution"], stages)
                for part, name in ((latent[:, :half, :], "first"), (latent[:, half:, :], "second"))
            ]
        stages.begin("exporting")
        clean = required("vae.utils", RECIPE).postprocess_mesh
        turned = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.float32).T  # its +Z is up
        whole = [
            clean(trimesh.Trimesh(np.asarray(vertices) @ turned, faces), params["num_faces"] // 2)
            for vertices, faces in volumes
        ]
        parts = [
            part for mesh in whole for part in mesh.split(only_watertight=False) if len(part.faces) >= _LEAST_FACES
        ]
        if not parts:
            raise RuntimeError("the sampled fields have no surface; try another seed")
        outputs: list[Output] = outputs_of(coloured(parts), progress, "partpacker")
        if params["return_parts"]:
            outputs += part_outputs(parts, progress, "part")
        if params["return_volumes"]:
            outputs += part_outputs(whole, progress, "volume")
        return made(outputs, seed, parts=len(parts))

    def _decoded(self, vae: Any, latent: Any, name: str, resolution: int, stages: Stages) -> tuple[Any, Any]:
        """Vertices and faces of one volume. Finer cells are looked at where the coarser ones change sign: about that
        many chunks, which only the evenness of the bar depends on."""
        chunks = (resolution // 4 + 1) ** 3 // _CHUNK + 3 * (resolution // 2) ** 2 // _CHUNK + 1
        with counted_calls(vae, "query", stages.counter(name, chunks, "decoding")):
            vertices, faces = vae({"latent": latent}, resolution=resolution)["meshes"][0]
        return vertices, faces
