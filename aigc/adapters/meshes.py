"""A mesh from a file, and a result from a mesh, by the trimesh that each heavy environment has (4.0 to 5)."""

from __future__ import annotations

import colorsys
import importlib
from pathlib import Path
from typing import Any

from aigc.adapters.picture import thumbnail
from aigc.runner.model import InputInvalid, Output, Progress


def read_mesh(path: str) -> Any:
    """All triangles of the file as one `trimesh.Trimesh`, in the scene's coordinates.

    Raises:
        InputInvalid: it cannot be read, or has no triangles.
    """
    trimesh = importlib.import_module("trimesh")
    try:
        mesh = trimesh.load(path, force="mesh", process=False)
    except Exception as error:  # noqa: BLE001 - readers of a dozen formats, each with errors of its own
        raise InputInvalid(f"the mesh cannot be read ({error})", "export it again as GLB") from None
    if len(getattr(mesh, "faces", ())) == 0:
        raise InputInvalid("the mesh has no triangles", "send a mesh with a surface, not points or lines")
    return mesh


def outputs_of(mesh: Any, progress: Progress, name: str, form: str = "") -> list[Output]:
    """The mesh as a file in the wanted format, with its statistics, and its thumbnail.

    Args:
        mesh: a `trimesh.Trimesh` or Scene, +Y up.
        name: of the file, without a suffix.
        form: the format; empty: what the request wants.
    """
    form = form or progress.output_format or "glb"
    path = progress.folder / f"{name}.{form}"
    mesh.export(str(path))
    return [Output(path.name, "model", path=path, stats=stats_of(mesh)), picture_of(mesh)]


def outputs_of_file(path: Path) -> list[Output]:
    """The same for a file that a pipeline has written itself."""
    mesh = importlib.import_module("trimesh").load(str(path), process=False)
    return [Output(path.name, "model", path=path, stats=stats_of(mesh)), picture_of(mesh)]


def parts_of(mesh: Any, labels: Any, *, in_colour: bool) -> Any:
    """A scene of the mesh's parts, the largest first; faces with a label below 0 are a part together.

    Args:
        labels: (faces,): the part of each face.
    """
    np = importlib.import_module("numpy")
    labels = np.where(np.asarray(labels) < 0, -1, np.asarray(labels))
    areas = np.asarray(mesh.area_faces)
    order = sorted(np.unique(labels), key=lambda label: -float(areas[labels == label].sum()))
    parts = [mesh.submesh([np.flatnonzero(labels == label)], append=True, repair=False) for label in order]
    return coloured(parts) if in_colour else scene_of(parts)


def coloured(parts: list[Any], names: list[str] | None = None) -> Any:
    """A scene of these parts, each in a colour of its own: hues a golden ratio apart, so that neighbours differ."""
    shown = []
    for number, part in enumerate(parts):
        part = part.copy()
        red, green, blue = colorsys.hsv_to_rgb(number * 0.618034 % 1, 0.55 + 0.15 * (number % 2), 0.9)
        part.visual.face_colors = [int(red * 255), int(green * 255), int(blue * 255), 255]
        shown.append(part)
    return scene_of(shown, names)


def scene_of(parts: list[Any], names: list[str] | None = None) -> Any:
    """A scene of these parts under these names, or `part_00` and so on."""
    scene = importlib.import_module("trimesh").Scene()
    for number, part in enumerate(parts):
        name = names[number] if names else f"part_{number:02}"
        scene.add_geometry(part, node_name=name, geom_name=name)
    return scene


def part_outputs(parts: list[Any], progress: Progress, name: str, most: int = 40) -> list[Output]:
    """Each part as a file of its own, `most` of them at most."""
    outputs = []
    for number, part in enumerate(parts[:most]):
        path = progress.folder / f"{name}_{number:02}.glb"
        part.export(str(path))
        outputs.append(Output(path.name, "part", path=path, stats={"triangles": len(part.faces)}))
    if len(parts) > most:
        progress.warn(f"there are {len(parts)} parts; the first {most} are files of their own")
    return outputs


def stats_of(mesh: Any) -> dict[str, float | int | str | bool]:
    """What a person wants to know of a mesh."""
    parts = _parts(mesh)
    low = [min(float(part.bounds[0][axis]) for part in parts) for axis in range(3)]
    high = [max(float(part.bounds[1][axis]) for part in parts) for axis in range(3)]
    return {
        "triangles": sum(len(part.faces) for part in parts),
        "vertices": sum(len(part.vertices) for part in parts),
        "parts": len(parts),
        "watertight": all(bool(part.is_watertight) for part in parts),
        "bounds": " x ".join(f"{top - bottom:.3g}" for bottom, top in zip(low, high)),
    }


def picture_of(mesh: Any) -> Output:
    """The thumbnail."""
    np = importlib.import_module("numpy")
    parts = _parts(mesh)
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate([np.asarray(part.faces) + start for part, start in zip(parts, starts)])
    colours = [_colours(part) for part in parts]
    whole = None if any(one is None for one in colours) else np.concatenate(colours)
    return Output("thumbnail.png", "thumbnail", data=thumbnail(vertices, faces, whole))


def _parts(mesh: Any) -> list[Any]:
    """Its meshes, each where it stands in the scene."""
    if hasattr(mesh, "faces"):
        return [mesh]
    found = [part for part in mesh.dump(concatenate=False) if len(getattr(part, "faces", ()))]
    if not found:
        raise RuntimeError("the model made a mesh without triangles")
    return found


def _colours(part: Any) -> Any:
    """One colour for each face, or None if the part has none."""
    visual = part.visual
    kind = getattr(visual, "kind", None)
    if kind in ("face", "vertex"):
        return visual.face_colors[:, :3]
    if kind != "texture" or getattr(visual, "uv", None) is None:
        return None
    np = importlib.import_module("numpy")
    image = getattr(visual.material, "baseColorTexture", None) or getattr(visual.material, "image", None)
    if image is None:
        return None
    pixels = np.asarray(image.convert("RGB"))
    uv = np.asarray(visual.uv)[np.asarray(part.faces)].mean(axis=1) % 1.0
    row = ((1 - uv[:, 1]) * (pixels.shape[0] - 1)).astype(int)
    return pixels[row, (uv[:, 0] * (pixels.shape[1] - 1)).astype(int)]
