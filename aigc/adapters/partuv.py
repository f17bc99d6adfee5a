"""PartUV: charts of low distortion that follow the parts of a mesh (Wang et al., SIGGRAPH Asia 2025).

Written against partuv 0.1.2 and EricWang12/PartUV at e4d5afc. Parts come from PartField; the unwrapping is native code
that neither reports nor stops, and that has been seen to crash on a CPU: it takes its runner with it, and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, found, made, required, seed_everything
from aigc.adapters.meshes import picture_of, read_mesh, stats_of
from aigc.adapters.programs import run_watched
from aigc.adapters.steps import Stages
from aigc.runner.model import InputInvalid, Output, Progress, Result

RECIPE = "partuv"


class PartUv(Family):
    """A mesh with texture coordinates that follow its parts."""

    def load_pipelines(self) -> None:
        """PartField is in memory."""
        self.repository = Path(found(self.weights.parent, "sources/partuv", RECIPE))
        features = required("partuv.preprocess_utils.partfield_official.run_PF", RECIPE)
        path = found(self.weights, "mikaelaangel/partfield-ckpt/model_objaverse.ckpt", RECIPE)
        self.hold("parts", features.PFInferenceModel(checkpoint_path=path, device=self.device))

    def move(self, name: str, pipeline: Any, device: str) -> None:
        """It was loaded to where it stays."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Unwrapping cannot be cancelled but by ending its process."""
        if params["pack_method"] == "uvpackmaster":
            raise InputInvalid("uvpackmaster is a paid add-on that is not here", "ask for pack_method=blender")
        stages = Stages(progress, parts=10, unwrapping=20, packing=10, exporting=1)
        partuv, preprocess = required("partuv", RECIPE), required("partuv.preprocess", RECIPE)
        source = progress.folder / "input.obj"
        read_mesh(inputs["mesh"]).export(str(source))
        stages.begin("parts", "preprocessing", "looking for parts")
        seed_everything(0)
        folder = progress.folder / "charts"
        folder.mkdir()
        mesh, _, tree, _ = preprocess.preprocess(str(source), self.use("parts"), f"{folder}/", save_tree_file=False)
        stages.begin("unwrapping", "texturing", "unwrapping")
        config = str(self.repository / "config" / "config.yaml")
        whole, parts = partuv.pipeline_numpy(
            V=mesh.vertices, F=mesh.faces, tree_dict=tree, configPath=config, threshold=params["distortion_threshold"]
        )
        preprocess.save_results(folder, whole, parts)
        result = folder / "final_components.obj"
        if params["pack_method"] == "blender":
            result = self._packed(folder, params["save_visuals"], stages)
        stages.begin("exporting")
        unwrapped = read_mesh(str(result))
        stats = {**stats_of(unwrapped), "charts": int(whole.num_components), "distortion": float(whole.distortion)}
        outputs = [Output("unwrapped.obj", "model", path=result, stats=stats), picture_of(unwrapped)]
        if params["save_individual_parts"]:
            pieces = sorted((folder / "individual_parts").glob("part_*.obj"))[:40]
            outputs += [Output(piece.name, "part", path=piece) for piece in pieces]
        pictures = sorted(folder.glob("*.png"))[:10] if params["save_visuals"] else []
        outputs += [Output(picture.name, "preview", path=picture) for picture in pictures]
        return made(outputs, None, packer=params["pack_method"])

    def _packed(self, folder: Path, in_colour: bool, stages: Stages) -> Path:
        """The charts side by side in one square, by Blender in a process of its own."""
        count = stages.counter("packing", 1, "texturing", "packing")
        arguments = ["-m", "pack.pack", "--partuv_output_path", str(folder), *(["--save_visuals"] if in_colour else [])]
        run_watched(arguments, folder, lambda: count(0), {"PYTHONPATH": str(self.repository)})
        packed = folder / "final_packed.obj"
        if not packed.is_file():
            raise RuntimeError("packing left no mesh; the log says why")
        return packed
