"""What each feature is tried on: two sets, of which the second was never looked at while a model was being made.

An input is named by its source: `emoji:CODE`, `photo:NAME`, `sample:FILE`, `controller:PROFILE/HAND`, `shape:PROMPT`
(built by our grammar), `solid:PICTURE` (a picture inflated by our model), `front:MESH` (a picture of it),
`edited:HOW:MESH` (that picture changed), or plain words for a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TUNING, HELD_OUT = "tuning", "held-out"


@dataclass(frozen=True)
class Case:
    """One thing to make."""

    name: str
    inputs: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    """What a measure needs to know of it: the colour that was asked for, the region that may change."""


def _pictures(*sources: str) -> tuple[Case, ...]:
    return tuple(Case(source.partition(":")[2], {"image": source}) for source in sources)


def _meshes(*sources: str, **params: Any) -> tuple[Case, ...]:
    return tuple(Case(source.partition(":")[2], {"mesh": source}, params) for source in sources)


def _texts(*prompts: str) -> tuple[Case, ...]:
    return tuple(Case(prompt, {"text": prompt}) for prompt in prompts)


_TUNING_PICTURES = _pictures(
    "sample:penguin.png",
    "sample:robot.png",
    "sample:teapot.png",
    "sample:mushroom.png",
    "emoji:1f9f8",  # a teddy
    "emoji:1f951",  # half an avocado
    "emoji:1f697",  # a car
    "emoji:1f335",  # a cactus
    "emoji:1f3b8",  # a guitar
    "emoji:1f3fa",  # an amphora
    "photo:coffee",
    "photo:chelsea",
)
_HELD_OUT_PICTURES = _pictures(
    "emoji:1f438",  # a frog's head
    "emoji:1f419",  # an octopus
    "emoji:1f354",  # a hamburger
    "emoji:1f9c1",  # a cupcake
    "emoji:1f916",  # a robot's head
    "emoji:1f97e",  # a boot
    "emoji:1f3c6",  # a trophy
    "emoji:1f996",  # a dinosaur
    "emoji:1f418",  # an elephant
    "emoji:1f5ff",  # a stone head
    "photo:rocket",
    "photo:astronaut",
)
_TUNING_MESHES = (
    "sample:rabbit.glb",
    "shape:a brown wooden chair with four legs",
    "shape:a grey elephant",
    "shape:a silver robot",
    "shape:a stone castle with four towers",
    "solid:sample:penguin.png",
    "solid:emoji:1f9f8",
    "solid:emoji:1fad6",
    "controller:oculus-touch-v3/left",
    "controller:generic-hand/left",
)
_HELD_OUT_MESHES = (
    "shape:a giraffe",
    "shape:a red sofa",
    "shape:a yellow biplane",
    "shape:a wizard",
    "solid:emoji:1f996",
    "solid:emoji:1f438",
    "solid:emoji:1f3c6",
    "controller:magicleap-one/none",
    "controller:meta-quest-touch-pro/left",
    "controller:generic-fixed-hand/right",
)
_TUNING_TEXTS = _texts(
    "a small red wooden chair with three legs",
    "a grey elephant",
    "a blue robot",
    "a brick house with a slate roof",
    "a green cactus in a clay pot",
    "a vintage sports car, yellow",
    "a stone castle with five towers",
    "a golden retriever puppy",
    "a steel sword with a leather grip",
    "a white mug",
)
_HELD_OUT_TEXTS = _texts(
    "a tall oak bookshelf",
    "an orange fishing boat",
    "a black cat sitting",
    "a marble vase",
    "a purple dragon",
    "a lighthouse with red stripes",
    "a green tractor",
    "a hamburger with cheese",
    "a knight in silver armour",
    "a pine tree covered in snow",
)
_TUNING_FIGURES = (
    "shape:a knight",
    "shape:a silver robot",
    "shape:a dog",
    "shape:a grey elephant",
    "shape:a chicken",
    "solid:sample:penguin.png",
    "solid:sample:robot.png",
    "solid:emoji:1f9f8",
    "sample:rabbit.glb",
    "controller:generic-hand/left",
)
_HELD_OUT_FIGURES = (
    "shape:a wizard",
    "shape:a giraffe",
    "shape:a horse",
    "shape:a farmer",
    "shape:an owl",
    "solid:emoji:1f996",
    "solid:emoji:1f419",
    "solid:emoji:1f57a",
    "solid:emoji:1f418",
    "controller:generic-fixed-hand/right",
)


def _painted(*pairs: tuple[str, str]) -> tuple[Case, ...]:
    return tuple(Case(f"{image} on {mesh}", {"image": image, "mesh": mesh}) for image, mesh in pairs)


def _coloured(*pairs: tuple[str, str, tuple[int, int, int]]) -> tuple[Case, ...]:
    return tuple(
        Case(f"{text} on {mesh}", {"text": text, "mesh": mesh}, expected={"color": color})
        for text, mesh, color in pairs
    )


Corner = tuple[float, float, float]


def _edited(*rows: tuple[str, str, Corner, Corner]) -> tuple[Case, ...]:
    """Instruction, mesh, and the region's corners as shares of the mesh's box."""
    return tuple(
        Case(f"{text}: {mesh}", {"text": text, "mesh": mesh}, expected={"region": (low, high)})
        for text, mesh, low, high in rows
    )


TOP = (0.0, 0.6, 0.0), (1.0, 1.0, 1.0)
HEAD = (0.1, 0.7, 0.0), (0.9, 1.0, 1.0)
MIDDLE = (0.2, 0.3, 0.2), (0.8, 0.7, 1.0)
FOOT = (0.0, 0.0, 0.0), (1.0, 0.3, 1.0)
LEFT_HALF = (0.5, 0.0, 0.0), (1.0, 1.0, 1.0)

CHANGES: dict[str, tuple[Corner, Corner]] = {
    "spot": ((0.0, 0.3, 0.0), (1.0, 0.7, 1.0)),
    "ball": ((0.0, 0.8, 0.0), (1.0, 1.2, 1.0)),
    "topless": ((0.0, 0.8, 0.0), (1.0, 1.0, 1.0)),
}
"""What was done to a picture, and within which share of the mesh's box."""


