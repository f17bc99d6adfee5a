import os

import torch
import trimesh


class Network(torch.nn.Module):
    def forward(self, *_):
        return 0


class VertGen:
    def __init__(self):
        self.transformer = Network()


class MeshGen(torch.nn.Module):
    @classmethod
    def from_pretrained(cls, path, llm):
        assert os.path.isfile(f"{path}/config.json") and os.path.isfile(f"{llm}/config.json")
        assert os.path.isdir("models"), "its encoder's settings are looked for from the repository's folder"
        made = cls()
        made.name, made.vert_gen, made.face_gen = path, VertGen(), Network()
        return made

    def forward(self, data_dict, is_eval=True):
        assert data_dict["pc_normal"].shape == (1, 8192, 6) and abs(data_dict["pc_normal"]).max() <= 1.001
        for _ in range(50):
            self.vert_gen.transformer(0)
        self.face_gen(0)
        return [trimesh.creation.box((0.5, 1, 0.5) if "V1K" in self.name else (1, 1, 1))]


MODELS = {"MeshGen": MeshGen}
