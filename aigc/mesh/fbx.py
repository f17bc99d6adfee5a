"""An FBX writer for what animators exchange: meshes with UVs and textures, a skeleton, skin clusters and a bind pose.

Lengths are in centimetres, as the programs that read FBX expect them, so that nothing arrives a hundred times too large
or with a scale on its nodes. Each bone's own Y axis points along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc.mesh.fbx_nodes import CREATED, FILE_ID, VERSION, Id, Node, encode
from aigc.mesh.gltf import encode_picture
from aigc.mesh.normals import smooth_normals
from aigc.mesh.skeleton import Skeleton, Skin
from aigc.mesh.topology import same_points
from aigc.mesh.types import FloatArray, IntArray, Material, Mesh

_CENTIMETRES = 100.0
_SCENE = Id(0)


def write_fbx(
    meshes: Mesh | Sequence[Mesh], skeleton: Skeleton | None = None, skins: Sequence[Skin] | None = None
) -> bytes:
    """The meshes, with their textures within, as one binary FBX 7.4 file.

    Vertices that differ in texture coordinates or normals only are one again.

    Args:
        skins: one for each mesh, if the skeleton is to move them.
    Raises:
        ValueError: there is no mesh, one has no face, or there are skins without a skeleton or for other meshes.
    """
    meshes = [meshes] if isinstance(meshes, Mesh) else list(meshes)
    if not meshes or any(len(mesh.faces) == 0 for mesh in meshes):
        raise ValueError("an FBX file needs at least one mesh, and each mesh at least one face")
    if skins is not None and (skeleton is None or [len(s.joints) for s in skins] != [len(m.positions) for m in meshes]):
        raise ValueError("skins need a skeleton, and a row for each vertex of each mesh")
    scene = _Scene()
    bones = scene.add_bones(skeleton) if skeleton is not None else []
    for number, mesh in enumerate(meshes):
        scene.add_mesh(mesh, None if skins is None else skins[number], bones)
    return scene.to_bytes()


class _Bone:
    """A joint that is in the file: its object, and its place at rest, float64 (4, 4), in centimetres."""

    def __init__(self, identity: Id, name: str, place: FloatArray) -> None:
        self.id, self.name, self.place = identity, name, place


class _Scene:
    """Objects and their connections while they grow."""

    def __init__(self) -> None:
        self._objects = Node("Objects")
        self._connections = Node("Connections")
        self._counts: dict[str, int] = {}
        self._poses: list[tuple[Id, FloatArray]] = []
        self._next = 1_000_000

    def _add(self, kind: str, name: str, label: str, sort: str) -> tuple[Id, Node]:
        identity = Id(self._next)
        self._next += 1
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return identity, self._objects.add(kind, identity, f"{name}\0\1{label}", sort)

    def _connect(self, child: Id, parent: Id, through: str = "") -> None:
        self._connections.add("C", *(("OP", child, parent, through) if through else ("OO", child, parent)))

    def add_bones(self, skeleton: Skeleton) -> list[_Bone]:
        """The joints as limbs."""
        turns = _bone_axes(skeleton)
        bones: list[_Bone] = []
        for index, joint in enumerate(skeleton.joints):
            place = np.eye(4)
            place[:3, :3], place[:3, 3] = turns[index], np.array(joint.head) * _CENTIMETRES
            above = bones[joint.parent] if joint.parent >= 0 else None
            local = np.linalg.inv(above.place) @ place if above else place
            identity, node = self._add("Model", joint.name, "Model", "LimbNode")
            _model(node, local[:3, 3], _euler(local[:3, :3]))
            attribute, limb = self._add("NodeAttribute", joint.name, "NodeAttribute", "LimbNode")
            length = float(np.linalg.norm(np.array(joint.tail) - np.array(joint.head)))
            _properties(limb, ("Size", "double", "Number", "", length * _CENTIMETRES))
            limb.add("TypeFlags", "Skeleton")
            self._connect(attribute, identity)
            self._connect(identity, above.id if above else _SCENE)
            self._poses.append((identity, place))
            bones.append(_Bone(identity, joint.name, place))
        return bones

    def add_mesh(self, mesh: Mesh, skin: Skin | None, bones: list[_Bone]) -> None:
        """One more model with its geometry and material, held by the bones."""
        first, corner = same_points(mesh.positions)
        geometry, node = self._add("Geometry", mesh.name, "Geometry", "Mesh")
        _geometry(node, mesh, first, corner)
        model, body = self._add("Model", mesh.name, "Model", "Mesh")
        _model(body, np.zeros(3), np.zeros(3))
        self._connect(geometry, model)
        self._connect(model, _SCENE)
        self._poses.append((model, np.eye(4)))
        self._connect(self._add_material(mesh.material, mesh.uv is not None), model)
        if skin is not None:
            self._add_skin(geometry, mesh.name, Skin(skin.joints[first], skin.weights[first]), bones)

    def _add_material(self, material: Material, textured: bool) -> Id:
        identity, node = self._add("Material", material.name, "Material", "")
        node.add("Version", 102)
        node.add("ShadingModel", "phong")
        node.add("MultiLayer", 0)
        red, green, blue, alpha = (float(value) for value in material.base_color)
        _properties(
            node,
            ("DiffuseColor", "Color", "", "A", red, green, blue),
            ("DiffuseFactor", "Number", "", "A", 1.0),
            ("SpecularFactor", "Number", "", "A", 0.2 * (1 - float(material.roughness))),
            ("Shininess", "Number", "", "A", 100.0 * (1 - float(material.roughness)) ** 2),
            ("ReflectionFactor", "Number", "", "A", float(material.metallic)),
            ("Opacity", "double", "Number", "", alpha),
        )
        if textured and material.base_color_texture is not None:
            data, mime = encode_picture(material.base_color_texture, material.jpeg)
            file = f"{material.name}.{'jpg' if mime == 'image/jpeg' else 'png'}"
            self._connect(self._add_texture(material.name, file, data), identity, "DiffuseColor")
        return identity

    def _add_texture(self, name: str, file: str, data: bytes) -> Id:
        video, clip = self._add("Video", name, "Video", "Clip")
        clip.add("Type", "Clip")
        _properties(clip, ("Path", "KString", "XRefUrl", "", file))
        clip.add("UseMipMap", 0)
        clip.add("Filename", file)
        clip.add("RelativeFilename", file)
        clip.add("Content", data)
        identity, texture = self._add("Texture", name, "Texture", "")
        texture.add("Type", "TextureVideoClip")
        texture.add("Version", 202)
        texture.add("TextureName", f"{name}\0\1Texture")
        texture.add("Media", f"{name}\0\1Video")
        texture.add("FileName", file)
        texture.add("RelativeFilename", file)
        texture.add("ModelUVTranslation", 0.0, 0.0)
        texture.add("ModelUVScaling", 1.0, 1.0)
        _properties(texture, ("UVSet", "KString", "", "", "UVMap"), ("UseMaterial", "bool", "", "", 1))
        self._connect(video, identity)
        return identity

    def _add_skin(self, geometry: Id, name: str, skin: Skin, bones: list[_Bone]) -> None:
        identity, node = self._add("Deformer", name, "Deformer", "Skin")
        node.add("Version", 101)
        node.add("Link_DeformAcuracy", 50.0)
        self._connect(identity, geometry)
        for index, bone in enumerate(bones):
            row, place = np.nonzero((skin.joints == index) & (skin.weights > 0))
            if not len(row):
                continue
            cluster, node = self._add("Deformer", bone.name, "SubDeformer", "Cluster")
            node.add("Version", 100)
            node.add("UserData", "", "")
            node.add("Indexes", row.astype(np.int32))
            node.add("Weights", skin.weights[row, place].astype(np.float64))
            # The mesh in the bone's space, and the bone in the world's, at the time of binding.
            node.add("Transform", _matrix(np.linalg.inv(bone.place)))
            node.add("TransformLink", _matrix(bone.place))
            self._connect(cluster, identity)
            self._connect(bone.id, cluster)

    def _add_bind_pose(self) -> None:
        _, node = self._add("Pose", "BindPose", "Pose", "BindPose")
        node.add("Type", "BindPose")
        node.add("Version", 100)
        node.add("NbPoseNodes", len(self._poses))
        for identity, place in self._poses:
            pose = node.add("PoseNode")
            pose.add("Node", identity)
            pose.add("Matrix", _matrix(place))

    def to_bytes(self) -> bytes:
        """The file."""
        self._add_bind_pose()
        definitions = Node("Definitions")
        definitions.add("Version", 100)
        definitions.add("Count", sum(self._counts.values()) + 1)
        for kind, count in {"GlobalSettings": 1, **self._counts}.items():
            definitions.add("ObjectType", kind).add("Count", count)
        return encode([*_preface(), definitions, self._objects, self._connections, Node("Takes", (), [_no_take()])])


def _preface() -> list[Node]:
    """What stands before the objects: who made the file, units, axes."""
    header = Node("FBXHeaderExtension")
    header.add("FBXHeaderVersion", 1003)
    header.add("FBXVersion", VERSION)
    header.add("EncryptionType", 0)
    header.add("Creator", "aigc")
    settings = Node("GlobalSettings")
    settings.add("Version", 1000)
    axes = {"UpAxis": 1, "FrontAxis": 2, "CoordAxis": 0, "OriginalUpAxis": 1}
    _properties(
        settings,
        *((name, "int", "Integer", "", axis) for name, axis in axes.items()),
        *((f"{name}Sign", "int", "Integer", "", 1) for name in axes),
        ("UnitScaleFactor", "double", "Number", "", 1.0),
        ("OriginalUnitScaleFactor", "double", "Number", "", 1.0),
    )
    documents = Node("Documents")
    documents.add("Count", 1)
    documents.add("Document", Id(999_999), "Scene", "Scene").add("RootNode", _SCENE)
    return [
        header,
        Node("FileId", [FILE_ID]),
        Node("CreationTime", [CREATED]),
        Node("Creator", ["aigc"]),
        settings,
        documents,
        Node("References"),
    ]


def _no_take() -> Node:
    return Node("Current", [""])


def _properties(node: Node, *entries: tuple[Any, ...]) -> None:
    """A table of named and typed values."""
    table = node.add("Properties70")
    for entry in entries:
        table.add("P", *entry)


def _model(node: Node, translation: FloatArray, degrees: FloatArray) -> None:
    node.add("Version", 232)
    _properties(
        node,
        ("InheritType", "enum", "", "", 1),
        ("Lcl Translation", "Lcl Translation", "", "A", *(float(value) for value in translation)),
        ("Lcl Rotation", "Lcl Rotation", "", "A", *(float(value) for value in degrees)),
        ("Lcl Scaling", "Lcl Scaling", "", "A", 1.0, 1.0, 1.0),
    )
    node.add("Shading", True)
    node.add("Culling", "CullingOff")


def _geometry(node: Node, mesh: Mesh, first: IntArray, corner: IntArray) -> None:
    """Points, triangles, and beside each of their corners its normal, texture coordinates and colour."""
    node.add("GeometryVersion", 124)
    node.add("Vertices", (mesh.positions[first].astype(np.float64) * _CENTIMETRES).reshape(-1))
    polygons = corner[mesh.faces].astype(np.int32)
    # The last corner of a polygon is marked by its complement.
    polygons[:, 2] = ~polygons[:, 2]
    node.add("PolygonVertexIndex", polygons.reshape(-1))
    flat = mesh.faces.reshape(-1)
    normals = mesh.normals if mesh.normals is not None else smooth_normals(mesh.positions, mesh.faces)
    layers = ["Normal", "Material"]
    _layer(node, "Normal", "Normals", normals[flat].astype(np.float64))
    if mesh.uv is not None:
        layers.append("UV")
        # FBX counts v from the bottom.
        uv = np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], axis=1).astype(np.float64)
        _layer(node, "UV", "UV", uv, flat.astype(np.int32))
    if mesh.colors is not None:
        layers.append("Color")
        _layer(node, "Color", "Colors", mesh.colors.astype(np.float64) / 255, flat.astype(np.int32))
    material = node.add("LayerElementMaterial", 0)
    for name, value in (("Version", 101), ("Name", ""), ("MappingInformationType", "AllSame")):
        material.add(name, value)
    material.add("ReferenceInformationType", "IndexToDirect")
    material.add("Materials", np.zeros(1, np.int32))
    layer = node.add("Layer", 0)
    layer.add("Version", 100)
    for name in layers:
        element = layer.add("LayerElement")
        element.add("Type", f"LayerElement{name}")
        element.add("TypedIndex", 0)


def _layer(node: Node, kind: str, values: str, table: FloatArray, index: IntArray | None = None) -> None:
    element = node.add(f"LayerElement{kind}", 0)
    element.add("Version", 101)
    element.add("Name", "UVMap" if kind == "UV" else "")
    element.add("MappingInformationType", "ByPolygonVertex")
    element.add("ReferenceInformationType", "Direct" if index is None else "IndexToDirect")
    element.add(values, table.reshape(-1))
    if index is not None:
        element.add("UVIndex" if kind == "UV" else "ColorIndex", index)


def _bone_axes(skeleton: Skeleton) -> FloatArray:
    """float64 (j, 3, 3): the axes of each bone as columns; Y along it, Z as near to the front as can be."""
    span = skeleton.tails - skeleton.heads
    length = np.linalg.norm(span, axis=1, keepdims=True)
    along = np.where(length > 1e-9, span / np.maximum(length, 1e-9), [0.0, 1.0, 0.0])
    # A bone that itself points to the front has its Z upwards.
    ahead = np.where(np.abs(along[:, 2:]) < 0.9, [0.0, 0.0, 1.0], [0.0, 1.0, 0.0])
    across = np.cross(along, ahead)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return np.stack([across, along, np.cross(across, along)], axis=2)


def _euler(turn: FloatArray) -> FloatArray:
    """Degrees about X, Y and Z, done in this order."""
    sine = float(np.clip(-turn[2, 0], -1, 1))
    if abs(sine) > 1 - 1e-9:
        angles = [np.arctan2(-turn[1, 2], turn[1, 1]), np.arcsin(sine), 0.0]
    else:
        angles = [np.arctan2(turn[2, 1], turn[2, 2]), np.arcsin(sine), np.arctan2(turn[1, 0], turn[0, 0])]
    return np.degrees(angles)


def _matrix(place: FloatArray) -> FloatArray:
    """The sixteen numbers, column by column."""
    return np.ascontiguousarray(place.T, np.float64).reshape(-1)
