"""PartField: a field of features learned from 2D and 3D parts, whose clusters are parts (Liu et al., 2025).

Written against nv-tlabs/PartField at 50d56ce. Its two programs, features and clustering, run as one here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, found, made, required, seed_everything
from aigc.adapters.meshes import outputs_of, parts_of, read_mesh
from aigc.adapters.steps import Stages
from aigc.runner.model import Progress, Result

RECIPE = "partfield"
_POINTS = 100_000  # of the surface, from which the field is made
_PER_FACE = 20  # points whose features are averaged; their demo takes a thousand, PartUV's authors ten
_FACES = 500  # of which features are looked up at once
_CHANNELS = 448


class PartField(Family):
    """A mesh cut into parts by meaning."""

    def load_pipelines(self) -> None:
        """The network is in memory."""
        torch = required("torch", RECIPE)
        trainer = required("partfield.model_trainer_pvcnn_only_demo", RECIPE)
        config = required("partfield.config.defaults", RECIPE)._C.clone()
        config.merge_from_file(str(Path(trainer.__file__).parents[1] / "configs" / "final" / "demo.yaml"))
        model = trainer.Model(config)
        path = found(self.weights, "mikaelaangel/partfield-ckpt/model_objaverse.ckpt", RECIPE)
        # A checkpoint of Lightning holds its settings as objects: what its recipe verified is trusted that far.
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=False)["state_dict"], strict=True)
        self.hold("field", model.eval())

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. Clustering cannot be cancelled: seconds, and a minute beyond 200,000 faces."""
        stages = Stages(progress, preprocessing=1, features=4, clustering=12, exporting=1)
        stages.begin("preprocessing")
        mesh = read_mesh(inputs["mesh"])
        seed_everything(0)
        features = self._features(self.use("field"), mesh, stages)
        stages.begin("clustering", "sampling", "joining faces into parts")
        labels = self._labels(mesh, features, params)
        stages.begin("exporting")
        parts = parts_of(mesh, labels, in_colour=params["export_colored_mesh"])
        return made(outputs_of(parts, progress, "parts"), None, parts=len(parts.geometry))

    def _features(self, model: Any, mesh: Any, stages: Stages) -> Any:
        """(faces, 448): the field, averaged over points of each face."""
        np, torch, trimesh = (required(name, RECIPE) for name in ("numpy", "torch", "trimesh"))
        look_up = required("partfield.model.PVCNN.encoder_pc", RECIPE).sample_triplane_feat
        low, high = mesh.bounds
        unit = trimesh.Trimesh((mesh.vertices - (low + high) / 2) * 1.8 / (high - low).max(), mesh.faces, process=False)
        points, _ = trimesh.sample.sample_surface(unit, _POINTS)
        chance = np.random.default_rng(0)
        found: list[Any] = []
        with torch.no_grad(), torch.autocast("cuda", dtype=torch.float16):
            cloud = torch.tensor(np.asarray(points)[None], dtype=torch.float32, device=self.device)
            planes = model.triplane_transformer(model.pvcnn(cloud, cloud))
            planes = torch.split(planes, [64, planes.shape[2] - 64], dim=2)[1]
            total = len(unit.faces)
            count = stages.counter("features", -(-total // _FACES), "sampling", "looking up features")
            for step, start in enumerate(range(0, total, _FACES)):
                count(step)
                corners = np.asarray(unit.triangles[start : start + _FACES])
                weights = chance.dirichlet((1, 1, 1), (len(corners), _PER_FACE))
                at = torch.tensor((weights @ corners).reshape(1, -1, 3), dtype=torch.float32, device=self.device)
                sampled = look_up(planes, at).reshape(len(corners), _PER_FACE, _CHANNELS)
                found.append(sampled.mean(axis=1).float().cpu().numpy())
        return np.concatenate(found)

    def _labels(self, mesh: Any, features: Any, params: dict[str, Any]) -> Any:
        """(faces,): the part of each face."""
        np, cluster = required("numpy", RECIPE), required("sklearn.cluster", RECIPE)
        features = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
        wanted = min(params["num_parts"], len(features))
        if not params["use_hierarchical"]:
            return cluster.KMeans(n_clusters=wanted, random_state=0).fit_predict(features)
        joining = required("run_part_clustering", RECIPE)
        if params["alg_option"] == 0:
            graph = joining.construct_face_adjacency_matrix_naive(mesh.faces)
        else:
            name = ("facemst", "ccmst")[params["alg_option"] - 1]
            graph = getattr(joining, f"construct_face_adjacency_matrix_{name}")(mesh.faces, mesh.vertices)
        return cluster.AgglomerativeClustering(connectivity=graph, n_clusters=wanted).fit_predict(features)
