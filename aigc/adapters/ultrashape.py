"""UltraShape: a coarse mesh of Hunyuan3D 2.1 refined on its own voxels (Jia et al., 2025).

Written against PKU-YuanGroup/UltraShape-1.0 at 406ba76. Both samplers live in one process and take turns on the GPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.adapters.family import chosen_seed, found, made, required
from aigc.adapters.hunyuan3d import SHAPE, Hunyuan3D21
from aigc.adapters.meshes import outputs_of
from aigc.adapters.picture import read_picture
from aigc.adapters.steps import Stages, counted_forwards
from aigc.runner.model import Progress, Result

_REFINE = "refine"
_SURFACE_POINTS = 204_800  # evenly, and as many along sharp edges


class UltraShape(Hunyuan3D21):
    """A mesh in fine detail, without a texture, from a picture."""

    recipe = "ultrashape"

    def load_pipelines(self) -> None:
        """Both samplers are in memory."""
        self.hold(_REFINE, self._refiner())
        self.hold(SHAPE, self._shape_pipeline(use_safetensors=False))

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Decoding the fine field is told in one step (up to a minute at 2048 cells)."""
        torch = required("torch", self.recipe)
        stages = Stages(progress, preprocessing=1, sampling=15, decoding=8, voxels=2, refining=40, exporting=30)
        seed = chosen_seed(params)
        coarse = progress.folder / "coarse.glb"
        self.shape(inputs["image"], stages, seed, {}).export(str(coarse))
        stages.begin("voxels", "preprocessing", "reading the coarse surface")
        pipeline = self.use(_REFINE)
        loader = required("ultrashape.surface_loaders", self.recipe).SharpEdgeSurfaceLoader(
            num_sharp_points=_SURFACE_POINTS, num_uniform_points=_SURFACE_POINTS
        )
        surface = loader(str(coarse), normalize_scale=params["scale"]).to(self.device, dtype=torch.float16)
        voxelize = required("ultrashape.utils", self.recipe).voxelize_from_point
        _, voxels = voxelize(surface[:, :, :3], params["num_latents"], resolution=self._voxel_cells)
        pipeline.vae.latent_shape = (params["num_latents"], pipeline.vae.latent_shape[1])
        steps = params["num_inference_steps"]
        with (
            torch.autocast(device_type="cuda", dtype=torch.bfloat16),
            counted_forwards(pipeline.model, stages.counter("refining", steps, "sampling", "refining")),
        ):
            meshes, _ = pipeline(
                image=self.cut_out(read_picture(inputs["image"])),
                voxel_cond=voxels,
                generator=torch.Generator(self.device).manual_seed(seed),
                box_v=1.0,
                mc_level=0.0,
                octree_resolution=params["octree_res"],
                num_inference_steps=steps,
                num_chunks=params["chunk_size"],
                enable_pbar=False,
            )
        stages.begin("exporting")
        return made(outputs_of(meshes[0], progress, "ultrashape"), seed)

    def _refiner(self) -> Any:
        torch, omegaconf = required("torch", self.recipe), required("omegaconf", self.recipe)
        pipelines = required("ultrashape.pipelines", self.recipe)
        build = required("ultrashape.utils.misc", self.recipe).instantiate_from_config
        root = Path(pipelines.__file__).parents[1]
        config = omegaconf.OmegaConf.load(str(root / "configs" / "infer_dit_refine.yaml")).model.params
        self._voxel_cells = config.vae_config.params.voxel_query_res
        vae, model, conditioner = (build(config[name]) for name in ("vae_config", "dit_cfg", "conditioner_config"))
        # Its authors load it without `weights_only`; it holds tensors alone.
        path = found(self.weights, "infinith/UltraShape/ultrashape_v1.pt", self.recipe)
        weights = torch.load(path, map_location="cpu", weights_only=True)
        for network, name in ((vae, "vae"), (model, "dit"), (conditioner, "conditioner")):
            network.load_state_dict(weights[name], strict=True)
            network.eval()
        vae.enable_flashvdm_decoder()
        return pipelines.UltraShapePipeline(
            vae=vae,
            model=model,
            scheduler=build(config.scheduler_cfg),
            conditioner=conditioner,
            image_processor=build(config.image_processor_cfg),
            device="cpu",
        )
