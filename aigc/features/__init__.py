"""The features that people can ask for, by name. A new feature is a module here and a line in this table.

Menus show them in this order, which is that of the work on one mesh: make, edit, paint, take apart, clean up, rig.
"""

from aigc.features.auto_rig import AUTO_RIG
from aigc.features.base import Feature
from aigc.features.image_mesh_editing import IMAGE_MESH_EDITING
from aigc.features.image_mesh_painting import IMAGE_MESH_PAINTING
from aigc.features.image_to_mesh import IMAGE_TO_RAW_MESH, IMAGE_TO_TEXTURED_MESH
from aigc.features.mesh_retopology import MESH_RETOPOLOGY
from aigc.features.mesh_segmentation import MESH_SEGMENTATION
from aigc.features.part_completion import PART_COMPLETION
from aigc.features.text_mesh_editing import TEXT_MESH_EDITING
from aigc.features.text_mesh_painting import TEXT_MESH_PAINTING
from aigc.features.text_to_mesh import TEXT_TO_RAW_MESH, TEXT_TO_TEXTURED_MESH
from aigc.features.uv_unwrapping import UV_UNWRAPPING

FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        TEXT_TO_RAW_MESH,
        TEXT_TO_TEXTURED_MESH,
        IMAGE_TO_RAW_MESH,
        IMAGE_TO_TEXTURED_MESH,
        TEXT_MESH_EDITING,
        IMAGE_MESH_EDITING,
        TEXT_MESH_PAINTING,
        IMAGE_MESH_PAINTING,
        MESH_SEGMENTATION,
        PART_COMPLETION,
        MESH_RETOPOLOGY,
        UV_UNWRAPPING,
        AUTO_RIG,
    )
}
