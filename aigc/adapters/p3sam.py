"""P3-SAM: parts of a mesh from point prompts all over it, merged by agreement (Ma et al., 2025).

Written against Tencent-Hunyuan/Hunyuan3D-Part at e96be06.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required, seed_everything
from aigc.adapters.meshes import outputs_of, parts_of, read_mesh
from aigc.adapters.steps import Stages, counted_forwards
from aigc.runner.model import Output, Progress, Result

RECIPE = "p3sam"
_FIXED = {"point_num": 100_000, "prompt_num": 400}
"""What the pinned revision uses whatever it is asked for."""


class P3Sam(Family):
    """A mesh cut into parts."""

    def load_pipelines(self) -> None:
        """The network is on the GPU, where its authors' loader puts it."""
        path = found(self.weights, "tencent/Hunyuan3D-Part/p3sam/p3sam.safetensors", RECIPE)
        hub = required("huggingface_hub", RECIPE)
        asked = hub.hf_hub_download
        # Its backbone is asked for by name, into a folder of the superuser's; it is here already.
        hub.hf_hub_download = lambda repo_id, filename, **_: found(self.weights, f"{repo_id}/{filename}", RECIPE)
        try:
            mask = required("auto_mask", RECIPE).AutoMask(ckpt_path=path)
        finally:
            hub.hf_hub_download = asked
        self.hold("mask", mask)

    def move(self, name: str, pipeline: Any, device: str) -> None:
        """It has one network, which stays."""
        pipeline.model.to(device)

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Merging the masks reports nothing and cannot be cancelled (up to a minute)."""
        np = required("numpy", RECIPE)
        stages = Stages(progress, preprocessing=2, sampling=10, exporting=10)
        stages.begin("preprocessing")
        mesh = read_mesh(inputs["mesh"])
        mask, seed = self.use("mask"), chosen_seed(params)
        for name, fixed in _FIXED.items():
            if params[name] != fixed:
                progress.warn(f"this revision of P3-SAM takes {name}={fixed}, whatever is asked for")
        kept = progress.folder / "steps"
        kept.mkdir()
        seed_everything(seed)
        batches = _FIXED["prompt_num"] // params["prompt_bs"] + 1
        with counted_forwards(mask.model, stages.counter("sampling", batches)):
            _, labels, cleaned = mask.predict_aabb(
                mesh,
                point_num=params["point_num"],
                prompt_num=params["prompt_num"],
                threshold=params["threshold"],
                post_process=params["post_process"],
                save_path=str(kept),
                save_mid_res=params["save_mid_res"],
                show_info=False,
                seed=seed,
                is_parallel=False,
                prompt_bs=params["prompt_bs"],
            )
        stages.begin("exporting")
        parts = parts_of(cleaned, np.asarray(labels), in_colour=True)
        outputs: list[Output] = outputs_of(parts, progress, "parts")
        outputs += [Output(path.name, "part", path=path) for path in _kept(kept)]
        return made(outputs, seed, parts=len(parts.geometry))


def _kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.glb") if path.stat().st_size)
