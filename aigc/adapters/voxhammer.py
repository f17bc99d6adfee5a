"""VoxHammer: a mesh edited within a region by TRELLIS' latents, and kept outside of it (Li et al., 2025).

Written against Nelipot-Lee/VoxHammer at a1b139c. An edit by text paints the region of one view first (FLUX.1 Fill) and
is an edit by image from there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, empty_cache, found, made, required, seed_everything, standing_in
from aigc.adapters.meshes import outputs_of_file, read_mesh
from aigc.adapters.programs import run_watched
from aigc.adapters.steps import Stages, counted_forwards
from aigc.runner.model import InputInvalid, Progress, Result

RECIPE = "voxhammer"
EDIT, FILL = "edit", "fill"
_TRELLIS, _FLUX = "microsoft/TRELLIS-image-large", "black-forest-labs/FLUX.1-Fill-dev"
_FILL_STEPS = 50
_VIEW = "0002"  # of those that its renderer makes, the one that is painted
_SECONDS = {"rendering": 90, "features": 20, "painting": 30, "structure": 40, "latents": 40, "exporting": 20}


class VoxHammer(Family):
    """A mesh changed in one place as words or pictures say."""

    def load_pipelines(self) -> None:
        """TRELLIS is in memory; the painter comes with the first edit by text."""
        pipelines = required("trellis.pipelines", RECIPE)
        os.environ["U2NET_HOME"] = str(Path(found(self.weights, "u2net/u2net.onnx", RECIPE)).parent)
        found(self.weights, f"{_TRELLIS}/pipeline.json", RECIPE)
        self.hold(EDIT, pipelines.TrellisImageTo3DPipeline.from_pretrained(_TRELLIS))
        self.repository = Path(required("voxhammer", RECIPE).__path__[0]).parent

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Understanding the views and exporting cannot be cancelled (half a minute each)."""
        stages = Stages(progress, **_SECONDS)
        seed = chosen_seed({"seed": 0, **params})
        model, mask = progress.folder / "model.glb", progress.folder / "mask.glb"
        mesh = read_mesh(inputs["mesh"])
        mesh.export(str(model))
        region_of(mesh, inputs, params).export(str(mask))
        views, pictures = progress.folder / "views", progress.folder / "pictures"
        pictures.mkdir()
        seed_everything(seed)
        self._render(model, views, params, stages)
        self._features(mask, views, stages)
        if "text" in inputs:
            self._paint(model, mask, pictures, inputs["text"], seed, stages)
        else:
            if "mask_image" not in inputs:
                what = "the edited place is not marked in the picture"
                raise InputInvalid(what, "give mask_image too: white where the two pictures differ")
            for name, target in (("source_image", "render"), ("target_image", "edit"), ("mask_image", "mask")):
                shutil.copyfile(inputs[name], pictures / f"2d_{target}.png")
        edited = progress.folder / "edited.glb"
        pipeline = self.use(EDIT)
        with standing_in(self.repository), self._counted(pipeline, stages):
            required("voxhammer.edit_pipeline", RECIPE).run_edit(
                pipeline, str(views), str(pictures), str(edited), skip_step=0, re_init=False, cfg=[5.0, 6.0, 0.0, 0.0]
            )
        stages.begin("exporting")
        return made(outputs_of_file(edited), seed)

    def _render(self, model: Path, views: Path, params: dict[str, Any], stages: Stages) -> None:
        """Blender, in a process of its own, which a cancel ends."""
        count = stages.counter("rendering", params["num_views"], "preprocessing", "rendering views")
        script = (
            "import sys; from voxhammer.bpy_render import render_3d_model; "
            "render_3d_model(file_path=sys.argv[1], output_dir=sys.argv[2], num_views=int(sys.argv[3]), "
            "resolution=int(sys.argv[4]))"
        )
        arguments = ["-c", script, str(model), str(views), str(params["num_views"]), str(params["resolution"])]
        run_watched(arguments, views.parent, lambda: count(len(list(views.glob("*.png")))))

    def _features(self, mask: Path, views: Path, stages: Stages) -> None:
        stages.begin("features", "preprocessing", "understanding the views")
        required("voxhammer.extract_feature", RECIPE).extract_features(
            str(views), model="dinov2_vitl14_reg", batch_size=10
        )
        with standing_in(self.repository):  # its grid of voxels lies there
            deletion = required("voxhammer.delete_region_voxel", RECIPE)
            deletion.process_delete_ply(str(mask), str(views), filter_method="volume", voxel_size=1 / 64)

    def _paint(self, model: Path, mask: Path, pictures: Path, prompt: str, seed: int, stages: Stages) -> None:
        """One view, its mask, and the view with the words painted into the mask."""
        folder = pictures.parent / "painting"
        folder.mkdir()
        program = str(self.repository / "utils" / "render_rgb_and_mask.py")
        arguments = [program, "--source_model", str(model), "--mask_model", str(mask), "--output_dir", str(folder)]
        run_watched(arguments, folder, lambda: stages.begin("painting", "preprocessing", "rendering the region"))
        for name, target in (("render", "render"), ("mask", "mask")):
            shutil.copyfile(folder / "images" / f"{name}_{_VIEW}.png", pictures / f"2d_{target}.png")
        if FILL not in self._pipelines:
            self.hold(FILL, self._painter())
        painter = self.use(FILL)
        count = stages.counter("painting", _FILL_STEPS, "preprocessing", "painting the words")
        with counted_forwards(painter.transformer, count):
            required("utils.inpaint", RECIPE).inpaint(
                painter,
                str(pictures / "2d_render.png"),
                str(pictures / "2d_mask.png"),
                str(pictures / "2d_edit.png"),
                prompt,
                num_inference_steps=_FILL_STEPS,
                seed=seed,
            )
        empty_cache()

    def _painter(self) -> Any:
        torch, diffusers = required("torch", RECIPE), required("diffusers", RECIPE)
        path = found(self.weights, _FLUX, RECIPE)
        return diffusers.FluxFillPipeline.from_pretrained(path, torch_dtype=torch.bfloat16)

    @contextmanager
    def _counted(self, pipeline: Any, stages: Stages) -> Iterator[None]:
        """It walks each network back to noise and forth again, by samplers of its own; so passes are counted."""
        steps = pipeline.sparse_structure_sampler_params.get("steps", 25)
        with ExitStack() as stack:
            for name, network in (("structure", "sparse_structure_flow_model"), ("latents", "slat_flow_model")):
                count = stages.counter(name, 4 * steps, "sampling", f"editing the {name}")
                stack.enter_context(counted_forwards(pipeline.models[network], count))
            yield


def region_of(mesh: Any, inputs: dict[str, str], params: dict[str, Any]) -> Any:
    """A mesh around the region that is edited: the file that was given, or the box or ball of the parameters.

    Raises:
        InputInvalid: no region was given.
    """
    if "mask" in inputs:
        return read_mesh(inputs["mask"])
    trimesh = required("trimesh", RECIPE)
    centre, size = params.get("mask_center"), params.get("mask_size")
    if not centre or not size:
        what = "no region was given"
        raise InputInvalid(what, "give mask_center and mask_size, or a mesh around the region as the input mask")
    if params.get("mask_type") == "ellipsoid":
        region = trimesh.creation.icosphere(subdivisions=3)
        region.vertices = region.vertices * size
    else:
        region = trimesh.creation.box(size)
    region.apply_translation(centre)
    return region
