"""Meshes of a binary FBX file: triangles with normals, texture coordinates, colours and embedded textures of materials.

Where the joints of its skeleton are can be asked beside; animations and cameras are passed over.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from aigc.mesh.fbx_nodes import Node
from aigc.mesh.fbx_parse import parse
from aigc.mesh.gltf_read import too_many_faces
from aigc.mesh.image import MOST_PIXELS
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.runner.model import InputInvalid

T = TypeVar("T")
_DEEPEST = 64
_LIMBS = ("LimbNode", "Limb", "Root")
_ORDERS = ("xyz", "xzy", "yzx", "yxz", "zxy", "zyx")


def read_fbx(data: bytes, most_faces: int) -> list[Mesh]:
    """Every mesh of the file, in metres, +Y up, placed as its models say; one for each material on it.

    Raises:
        InputInvalid: the file is damaged, or too large.
    """
    return _understood(data, lambda nodes: _Reader(nodes, most_faces).meshes())


def fbx_joints(data: bytes) -> list[tuple[str, int, FloatArray]]:
    """The limbs of the file: name, the place in this list of the limb above or -1, and the head, float64 (3,).

    Raises:
        InputInvalid: as `read_fbx`.
    """
    return _understood(data, lambda nodes: _Reader(nodes, 0).joints())


def _understood(data: bytes, read: Callable[[list[Node]], T]) -> T:
    nodes = parse(data)
    try:
        return read(nodes)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, np.linalg.LinAlgError) as problem:
        raise InputInvalid(
            f"the FBX file contradicts itself ({type(problem).__name__}: {problem})", "export it anew, or as GLB"
        ) from None


def _child(node: Node, name: str) -> Node | None:
    return next((child for child in node.children if child.name == name), None)


def _array(node: Node, name: str) -> Any:
    found = _child(node, name)
    return None if found is None or not found.values else found.values[0]


def _table(node: Node) -> dict[str, list[Any]]:
    """The named values of an object."""
    table = _child(node, "Properties70")
    entries = table.children if table else []
    return {str(entry.values[0]): list(entry.values[4:]) for entry in entries if len(entry.values) > 4}


class _Reader:
    def __init__(self, nodes: list[Node], most_faces: int) -> None:
        top = {node.name: node for node in nodes}
        self._objects = {int(node.values[0]): node for node in top["Objects"].children if node.values}
        self._below: dict[int, list[tuple[int, str]]] = {}
        self._above: dict[int, int] = {}
        for link in top["Connections"].children:
            child, parent = int(link.values[1]), int(link.values[2])
            self._below.setdefault(parent, []).append((child, str(link.values[3]) if len(link.values) > 3 else ""))
            if self._kind(child) == "Model" and (parent == 0 or self._kind(parent) == "Model"):
                self._above[child] = parent
        self._faces_left = self._most_faces = most_faces
        self._pixels_left = MOST_PIXELS
        self._materials: dict[int, Material] = {}
        self._world = _world(_table(top["GlobalSettings"]) if "GlobalSettings" in top else {})

    def _kind(self, identity: int) -> str:
        return self._objects[identity].name if identity in self._objects else ""

    def meshes(self) -> list[Mesh]:
        found: list[Mesh] = []
        for identity, node in self._objects.items():
            if node.name == "Model":
                children = [child for child, _ in self._below.get(identity, [])]
                materials = [self._material(child) for child in children if self._kind(child) == "Material"]
                for child in children:
                    if self._kind(child) == "Geometry" and _child(self._objects[child], "PolygonVertexIndex"):
                        name = str(node.values[1]).split("\0", 1)[0][:64] or "mesh"
                        found += self._placed(self._objects[child], identity, materials, name)
        return found

    def joints(self) -> list[tuple[str, int, FloatArray]]:
        limbs = [
            identity
            for identity, node in self._objects.items()
            if node.name == "Model" and len(node.values) > 2 and str(node.values[2]) in _LIMBS
        ]
        found: list[tuple[str, int, FloatArray]] = []
        for identity in limbs:
            head = (self._world @ self._place(identity))[:3, 3]
            if not np.isfinite(head).all():
                raise ValueError("a joint's place is no number")
            above = self._above.get(identity, 0)
            while above and above not in limbs:
                above = self._above.get(above, 0)
            name = str(self._objects[identity].values[1]).split("\0", 1)[0]
            found.append((name, limbs.index(above) if above else -1, np.asarray(head)))
        return found

    def _placed(self, geometry: Node, model: int, materials: list[Material], name: str) -> list[Mesh]:
        points = np.asarray(_array(geometry, "Vertices"), np.float64).reshape(-1, 3)
        corners, polygon = _triangles(np.asarray(_array(geometry, "PolygonVertexIndex"), np.int64))
        self._faces_left -= len(corners)
        if self._faces_left < 0:
            raise too_many_faces(self._most_faces)
        flat = corners.reshape(-1)
        order = np.asarray(_array(geometry, "PolygonVertexIndex"), np.int64)
        vertex = np.where(order < 0, ~order, order)[flat]
        if len(vertex) and (vertex.min() < 0 or vertex.max() >= len(points)):
            raise ValueError("a polygon names a vertex that is not there")
        place = self._world @ self._place(model) @ _geometric(_table(self._objects[model]))
        rows = [points[vertex] @ place[:3, :3].T + place[:3, 3]]
        normals = _layer(geometry, "Normal", "Normals", "NormalsIndex", 3, flat, vertex)
        uv = _layer(geometry, "UV", "UV", "UVIndex", 2, flat, vertex)
        if normals is not None:
            normals = normals @ np.linalg.pinv(place[:3, :3])
            rows.append(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))
        if uv is not None:
            rows.append(np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1))
        table = np.concatenate(rows, axis=1).astype(np.float32)
        used = _material_of(geometry, polygon, len(materials))
        mirrored = bool(np.linalg.det(place[:3, :3]) < 0)
        meshes = []
        for number in np.unique(used).tolist():
            mine = table.reshape(-1, 3, table.shape[1])[used == number]
            unique, faces = np.unique(mine.reshape(-1, table.shape[1]), axis=0, return_inverse=True)
            faces = faces.reshape(-1, 3).astype(np.int32)
            meshes.append(
                Mesh(
                    np.ascontiguousarray(unique[:, :3]),
                    np.ascontiguousarray(faces[:, ::-1] if mirrored else faces),
                    normals=None if normals is None else np.ascontiguousarray(unique[:, 3:6]),
                    uv=None if uv is None else np.ascontiguousarray(unique[:, -2:]),
                    material=materials[number] if number < len(materials) else Material(),
                    name=name,
                )
            )
        return meshes

    def _place(self, model: int) -> FloatArray:
        """float64 (4, 4): a model's place in the file's world."""
        place: FloatArray = np.eye(4)
        for _ in range(_DEEPEST):
            if model not in self._objects:
                return place
            place = _local(_table(self._objects[model])) @ place
            model = self._above.get(model, 0)
        raise ValueError("a model is its own ancestor or lies too deep")

    def _material(self, identity: int) -> Material:
        if identity not in self._materials:
            node = self._objects[identity]
            color = [float(x) for x in _table(node).get("DiffuseColor", (1.0, 1.0, 1.0))[:3]]
            texture = next(
                (child for child, through in self._below.get(identity, []) if through == "DiffuseColor"), None
            )
            picture = None if texture is None else self._picture(texture)
            # A texture takes the colour's place in this format.
            red, green, blue = (1.0, 1.0, 1.0) if picture is not None else np.clip(color, 0, 1).tolist()
            name = str(node.values[1]).split("\0", 1)[0][:64] or "surface"
            self._materials[identity] = Material(name, (red, green, blue, 1.0), base_color_texture=picture)
        return self._materials[identity]

    def _picture(self, texture: int) -> BytePixels | None:
        for video, _ in self._below.get(texture, []):
            content = _array(self._objects[video], "Content") if self._kind(video) == "Video" else None
            if isinstance(content, bytes) and content:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as picture:
                            self._pixels_left -= picture.width * picture.height
                            if self._pixels_left < 0:
                                raise InputInvalid("the textures have too many pixels", "make them smaller")
                            return np.asarray(picture.convert("RGB"), np.uint8)
                    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as problem:
                        raise InputInvalid(f"a texture cannot be decoded: {problem}", "export it anew") from None
        return None


def _triangles(order: IntArray) -> tuple[IntArray, IntArray]:
    """(m, 3) places in `order` of each triangle's corners, and the polygon of each; polygons are cut as fans."""
    ends = np.flatnonzero(order < 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    fans = np.maximum(ends - starts - 1, 0)
    polygon = np.repeat(np.arange(len(ends)), fans)
    step = np.arange(len(polygon)) - np.repeat(np.cumsum(fans) - fans, fans)
    first = starts[polygon]
    return np.stack([first, first + step + 1, first + step + 2], axis=1), polygon


def _layer(
    geometry: Node, kind: str, values: str, index: str, width: int, flat: IntArray, vertex: IntArray
) -> FloatArray | None:
    """float64 (corners, width): a layer's value at each corner."""
    layer = _child(geometry, f"LayerElement{kind}")
    if layer is None or _array(layer, values) is None:
        return None
    table = np.asarray(_array(layer, values), np.float64).reshape(-1, width)
    mapping = str(_array(layer, "MappingInformationType"))
    if mapping == "ByPolygonVertex":
        where = flat
    elif mapping in ("ByVertex", "ByVertice"):
        where = vertex
    else:
        return None
    if str(_array(layer, "ReferenceInformationType")) != "Direct" and _array(layer, index) is not None:
        where = np.asarray(_array(layer, index), np.int64)[where]
    if len(where) and (where.min() < 0 or where.max() >= len(table)):
        return None
    return table[where]


def _material_of(geometry: Node, polygon: IntArray, count: int) -> IntArray:
    """The number of the material of each triangle."""
    layer = _child(geometry, "LayerElementMaterial")
    values = None if layer is None else _array(layer, "Materials")
    if layer is None or values is None or count < 2 or len(values) == 0:
        return np.zeros(len(polygon), np.int64)
    values = np.asarray(values, np.int64).clip(0, count - 1)
    if str(_array(layer, "MappingInformationType")) == "ByPolygon" and len(polygon) and polygon.max() < len(values):
        return np.asarray(values[polygon])
    return np.full(len(polygon), values[0])


def _world(settings: dict[str, list[Any]]) -> FloatArray:
    """float64 (4, 4): from the file's axes and unit into metres, +Y up and +Z ahead."""

    def axis(name: str, usual: int) -> FloatArray:
        direction = np.zeros(3)
        direction[int(settings.get(name, [usual])[0])] = float(settings.get(f"{name}Sign", [1])[0])
        return direction

    world = np.eye(4)
    turn = np.stack([axis("CoordAxis", 0), axis("UpAxis", 1), axis("FrontAxis", 2)])
    world[:3, :3] = turn * float(settings.get("UnitScaleFactor", [1.0])[0]) / 100
    return world


def _local(table: dict[str, list[Any]]) -> FloatArray:
    """float64 (4, 4): a model's place under its parent, with all the pivots of the format."""

    def move(name: str, sign: float = 1.0) -> FloatArray:
        place = np.eye(4)
        place[:3, 3] = sign * np.array([float(x) for x in table.get(name, (0, 0, 0))[:3]])
        return place

    def turn(name: str, order: str = "xyz") -> FloatArray:
        return _turn([float(x) for x in table.get(name, (0, 0, 0))[:3]], order)

    order = int(table.get("RotationOrder", [0])[0])
    scale = np.diag([*(float(x) for x in table.get("Lcl Scaling", (1, 1, 1))[:3]), 1.0])
    turned = turn("PreRotation") @ turn("Lcl Rotation", _ORDERS[order] if 0 <= order < 6 else "xyz")
    turned = turned @ turn("PostRotation").T
    about = move("RotationOffset") @ move("RotationPivot") @ turned @ move("RotationPivot", -1)
    sized = move("ScalingOffset") @ move("ScalingPivot") @ scale @ move("ScalingPivot", -1)
    return np.asarray(move("Lcl Translation") @ about @ sized)


def _geometric(table: dict[str, list[Any]]) -> FloatArray:
    """float64 (4, 4): what a model does to its geometry alone."""
    place = _turn([float(x) for x in table.get("GeometricRotation", (0, 0, 0))[:3]], "xyz")
    place = place @ np.diag([*(float(x) for x in table.get("GeometricScaling", (1, 1, 1))[:3]), 1.0])
    place[:3, 3] = [float(x) for x in table.get("GeometricTranslation", (0, 0, 0))[:3]]
    return np.asarray(place)


def _turn(degrees: list[float], order: str) -> FloatArray:
    """float64 (4, 4): turns about the axes, done in this order."""
    total: FloatArray = np.eye(4)
    for axis in order:
        number = "xyz".index(axis)
        one, two = (number + 1) % 3, (number + 2) % 3
        angle = np.radians(degrees[number])
        step = np.eye(4)
        step[one, one] = step[two, two] = np.cos(angle)
        step[one, two], step[two, one] = -np.sin(angle), np.sin(angle)
        total = step @ total
    return total
