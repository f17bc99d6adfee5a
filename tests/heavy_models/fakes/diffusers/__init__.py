import os

from holopart.pipelines.pipeline_holopart import Network


class FluxFillPipeline:
    @classmethod
    def from_pretrained(cls, path, torch_dtype=None):
        assert os.path.isdir(path)
        made = cls()
        made.transformer = Network()
        return made

    def to(self, device):
        self.device = device
