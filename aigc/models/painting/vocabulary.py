"""Words that say how a surface looks, and words for parts of a thing."""

from __future__ import annotations

from aigc.models.shapes.finish import Finish, rgb
from aigc.models.shapes.palette import (
    BARK,
    BONE,
    CLOTH,
    FUR,
    GRASS,
    HIDE,
    LEATHER,
    LEAVES,
    MATERIAL_WORDS,
    SAND,
    SCALES,
    SKIN,
    STONE,
    TILES,
)

MATERIALS: dict[str, Finish] = {
    **MATERIAL_WORDS, "bricks": MATERIAL_WORDS["brick"], "rocks": STONE, "tile": TILES, "tiled": TILES,
    "shingle": TILES, "planks": MATERIAL_WORDS["plank"], "bark": BARK, "denim": CLOTH.in_color(rgb("3f5d86")),
    "silk": Finish("cloth", rgb("c9b6cf"), None, 0.45), "satin": Finish("cloth", rgb("c9b6cf"), None, 0.4),
    "cotton": CLOTH.in_color(rgb("e8e4d8")), "linen": CLOTH.in_color(rgb("d8cdb4")),
    "burlap": CLOTH.in_color(rgb("a98a5b")), "suede": LEATHER.in_color(rgb("a57b52")),
    "moss": GRASS.in_color(rgb("55702f")), "grass": GRASS, "grassy": GRASS, "leaf": LEAVES, "leafy": LEAVES,
    "ivy": LEAVES.in_color(rgb("3c6a35")), "skin": SKIN, "flesh": SKIN, "hide": HIDE, "scale": SCALES,
    "reptile": SCALES, "snake": SCALES, "dragon": SCALES.in_color(rgb("7d2f2a")), "lizard": SCALES,
    "crocodile": SCALES.in_color(rgb("55643a")), "obsidian": Finish("marble", rgb("1b1a20"), rgb("3c3a48"), 0.12),
    "onyx": Finish("marble", rgb("17171a"), rgb("4a4a50"), 0.15),
    "jade": Finish("marble", rgb("4fa07a"), rgb("a9dcc3"), 0.25), "basalt": STONE.in_color(rgb("4a4a4e")),
    "limestone": STONE.in_color(rgb("d5cbb4")),
    "cobblestone": Finish("courses", rgb("8f8b84"), rgb("5c5953"), 0.92, size=1.2),
    "mud": SAND.in_color(rgb("6b4d33")), "muddy": SAND.in_color(rgb("6b4d33")), "dirt": SAND.in_color(rgb("6f5439")),
    "lava": Finish("lava", rgb("f2541b"), None, 0.5), "magma": Finish("lava", rgb("f2541b"), None, 0.5),
    "wax": Finish("plain", rgb("efe3c2"), None, 0.35), "pearl": Finish("plain", rgb("f1ece6"), None, 0.18),
    "titanium": Finish("metal", rgb("8d9096"), None, 0.35, 1.0),
    "lead": Finish("metal", rgb("6c7076"), None, 0.6, 1.0), "tweed": CLOTH.in_color(rgb("7a6a55")),
    "carpet": CLOTH.in_color(rgb("8a3a3a")),
    "carbon": Finish("checkered", rgb("202226"), rgb("2e3136"), 0.3, size=0.3),
    "bread": MATERIAL_WORDS["gingerbread"], "candy": Finish("stripes", rgb("f5f2ee"), rgb("d0242c"), 0.2),
    "zombie": Finish("skin", rgb("7d9168"), rgb("4f5a3c"), 0.8), "ghost": Finish("plain", rgb("e9eef2"), None, 0.6),
    "skeleton": BONE, "robot": MATERIAL_WORDS["steel"], "alien": SKIN.in_color(rgb("6fa86a")),
}  # fmt: skip
"""A word for a material, or for a thing that is known by what it is made of."""

