"""How long each CPU model is silent: the longest time without a report, on a usual input and on the largest it takes.

python -m bench.silence [--only solid-paint ...]

A model tells where it is and hears that it is cancelled in the same call, so this is also the longest time from a
cancel to the end. A silence is the lesser of the wall clock's time and the process' CPU time, since others use the
machine too; where it was spent is seen by looking at the main thread's stack every few milliseconds meanwhile.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import itertools
import json
import linecache
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from PIL import Image

from aigc.mesh.gltf import write_glb
from aigc.mesh.image import MOST_PIXELS
from aigc.mesh.read import MOST_FACES, read_mesh
from aigc.mesh.types import FloatArray, Mesh
from aigc.runner.classpath import load_class
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from bench.harness import HERE
from bench.quality.sources import MADE, install, path_of
from config.catalogue import load

RESULTS = HERE / "results" / "silence.json"
PACKAGE = str(HERE.parent / "aigc") + os.sep
MOST_SECONDS = 900
MANY_WORDS = "a red chair with a golden dragon and " * 270
PENGUIN = "solid:sample:penguin.png"
USUAL, LARGEST = "usual", "largest"
FACES = {"solid-paint": 300_000, "project-paint": 300_000}
"""Faces that a model takes at most, where these are fewer than can be read."""

NATIVE = {
    ".forward(": "OpenCV, the mask's network",
    "eigsh(": "ARPACK",
    "splu(": "SuperLU",
    "factor.solve(": "SuperLU",
    "atlas.generate(": "xatlas",
    "Manifold(": "manifold3d",
    "solid.simplify(": "manifold3d",
    "one + two": "manifold3d",
    ".save(": "Pillow, a picture",
    "marching_cubes(": "scikit-image, marching cubes",
    "remesh(": "Instant Meshes",
    "fast_simplification.": "fast-simplification",
    "igl.": "libigl",
    "robust_laplacian.": "robust-laplacian",
    "maximum_flow(": "SciPy, maximum flow",
    "dijkstra(": "SciPy, shortest ways",
    "cKDTree(": "SciPy, nearest points",
    ".query(": "SciPy, nearest points",
    "skeletonize(": "scikit-image, thinning",
    "distance_transform_edt(": "SciPy, distances",
    "TriangleMesh(": "Embree",
    "_scene.run(": "Embree",
    "trimesh.load(": "trimesh",
    "Image.open(": "Pillow, a picture",
    "exif_transpose(": "Pillow, a picture",
    ".convert(": "Pillow, a picture",
    ".resize(": "Pillow, a picture",
    "cv2.": "OpenCV",
}
"""Calls of libraries that neither report nor stop, by what a line that makes them holds."""

_BOX = {"mask_type": "bbox", "mask_center": [0.0, 0.7, 0.0], "mask_size": [0.5, 0.4, 2.0]}
CASES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "silhouette-inflate": ("silhouette-inflate", {"image": "sample:penguin.png"}, {}),
    "silhouette-inflate, photograph": ("silhouette-inflate", {"image": "photo:coffee"}, {}),
    "shape-grammar": ("shape-grammar", {"text": "a stone castle with five towers"}, {}),
    "part-flow": ("part-flow", {"text": "a stone castle with five towers"}, {}),
    "solid-paint": ("solid-paint", {"mesh": PENGUIN, "text": "gold, with a red hat"}, {}),
    "project-paint": ("project-paint", {"mesh": PENGUIN, "image": "sample:penguin.png"}, {}),
    "spectral-parts": ("spectral-parts", {"mesh": PENGUIN}, {}),
    "winding-fill": ("winding-fill", {"mesh": PENGUIN}, {}),
    "field-quads": ("field-quads", {"mesh": PENGUIN}, {}),
    "quadric": ("quadric", {"mesh": PENGUIN}, {}),
    "xatlas": ("xatlas", {"mesh": PENGUIN}, {}),
    "heat-rig, FBX": ("heat-rig", {"mesh": PENGUIN}, {}),
    "heat-rig, GLB": ("heat-rig", {"mesh": PENGUIN}, {"output_format": "glb"}),
    "picture-edit": (
        "picture-edit",
        {"mesh": PENGUIN, "source_image": f"front:{PENGUIN}", "target_image": f"edited:ball:{PENGUIN}"},
        {},
    ),
    **{
        f"region-edit, {words}": ("region-edit", {"mesh": PENGUIN, "text": words}, _BOX)
        for words in ("paint it red", "bend it", "hollow it out", "cut it off", "add a cone hat", "smooth it")
    },
}
"""What is run: the model, its usual inputs by the names of `bench.quality`, and its settings."""


class Listener(Recorder):
    """Notes when something was reported, on both clocks, and with what words."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.heard: list[tuple[float, float, str]] = []
        super().__init__(folder, **more)

    def _record(self, body: dict[str, Any], is_new_stage: bool) -> None:
        super()._record(body, is_new_stage)
        self.note(body["message"])

    def note(self, words: str) -> None:
        """Something was heard now."""
        self.heard.append((time.perf_counter(), time.process_time(), words))