def _redrawn(*rows: tuple[str, str]) -> tuple[Case, ...]:
    return tuple(
        Case(
            f"{how}: {mesh}",
            {"mesh": mesh, "source_image": f"front:{mesh}", "target_image": f"edited:{how}:{mesh}"},
            expected={"region": CHANGES[how]},
        )
        for how, mesh in rows
    )


RED, GREEN, BLUE, YELLOW, WHITE, BLACK = (
    (190, 40, 35),
    (50, 130, 60),
    (45, 80, 180),
    (225, 185, 50),
    (235, 235, 230),
    (35, 35, 35),
)
BROWN, GREY, GOLD, PURPLE = (120, 75, 40), (130, 130, 130), (212, 170, 70), (110, 50, 140)

SETS: dict[str, dict[str, tuple[Case, ...]]] = {
    TUNING: {
        "image_to_raw_mesh": _TUNING_PICTURES,
        "image_to_textured_mesh": _TUNING_PICTURES,
        "text_to_raw_mesh": _TUNING_TEXTS,
        "text_to_textured_mesh": _TUNING_TEXTS,
        "mesh_segmentation": _meshes(*_TUNING_MESHES, export_colored_mesh=True),
        "part_completion": _meshes(*_TUNING_MESHES),
        "mesh_retopology": _meshes(*_TUNING_MESHES, output_format="glb"),
        "uv_unwrapping": _meshes(*_TUNING_MESHES, output_format="glb"),
        "auto_rig": _meshes(*_TUNING_FIGURES, output_format="glb"),
        "image_mesh_editing": _redrawn(
            ("spot", "sample:rabbit.glb"),
            ("ball", "sample:rabbit.glb"),
            ("topless", "sample:rabbit.glb"),
            ("spot", "shape:a silver robot"),
            ("ball", "shape:a silver robot"),
            ("topless", "shape:a grey elephant"),
            ("spot", "solid:sample:penguin.png"),
            ("ball", "solid:sample:penguin.png"),
            ("topless", "solid:emoji:1f9f8"),
            ("spot", "solid:emoji:1f9f8"),
        ),
        "text_mesh_editing": _edited(
            ("remove the ears", "sample:rabbit.glb", (0.0, 0.75, 0.0), (1.0, 1.0, 1.0)),
            ("make the head bigger", "shape:a silver robot", *HEAD),
            ("paint it red", "shape:a silver robot", *MIDDLE),
            ("add a cone hat", "solid:sample:penguin.png", (0.25, 0.85, 0.2), (0.75, 1.2, 0.8)),
            ("make it twice as tall", "shape:a brick house with a slate roof", *TOP),
            ("smooth it", "sample:rabbit.glb", *MIDDLE),
            ("cut it off", "shape:a grey elephant", *TOP),
            ("twist it", "shape:a brown wooden chair with four legs", *TOP),
            ("make it thinner", "solid:emoji:1f9f8", *MIDDLE),
            ("replace it with a sphere", "shape:a brown wooden chair with four legs", *TOP),
        ),
        "image_mesh_painting": _painted(
            ("sample:penguin.png", "solid:sample:penguin.png"),
            ("sample:robot.png", "solid:sample:robot.png"),
            ("sample:teapot.png", "solid:sample:teapot.png"),
            ("sample:mushroom.png", "solid:sample:mushroom.png"),
            ("emoji:1f9f8", "solid:emoji:1f9f8"),
            ("emoji:1f951", "solid:emoji:1f951"),
            ("emoji:1f697", "solid:emoji:1f697"),
            ("emoji:1f335", "solid:emoji:1f335"),
            ("emoji:1f3fa", "solid:emoji:1f3fa"),
            ("sample:robot.png", "shape:a silver robot"),
        ),
        "text_mesh_painting": _coloured(
            ("red", "shape:a brown wooden chair with four legs", RED),
            ("blue paint", "sample:rabbit.glb", BLUE),
            ("gold", "solid:sample:teapot.png", GOLD),
            ("oak wood", "shape:a brown wooden chair with four legs", BROWN),
            ("grey stone", "shape:a stone castle with four towers", GREY),
            ("green moss", "shape:a silver robot", GREEN),
            ("white marble", "sample:rabbit.glb", WHITE),
            ("brown fur", "shape:a grey elephant", BROWN),
            ("black leather", "solid:emoji:1f9f8", BLACK),
            ("yellow plastic", "shape:a silver robot", YELLOW),
        ),
    },
    HELD_OUT: {
        "image_to_raw_mesh": _HELD_OUT_PICTURES,
        "image_to_textured_mesh": _HELD_OUT_PICTURES,
        "text_to_raw_mesh": _HELD_OUT_TEXTS,
        "text_to_textured_mesh": _HELD_OUT_TEXTS,
        "mesh_segmentation": _meshes(*_HELD_OUT_MESHES, export_colored_mesh=True),
        "part_completion": _meshes(*_HELD_OUT_MESHES),
        "mesh_retopology": _meshes(*_HELD_OUT_MESHES, output_format="glb"),
        "uv_unwrapping": _meshes(*_HELD_OUT_MESHES, output_format="glb"),
        "auto_rig": _meshes(*_HELD_OUT_FIGURES, output_format="glb"),
        "image_mesh_editing": _redrawn(
            ("spot", "shape:a red sofa"),
            ("ball", "shape:a red sofa"),
            ("topless", "shape:a wizard"),
            ("spot", "shape:a giraffe"),
            ("ball", "solid:emoji:1f438"),
            ("topless", "solid:emoji:1f996"),
            ("spot", "solid:emoji:1f3c6"),
            ("ball", "solid:emoji:1f3c6"),
            ("topless", "solid:emoji:1f3c6"),
            ("spot", "controller:generic-fixed-hand/right"),
        ),
        "text_mesh_editing": _edited(
            ("shrink the head", "shape:a giraffe", (0.0, 0.8, 0.0), (1.0, 1.0, 1.0)),
            ("remove the hat", "shape:a wizard", (0.0, 0.85, 0.0), (1.0, 1.0, 1.0)),
            ("colour it green", "shape:a red sofa", *TOP),
            ("make the base wider", "solid:emoji:1f3c6", *FOOT),
            ("add a sphere on top", "solid:emoji:1f3c6", (0.3, 0.9, 0.2), (0.7, 1.3, 0.8)),
            ("bend it", "solid:emoji:1f996", *TOP),
            ("inflate the belly", "solid:emoji:1f438", *MIDDLE),
            ("paint the wings blue", "shape:a yellow biplane", *TOP),
            ("hollow it out", "solid:emoji:1f438", *MIDDLE),
            ("make it 30 % smaller", "controller:magicleap-one/none", *LEFT_HALF),
        ),
        "image_mesh_painting": _painted(
            ("emoji:1f438", "solid:emoji:1f438"),
            ("emoji:1f419", "solid:emoji:1f419"),
            ("emoji:1f354", "solid:emoji:1f354"),
            ("emoji:1f9c1", "solid:emoji:1f9c1"),
            ("emoji:1f916", "solid:emoji:1f916"),
            ("emoji:1f97e", "solid:emoji:1f97e"),
            ("emoji:1f3c6", "solid:emoji:1f3c6"),
            ("emoji:1f996", "solid:emoji:1f996"),
            ("emoji:1f5ff", "solid:emoji:1f5ff"),
            ("emoji:1f418", "shape:a grey elephant"),
        ),
        "text_mesh_painting": _coloured(
            ("green", "shape:a red sofa", GREEN),
            ("dark blue velvet", "shape:a red sofa", BLUE),
            ("copper and gold", "solid:emoji:1f3c6", GOLD),
            ("rusty iron", "controller:magicleap-one/none", BROWN),
            ("red brick", "shape:a wizard", RED),
            ("purple", "solid:emoji:1f438", PURPLE),
            ("snow white", "shape:a giraffe", WHITE),
            ("black rubber", "controller:meta-quest-touch-pro/left", BLACK),
            ("yellow with black stripes", "solid:emoji:1f996", YELLOW),
            ("concrete", "shape:a yellow biplane", GREY),
        ),
    },
}
"""Set -> feature -> cases."""
