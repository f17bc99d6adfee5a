"""An FBX file as an independent reader, assimp, sees it: `npm ci` in this folder installs it."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc.mesh.types import FloatArray, IntArray

HERE = Path(__file__).parent


@dataclass(frozen=True)
class SeenNode:
    """A node of the scene: the name of its parent, and its place in the world, (4, 4)."""

    parent: str
    place: FloatArray


@dataclass(frozen=True)
class SeenMesh:
    """A mesh, its corners each a vertex.

    Args:
        holds: bone -> weight of each vertex.
        offsets: bone -> (4, 4), from the mesh into the bone's space.
    """

    vertices: FloatArray
    faces: IntArray
    normals: FloatArray
    uv: FloatArray | None
    material: str
    holds: dict[str, FloatArray]
    offsets: dict[str, FloatArray]


@dataclass(frozen=True)
class SeenFbx:
    """What is in a file."""

    nodes: dict[str, SeenNode]
    meshes: list[SeenMesh]
    textures: list[bytes]


def seen_fbx(path: Path) -> SeenFbx:
    """The file, as assimp reads it."""
    assert (HERE / "node_modules" / "assimpjs").is_dir(), "run `npm ci` in tests/ to install a reader of FBX"
    done = subprocess.run(["node", str(HERE / "read_fbx.js"), str(path)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    scene = json.loads(done.stdout)
    nodes: dict[str, SeenNode] = {}
    pending: list[tuple[dict[str, Any], str, FloatArray]] = [(scene["rootnode"], "", np.eye(4))]
    for node, parent, above in pending:
        place = above @ np.array(node["transformation"]).reshape(4, 4)
        nodes[node["name"]] = SeenNode(parent, place)
        pending += [(child, node["name"], place) for child in node.get("children", [])]
    materials = [
        next(entry["value"] for entry in material["properties"] if entry["key"] == "?mat.name")
        for material in scene.get("materials", [])
    ]
    textures = [base64.b64decode(texture["data"]) for texture in scene.get("textures", [])]
    return SeenFbx(nodes, [_mesh(mesh, materials) for mesh in scene["meshes"]], textures)


def _mesh(mesh: dict[str, Any], materials: list[str]) -> SeenMesh:
    vertices = np.array(mesh["vertices"]).reshape(-1, 3)
    holds, offsets = {}, {}
    for bone in mesh.get("bones", []):
        weights = np.zeros(len(vertices))
        for vertex, weight in bone["weights"]:
            weights[vertex] += weight
        holds[bone["name"]] = weights
        offsets[bone["name"]] = np.array(bone["offsetmatrix"]).reshape(4, 4)
    uv = np.array(mesh["texturecoords"][0]).reshape(-1, 2) if mesh.get("texturecoords") else None
    return SeenMesh(
        vertices,
        np.array(mesh["faces"], np.int64),
        np.array(mesh["normals"]).reshape(-1, 3),
        uv,
        materials[mesh["materialindex"]],
        holds,
        offsets,
    )