@contextmanager
def looking(places: list[tuple[float, str]]) -> Iterator[None]:
    """Append where the main thread is, every few milliseconds, with the time."""
    main, over = threading.main_thread().ident, threading.Event()

    def look() -> None:
        while not over.wait(0.004):
            places.append((time.perf_counter(), _place(sys._current_frames().get(main or 0))))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _place(frame: FrameType | None) -> str:
    """The innermost line of our package, as `mesh/bake.py:106 what it says`."""
    while frame is not None and not frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    if frame is None:
        return "?"
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"{file.removeprefix(PACKAGE)}:{line} {linecache.getline(file, line).strip()[:90]}"


def silences(
    heard: Sequence[tuple[float, float, str]], places: Sequence[tuple[float, str]]
) -> list[tuple[float, str, str]]:
    """The longest first: seconds, where they were mostly spent, and the words before."""
    found = []
    times = np.array([moment for moment, _ in places])
    for (began, cpu, words), (ended, cpu_then, _) in itertools.pairwise(heard):
        low, high = np.searchsorted(times, [began, ended], side="right")
        spent: collections.Counter[str] = collections.Counter()
        before = began
        # A thread waits for native code that keeps the interpreter, and is then told of it once: weighted by time.
        for moment, place in places[low : high + 1]:
            spent[place] += min(moment, ended) - before  # type: ignore[assignment]
            before = moment
        found.append((min(ended - began, cpu_then - cpu), max(spent, key=spent.__getitem__, default=""), words))
    return sorted(found, reverse=True)


def finer(source: str, most: int) -> Path:
    """That mesh with each face cut into four, again and again, as long as it has at most `most` faces."""
    made = MADE / f"finer-{most}-{digest(source)}.glb"
    if not made.is_file():
        mesh = read_mesh(path_of(source))[0]
        while 4 * len(mesh.faces) <= most:
            mesh = _halved(mesh)
        made.write_bytes(write_glb(mesh))
    return made


