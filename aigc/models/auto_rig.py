"""A skeleton found in the middle of a shape, and the shape bound to it by bone heat."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np

from aigc.features.auto_rig import HeatRigParameters
from aigc.mesh.fbx import write_fbx
from aigc.mesh.gltf import write_glb
from aigc.mesh.read import read_mesh
from aigc.mesh.simplify import simplify
from aigc.mesh.skeleton import Skeleton, Skin, pose_matrices, posed, strongest
from aigc.mesh.skeleton_read import read_skeleton
from aigc.mesh.stats import mesh_stats
from aigc.mesh.topology import joined, weld
from aigc.mesh.types import FloatArray, Mesh
from aigc.mesh.voxels import Voxels, voxelize
from aigc.models.rigging.drawing import drawn
from aigc.models.rigging.fit import BROUGHT, Fit
from aigc.models.rigging.frame import FACINGS
from aigc.models.rigging.heat import carried, heat_weights
from aigc.models.rigging.medial_tree import medial_tree
from aigc.models.rigging.pose import sample_pose
from aigc.models.rigging.templates import fit_template
from aigc.runner.model import Output, Progress, Result

_STEPS = 7
_MOST_FACES = 24_000  # of the surface on which heat spreads; a finer one gets its weights from there
_ROWS = 50_000
_UNSURE = 0.6


class HeatRig:
    """Serves auto_rig on any CPU, without learned weights."""

    def load(self, device: str) -> None:
        """Nothing to read; everything runs on the CPU."""

    def unload(self) -> None:
        """Nothing to forget."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh of `inputs["mesh"]` with joints, and bound to them unless only the skeleton is wanted.

        Factorising the heat's equations runs in native code for up to half a second without hearing a cancel.

        Raises:
            InputInvalid: the mesh cannot be read.
        """
        settings = HeatRigParameters(**params)
        progress(0.02, "preprocessing", 1, _STEPS, "reading the mesh")
        meshes = read_mesh(inputs["mesh"])
        positions, faces = weld(*joined(meshes))
        progress(0.06, "preprocessing", 1, _STEPS, "reading the mesh")
        if len(faces) > _MOST_FACES:
            positions, faces = simplify(positions, faces, _MOST_FACES)
        voxels = voxelize(
            positions,
            faces,
            between=lambda done: progress(0.1 + 0.25 * done, "sampling", 2, _STEPS, "finding the inside"),
        )
        fit, facing = _fitted(inputs["mesh"], voxels, settings, progress)
        weights = heat_weights(
            positions,
            faces,
            fit.skeleton,
            voxels,
            lambda done: progress(0.52 + 0.28 * done, "decoding", 5, _STEPS, "binding the surface"),
        )
        skins = [_skin(mesh, positions, weights, progress) for mesh in meshes]
        progress(0.86, "exporting", 6, _STEPS, "writing the rig")
        outputs = _files(
            meshes, fit.skeleton, None if settings.rig_mode == "skeleton" else skins, settings.output_format
        )
        drawing = partial(progress, 0.9, "exporting", 7, _STEPS, "drawing the skeleton")
        at_rest = drawn(meshes, fit.skeleton, pose_matrices(fit.skeleton, {}), between=drawing)
        outputs.append(Output("thumbnail.png", "thumbnail", at_rest))
        if settings.rig_mode != "skeleton":
            drawing = partial(progress, 0.95, "exporting", 7, _STEPS, "striking a pose")
            drawing()
            turns = sample_pose(fit.skeleton, fit.template, FACINGS[facing])
            moved = [posed(mesh, fit.skeleton, skin, turns) for mesh, skin in zip(meshes, skins, strict=True)]
            picture = drawn(moved, fit.skeleton, pose_matrices(fit.skeleton, turns), between=drawing)
            outputs.append(Output("posed.png", "preview", picture))
        return Result(outputs, _info(fit, facing, settings))


def _fitted(path: str, voxels: Voxels, settings: HeatRigParameters, progress: Progress) -> tuple[Fit, str]:
    """The file's own joints if the mesh shall be bound to them, else those found in its shape; and its front."""
    if settings.rig_mode == "skin":
        progress(0.35, "sampling", 3, _STEPS, "reading the joints")
        own = read_skeleton(path)
        if own is not None:
            return Fit(own, BROUGHT, 1.0), "+z" if settings.facing == "auto" else settings.facing
        progress.warn("the file brings no joints: the mesh is bound to joints that were found in its shape")
    tree = medial_tree(voxels, lambda done: progress(0.35 + 0.15 * done, "sampling", 3, _STEPS, "finding the middle"))
    progress(0.5, "sampling", 4, _STEPS, "placing the joints")
    fit, facing = fit_template(voxels, tree, settings.template, settings.facing, settings.max_joints)
    _warn(fit, progress)
    return fit, facing


def _warn(fit: Fit, progress: Progress) -> None:
    if fit.confidence < _UNSURE and fit.template != "generic":
        progress.warn(
            f"the {fit.template} skeleton fits loosely ({fit.confidence:.0%}): arms and legs did not all stand out; "
            "look at the joints before animating"
        )


def _skin(mesh: Mesh, known: FloatArray, weights: FloatArray, progress: Progress) -> Skin:
    """The weights of the welded surface at the vertices of a mesh that was part of it."""
    rows = []
    for start in range(0, len(mesh.positions), _ROWS):
        progress(0.82, "decoding", 5, _STEPS, "binding the surface")
        rows.append(strongest(carried(weights, known, mesh.positions[start : start + _ROWS])))
    return Skin(np.concatenate([skin.joints for skin in rows]), np.concatenate([skin.weights for skin in rows]))


def _files(meshes: list[Mesh], skeleton: Skeleton, skins: list[Skin] | None, kind: str) -> list[Output]:
    stats = {**mesh_stats(meshes), "joints": len(skeleton.joints)}
    if kind == "fbx":
        rig = write_fbx(meshes, skeleton, skins)
    else:
        rig = write_glb(meshes, {"model": "heat-rig"}, skeleton, skins)
    described = json.dumps({"joints": skeleton.described()}, indent=1).encode()
    return [Output(f"rig.{kind}", "model", rig, stats=stats), Output("skeleton.json", "data", described)]


def _info(fit: Fit, facing: str, settings: HeatRigParameters) -> dict[str, Any]:
    return {
        "method": f"{'joints of the file' if fit.template == BROUGHT else 'medial tree, named template'}, bone heat",
        "bone_count": len(fit.skeleton.joints),
        "format": settings.output_format,
        "rig_info": {
            "rig_mode": settings.rig_mode,
            "template": fit.template,
            "confidence": round(fit.confidence, 3),
            "facing": facing,
            "symmetric_pairs": len(fit.pairs),
            "joints": [joint.name for joint in fit.skeleton.joints],
        },
    }
