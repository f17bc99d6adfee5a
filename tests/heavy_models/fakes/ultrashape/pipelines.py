import trimesh
from hy3dshape.pipelines import Network, Vae


class UltraShapePipeline:
    def __init__(self, vae, model, scheduler, conditioner, image_processor, device="cuda"):
        self.vae, self.model = vae, model

    def to(self, device):
        self.device = device

    def __call__(self, image=None, voxel_cond=None, num_inference_steps=50, generator=None, box_v=1.01,
                 octree_resolution=384, mc_level=0.0, num_chunks=8000, enable_pbar=True):  # fmt: skip
        assert voxel_cond == self.vae.latent_shape[0] == 16384
        for _ in range(num_inference_steps):
            self.model(0)
        return [trimesh.creation.icosphere(subdivisions=2)], 0


class Loaded(Network):
    def load_state_dict(self, state, strict=True):
        assert strict and state == 1


class Refiner(Vae, Loaded):
    latent_shape = (32768, 64)

    def __init__(self):
        Loaded.__init__(self)

    def enable_flashvdm_decoder(self):
        pass