PELTS: dict[str, Finish] = {
    "zebra": Finish("striped", rgb("f2efe8"), rgb("1c1a1a"), 0.9, size=1.2),
    "tiger": Finish("striped", rgb("dd8430"), rgb("1f1713"), 0.9, size=1.3),
    "bee": Finish("bands", rgb("f0bd2d"), rgb("211c17"), 0.85, size=1.1),
    "leopard": Finish("rosettes", rgb("d9a860"), rgb("241a12"), 0.9),
    "jaguar": Finish("rosettes", rgb("cf9a4e"), rgb("241a12"), 0.9, size=1.3),
    "cheetah": Finish("spotted", rgb("d9ae69"), rgb("241a12"), 0.9, size=0.6),
    "dalmatian": Finish("spotted", rgb("f3f1ec"), rgb("1d1b1b"), 0.9),
    "ladybug": Finish("spotted", rgb("c8281f"), rgb("141312"), 0.3, size=1.6),
    "ladybird": Finish("spotted", rgb("c8281f"), rgb("141312"), 0.3, size=1.6),
    "giraffe": Finish("patched", rgb("e8cf9d"), rgb("9a5f2c"), 0.9),
    "cow": Finish("cow", rgb("f2efe9"), rgb("2a2422"), 0.9),
    "panda": Finish("cow", rgb("f2f0ec"), rgb("1c1b1d"), 0.95, size=1.8), "fox": FUR.in_color(rgb("c9662c")),
    "lion": FUR.in_color(rgb("c59a58")), "bear": FUR.in_color(rgb("6a4a33")), "wolf": FUR.in_color(rgb("84868a")),
    "rabbit": FUR.in_color(rgb("b59a80")), "fluffy": FUR.in_color(rgb("e5dccb")), "elephant": HIDE, "rhino": HIDE,
    "frog": SKIN.in_color(rgb("5c9a45")), "fish": SCALES.in_color(rgb("8fa7b3")),
    "watermelon": Finish("striped", rgb("4f9a45"), rgb("1f4f26"), 0.4, size=1.8),
    "camouflage": Finish("camouflage", rgb("6f7748"), None, 0.9),
    "camo": Finish("camouflage", rgb("6f7748"), None, 0.9),
    "military": Finish("camouflage", rgb("6f7748"), None, 0.9),
}  # fmt: skip
"""Coats of animals and the like: colours and pattern in one word. A colour said beside them changes them."""

PATTERNS: dict[str, str] = {
    "striped": "stripes", "stripe": "stripes", "stripy": "stripes", "stripey": "stripes", "banded": "bands",
    "band": "bands", "ringed": "bands", "spotted": "dots", "dotted": "dots", "spot": "dots",
    "dot": "dots", "polka": "dots", "speckled": "dots", "checkered": "checkered", "chequered": "checkered",
    "checked": "checkered", "checker": "checkered", "checkerboard": "checkered", "chessboard": "checkered",
    "marbled": "marble", "veined": "marble", "patched": "cow", "patch": "cow", "patchy": "cow", "blotchy": "cow",
    "tartan": "tartan", "plaid": "tartan", "gradient": "blend", "fading": "blend", "ombre": "blend",
    "rosette": "rosettes", "scaled": "scales", "mottled": "cow", "woven": "cloth",
}  # fmt: skip

WEATHERED: dict[str, str] = {
    "mossy": "moss", "overgrown": "moss", "moss-covered": "moss", "snowy": "snow", "snow-covered": "snow",
    "snow-capped": "peak", "old": "worn", "worn": "worn", "weathered": "worn", "ancient": "worn", "dirty": "worn",
    "battered": "worn", "dusty": "worn", "grimy": "worn", "vintage": "worn", "aged": "worn",
}  # fmt: skip

REGIONS: dict[str, str] = {
    word: region
    for region, words in {
        "roof": "roof rooftop",
        "top": "top lid cap hat helmet hair crown tip peak canopy cover crest horn antler antenna",
        "head": "head face skull",
        "neck": "neck scarf collar necklace",
        "torso": "body torso shirt jacket chest coat vest breastplate wall seat dress hull shell cushion tunic sweater",
        "belt": "belt waist sash",
        "arms": "arm sleeve hand glove wing ear armrest fin flipper gauntlet shoulder pauldron",
        "legs": "leg trouser pant jean stem stalk thigh skirt",
        "bottom": "bottom base foot feet shoe boot paw hoof sole stand pedestal foundation ground wheel tyre tire sock "
        "plinth floor",
        "left": "left",
        "right": "right",
        "front": "front belly chestplate nose beak snout muzzle",
        "back": "back backrest tail cape backpack rear cloak",
        "middle": "middle centre center",
        "handle": "handle spout grip hilt",
    }.items()
    for word in words.split()
}
"""A word for a part, in the singular -> where such parts are."""

SMALL = frozenset(
    ["eye", "pupil", "mouth", "lip", "tooth", "teeth", "claw", "nail", "window", "door", "button", "gem", "stud",
     "light", "strap", "buckle", "trim", "spike", "rivet"]
)  # fmt: skip
"""Words for parts so small that only the file itself can tell where they are."""