def digest(source: str) -> str:
    """Letters that stand for a name in the name of a file."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def _halved(mesh: Mesh) -> Mesh:
    """Each edge cut in the middle; texture coordinates and normals go along."""
    sides = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, where = np.unique(sides, axis=0, return_inverse=True)
    middle = (where.reshape(-1, 3) + len(mesh.positions)).astype(np.int32)
    (a, b, c), (d, e, f) = mesh.faces.T, middle.T
    faces = np.concatenate([np.stack(each, axis=1) for each in ((a, d, f), (d, b, e), (f, e, c), (d, e, f))])

    def also(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else np.concatenate([values, values[edges].mean(axis=1)]).astype(np.float32)

    positions, normals = also(mesh.positions), also(mesh.normals)
    assert positions is not None
    if normals is not None:
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return mesh.with_(positions=positions, faces=faces, normals=normals, uv=also(mesh.uv))


def largest(model: str, inputs: dict[str, str]) -> dict[str, str]:
    """The same inputs, as large as they are taken."""
    kind = {name: name.rpartition("_")[2] for name in inputs}
    return {name: _LARGEST[kind[name]](model, source) for name, source in inputs.items()}


def _large_picture(source: str) -> str:
    made = MADE / f"large-{digest(source)}.png"
    if not made.is_file():
        with Image.open(path_of(source)) as picture:
            scale = (MOST_PIXELS / (picture.width * picture.height)) ** 0.5
            size = int(picture.width * scale), int(picture.height * scale)
            picture.resize(size).save(made, compress_level=1)
    return str(made)


_LARGEST: dict[str, Callable[[str, str], str]] = {
    "text": lambda model, source: MANY_WORDS if not model.startswith("region") else source,
    "mesh": lambda model, source: str(finer(source, FACES.get(model, MOST_FACES))),
    "image": lambda model, source: _large_picture(source),
}


def measured(name: str, size: str) -> dict[str, Any]:
    """One run in this process: seconds in all, the three longest silences."""
    model_id, sources, params = CASES[name]
    spec = next(spec for spec in load(None, describe=lambda entry: {}).models if spec.id == model_id)
    install()
    inputs = {key: path_of(source) for key, source in sources.items()}
    if size == LARGEST:
        inputs = largest(model_id, sources)
    model = load_class(spec.class_path)(**spec.init)
    model.load("cpu")
    with tempfile.TemporaryDirectory() as folder:
        listener, places = Listener(Path(folder), model=model_id, output_format=spec.outputs[0]), []
        with looking(places):
            listener.note("start")
            try:
                run_model(model, inputs, dict(params), Path(folder), recorder=listener)
            except InputInvalid as refused:
                return {"refused": refused.message}
            listener.note("end")
    worst = silences(listener.heard, places)
    took = listener.heard[-1][1] - listener.heard[0][1]
    return {"seconds": took, "reports": len(listener.heard), "longest": worst[:8]}


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each case."""
    columns = [
        f"{size} input: {what}" for size in (USUAL, LARGEST) for what in ("s", "own code, s", "one native call, s")
    ]
    rows = [["Model", *columns]]
    for name, sizes in found.items():
        rows.append([name, *(cell for size in (USUAL, LARGEST) for cell in _cells(sizes.get(size, {})))])
    return rows


def _cells(one: dict[str, Any]) -> list[str]:
    if "longest" not in one:
        return [one.get("refused") or one.get("over") or "not measured", "-", "-"]
    native = [(seconds, name) for seconds, where, _ in one["longest"] if (name := _native(where))]
    own = [seconds for seconds, where, _ in one["longest"] if not _native(where)]
    longest, name = native[0] if native else (0.0, "")
    return [f"{one['seconds']:.1f}", f"{own[0]:.2f}" if own else "-", f"{longest:.2f} {name}" if name else "-"]


def _native(where: str) -> str:
    """Whose call it is that a silence was mostly spent in, if it is one that cannot be interrupted."""
    return next((name for words, name in NATIVE.items() if words in where), "")


def main() -> None:
    """Each case in a process of its own; the results go to the file that `bench.report` reads."""
    parser = argparse.ArgumentParser(prog="python -m bench.silence", description=__doc__)
    parser.add_argument("--only", action="append", help="cases whose name begins so")
    parser.add_argument("--size", action="append", choices=(USUAL, LARGEST))
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measured(options.here, options.size[0])))
        return
    for name in CASES:
        if options.only and not name.startswith(tuple(options.only)):
            continue
        for size in options.size or (USUAL, LARGEST):
            command = [sys.executable, "-m", "bench.silence", "--here", name, "--size", size]
            try:
                run = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
                one = json.loads(run.stdout.splitlines()[-1]) if run.returncode == 0 else {"over": run.stderr[-300:]}
            except subprocess.TimeoutExpired:
                one = {"over": f"more than {MOST_SECONDS} s"}
            found = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
            found.setdefault(name, {})[size] = one
            RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
            print(f"{name:32} {size:8} {one.get('seconds', 0):6.1f} s  {one.get('refused') or one.get('over') or ''}")
            for seconds, where, words in one.get("longest", [])[:4]:
                print(f"      {seconds:5.2f}  {where}   after {words!r}", flush=True)


if __name__ == "__main__":
    main()
