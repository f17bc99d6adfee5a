"""UniRig: a skeleton written token by token, then weights of the skin (Zhang et al., SIGGRAPH 2025).

Written against VAST-AI-Research/UniRig at ed4acac. It is a set of programs, each of which loads its own checkpoint; so
nothing stays in memory between two runs, and a run takes a minute longer than its sampling.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from aigc.adapters.family import Family, chosen_seed, found, made, required
from aigc.adapters.meshes import picture_of, read_mesh
from aigc.adapters.programs import run_watched, workplace
from aigc.adapters.steps import Stages
from aigc.runner.model import InputInvalid, Output, Progress, Result

RECIPE = "unirig"
_HUB = "VAST-AI/UniRig"
_CHECKPOINTS = ("skeleton/articulation-xl_quantization_256/model.ckpt", "skin/articulation-xl/model.ckpt")
_SKELETON = "configs/task/quick_inference_skeleton_articulationxl_ar_256.yaml"
_SKIN = "configs/task/quick_inference_unirig_skin.yaml"
_FACES = 50_000  # to which the mesh is reduced before it is looked at
_SECONDS = {"extract": 15, "skeleton": 40, "skin": 40, "merge": 15}
"""Guessed: how long each program takes, its loading included."""


class UniRig(Family):
    """A mesh with a skeleton, bound to it or not."""

    def load_pipelines(self) -> None:
        """Everything that the programs will ask for is there."""
        for name in _CHECKPOINTS:
            found(self.weights, f"{_HUB}/{name}", RECIPE)
        required("bpy", RECIPE)
        self.repository = Path(required("src.inference.download", RECIPE).__file__).parents[2]

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """See `Model.run`. What is told of a program's progress is how long it usually takes."""
        form = progress.output_format or "fbx"
        mode = params["rig_mode"]
        if mode == "full" and not params["with_skinning"]:
            mode = "skeleton"
        mesh = read_mesh(inputs["mesh"]) if not inputs["mesh"].lower().endswith(".fbx") else None
        if mode == "skin" and mesh is not None and not inputs["mesh"].lower().endswith((".glb", ".gltf")):
            raise InputInvalid("this file has no skeleton whose skin could be weighed", "ask for rig_mode=full")
        seed = chosen_seed(params)
        steps = _Programs(self, progress, Path(inputs["mesh"]), seed, mode)
        rigged = steps.run(form)
        outputs = [Output(f"rigged.{form}", "model", path=rigged, stats={"rig": mode})]
        if mesh is not None:
            outputs.append(picture_of(mesh))
        return made(outputs, seed)


class _Programs:
    """The programs of one run, in its own folder."""

    def __init__(self, family: UniRig, progress: Progress, mesh: Path, seed: int, mode: str) -> None:
        weights = family.weights / _HUB
        # `experiments` is where checkpoints are looked for when no hub answers, `facebook` its transformer's shape.
        links = {"experiments": weights, "facebook": family.weights / "facebook"}
        self._folder = workplace(progress.folder / "unirig", family.repository, **links)
        self._input = progress.folder / f"input{mesh.suffix.lower()}"
        shutil.copyfile(mesh, self._input)
        self._npz = str(progress.folder / "npz")
        self._seed, self._mode = seed, mode
        done = {"skeleton": ("extract", "skeleton", "merge"), "skin": ("extract", "skin", "merge")}
        self._order = done.get(mode, tuple(_SECONDS))
        self._stages = Stages(progress, **{name: _SECONDS[name] for name in self._order})

    def run(self, form: str) -> Path:
        """The rigged mesh."""
        skeleton, skin = self._folder / "skeleton.fbx", self._folder / "skin.fbx"
        last = skeleton
        for name in self._order:
            if name == "extract":
                self._program(name, "-m", "src.data.extract", *self._extracting())
            elif name == "skeleton":
                self._task(name, _SKELETON, self._input, skeleton)
            elif name == "skin":
                last = skin
                self._task(name, _SKIN, skeleton if self._mode != "skin" else self._input, skin)
        rigged = self._folder.parent / f"rigged.{form}"
        merge = ["--require_suffix=obj,fbx,FBX,dae,glb,gltf,vrm", "--num_runs=1", "--id=0"]
        merge += [f"--source={last}", f"--target={self._input}", f"--output={rigged}"]
        self._program("merge", "-m", "src.inference.merge", *merge)
        if not rigged.is_file():
            raise RuntimeError("no skeleton came out of it; the log says why")
        return rigged

    def _extracting(self) -> list[str]:
        return [
            "--config=configs/data/quick_inference.yaml",
            "--require_suffix=obj,fbx,FBX,dae,glb,gltf,vrm",
            "--force_override=true",
            "--num_runs=1",
            "--id=0",
            "--time=now",
            f"--faces_target_count={_FACES}",
            f"--input={self._input}",
            f"--output_dir={self._npz}",
        ]

    def _task(self, name: str, task: str, source: Path, target: Path) -> None:
        arguments = [f"--task={task}", f"--seed={self._seed % 2**32}", f"--input={source}", f"--output={target}"]
        self._program(name, "run.py", *arguments, f"--npz_dir={self._npz}")

    def _program(self, name: str, *arguments: str) -> None:
        usual = _SECONDS[name]
        count = self._stages.counter(name, usual, "exporting" if name == "merge" else "sampling", name)
        started = time.monotonic()
        run_watched(
            arguments,
            self._folder,
            lambda: count(min(int(time.monotonic() - started), usual - 1)),
            {"HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
