"""Which skeleton suits a shape: every template is tried from every side that may be its front."""

from __future__ import annotations

from scipy import ndimage

from aigc.mesh.voxels import Voxels
from aigc.models.rigging.chains import fit_generic
from aigc.models.rigging.fit import Fit
from aigc.models.rigging.frame import FACINGS, frame
from aigc.models.rigging.humanoid import fit_humanoid
from aigc.models.rigging.medial_tree import MedialTree

_SURE = 0.5


def fit_template(voxels: Voxels, tree: MedialTree, template: str, facing: str, most: int) -> tuple[Fit, str]:
    """The skeleton, and where its front looks.

    Args:
        template: humanoid or generic, or auto for the one that suits best.
        facing: one of FACINGS, or auto.
        most: joints that a generic skeleton may have.
    """
    depth = ndimage.distance_transform_edt(voxels.solid) * voxels.cell
    sides = list(FACINGS)[:2] if facing == "auto" else [facing]
    frames = [frame(voxels, tree, depth, side) for side in sides]
    forced = template == "humanoid"
    found = []
    if template in ("auto", "humanoid"):
        found = [(fit, one.facing) for one in frames if (fit := fit_humanoid(one, forced)) is not None]
    best = max(found, key=lambda pair: pair[0].confidence, default=None)
    if best is not None and (forced or best[0].confidence >= _SURE):
        return best
    # Two legs look alike from before and behind; of four, the head is ahead.
    sides = list(FACINGS) if facing == "auto" else [facing]
    chained = [(fit_generic(frame(voxels, tree, depth, side), most), side) for side in sides]
    return next((pair for pair in chained if pair[0].template == "quadruped"), chained[0])
