"""Named finishes and colours, and the words for them."""

from __future__ import annotations

from PIL import ImageColor

from aigc.models.shapes.finish import Color, Finish, rgb

OAK = Finish("wood", rgb("c08a55"), rgb("8a5a30"), 0.6)
WALNUT = Finish("wood", rgb("7d5237"), rgb("4f3020"), 0.55)
PINE = Finish("wood", rgb("dcb37c"), rgb("b98749"), 0.65)
PLANKS = Finish("planks", rgb("b07d4b"), rgb("7f5630"), 0.75)
BARK = Finish("bark", rgb("7a5c42"), rgb("3f2d20"), 0.95)
LEAVES = Finish("leaves", rgb("4f8a3a"), rgb("8fbf55"), 0.85)
NEEDLES = Finish("leaves", rgb("2f6140"), rgb("5a8f58"), 0.9, size=0.6)
GRASS = Finish("leaves", rgb("6a9a45"), rgb("93bb5c"), 0.95, size=0.7)
STONE = Finish("stone", rgb("9b968c"), rgb("6a665f"), 0.9)
BLOCKS = Finish("courses", rgb("a39d91"), rgb("77726a"), 0.9, size=1.4)
BRICK = Finish("courses", rgb("a4513a"), rgb("c9bfae"), 0.88)
TILES = Finish("shingles", rgb("b0523a"), None, 0.8)
SLATE = Finish("shingles", rgb("54606e"), None, 0.7)
THATCH = Finish("shingles", rgb("c2a05c"), None, 0.95, size=0.6)
PLASTER = Finish("plain", rgb("ece3d0"), None, 0.92)
CONCRETE = Finish("stone", rgb("b3b1ab"), rgb("97958f"), 0.92, size=0.5)
STEEL = Finish("metal", rgb("b6bbc1"), None, 0.32, 1.0)
IRON = Finish("metal", rgb("4d5157"), None, 0.5, 1.0)
GOLD = Finish("metal", rgb("f0bf52"), None, 0.24, 1.0)
SILVER = Finish("metal", rgb("dfe1e4"), None, 0.2, 1.0)
COPPER = Finish("metal", rgb("d68a60"), None, 0.3, 1.0)
BRONZE = Finish("metal", rgb("a97c45"), None, 0.36, 1.0)
BRASS = Finish("metal", rgb("d8b25a"), None, 0.3, 1.0)
CHROME = Finish("plain", rgb("e6e8ea"), None, 0.1, 1.0)
RUST = Finish("rust", rgb("8a8d90"), rgb("8b4a26"), 0.55, 0.55)
PLASTIC = Finish("plain", rgb("d8432f"), None, 0.4)
PAINT = Finish("plain", rgb("c0392b"), None, 0.32)
ENAMEL = Finish("plain", rgb("f1efe9"), None, 0.25)
RUBBER = Finish("plain", rgb("26272a"), None, 0.85)
GLASS = Finish("plain", rgb("2c3f4d"), None, 0.06)
CLEAR = Finish("plain", rgb("bfe0e2"), None, 0.08)
LAMP = Finish("plain", rgb("fff0c2"), None, 0.5)
CERAMIC = Finish("plain", rgb("ede8df"), None, 0.2)
CLAY = Finish("plain", rgb("b9673f"), None, 0.9)
CLOTH = Finish("cloth", rgb("5d7b9a"), None, 0.95)
CANVAS = Finish("cloth", rgb("d9c9a5"), None, 0.95)
VELVET = Finish("cloth", rgb("8a2b3c"), None, 0.8)
LEATHER = Finish("leather", rgb("7b4a2d"), None, 0.55)
PAPER = Finish("plain", rgb("f3ead6"), None, 0.95)
FUR = Finish("fur", rgb("a9713f"), rgb("e2c9a4"), 0.95)
SKIN = Finish("skin", rgb("e3b08d"), rgb("cf8f6d"), 0.6)
HIDE = Finish("skin", rgb("8d8a88"), rgb("6c6968"), 0.85)
SCALES = Finish("scales", rgb("5a8f4f"), rgb("d3cf8f"), 0.5)
MARBLE = Finish("marble", rgb("eeecea"), rgb("8b8d95"), 0.22)
ICE = Finish("marble", rgb("c9e8f2"), rgb("ffffff"), 0.1)
SNOW = Finish("plain", rgb("f6f8fb"), None, 0.9)
CHOCOLATE = Finish("plain", rgb("5b3521"), None, 0.4)
BREAD = Finish("crumb", rgb("d79a52"), rgb("a8672d"), 0.85)
SAND = Finish("stone", rgb("dcc48e"), rgb("c7ab72"), 0.95, size=0.3)
BONE = Finish("plain", rgb("ece2cb"), None, 0.7)
BLACK = Finish("plain", rgb("1c1c20"), None, 0.35)
WHITE = Finish("plain", rgb("f4f4f2"), None, 0.5)
EYE = Finish("plain", rgb("15120f"), None, 0.1)

MATERIAL_WORDS: dict[str, Finish] = {
    "wood": OAK, "wooden": OAK, "oak": OAK, "walnut": WALNUT, "mahogany": OAK.in_color(rgb("74352a")), "pine": PINE,
    "bamboo": PINE.in_color(rgb("c9b560")), "log": BARK, "plank": PLANKS, "timber": PLANKS,
    "stone": STONE, "rock": STONE, "rocky": STONE, "granite": STONE.in_color(rgb("8a8688")), "sandstone": SAND,
    "brick": BRICK, "concrete": CONCRETE, "cement": CONCRETE, "plaster": PLASTER, "marble": MARBLE, "slate": SLATE,
    "metal": STEEL, "metallic": STEEL, "steel": STEEL, "iron": IRON, "aluminium": STEEL, "aluminum": STEEL,
    "tin": STEEL,
    "gold": GOLD, "golden": GOLD, "silver": SILVER, "copper": COPPER, "bronze": BRONZE, "brass": BRASS,
    "chrome": CHROME, "rusty": RUST, "rusted": RUST, "rust": RUST,
    "plastic": PLASTIC, "rubber": RUBBER, "glass": CLEAR, "crystal": ICE, "ice": ICE, "icy": ICE, "frozen": ICE,
    "ceramic": CERAMIC, "porcelain": CERAMIC, "clay": CLAY, "terracotta": CLAY, "earthenware": CLAY,
    "cloth": CLOTH, "fabric": CLOTH, "canvas": CANVAS, "velvet": VELVET, "woollen": CLOTH, "wool": CLOTH,
    "knitted": CLOTH,
    "leather": LEATHER, "paper": PAPER, "cardboard": PAPER.in_color(rgb("b98d5b")), "fur": FUR, "furry": FUR,
    "chocolate": CHOCOLATE, "sand": SAND, "sandy": SAND, "bone": BONE, "ivory": BONE, "snow": SNOW,
    "thatched": THATCH,
    "gingerbread": BREAD, "straw": THATCH, "scaly": SCALES,
}  # fmt: skip

PATTERN_WORDS: dict[str, str] = {
    "striped": "striped", "stripes": "striped", "stripy": "striped", "spotted": "spotted", "dotted": "spotted",
    "spots": "spotted", "dots": "spotted", "checkered": "checkered", "chequered": "checkered", "checked": "checkered",
    "marbled": "marble", "patched": "cow", "patches": "cow",
}  # fmt: skip

# A thing said to be of these is of them all over; a "stone well" still has a roof of tiles.
THROUGHOUT = frozenset(
    MATERIAL_WORDS[word]
    for word in ("gold", "silver", "copper", "bronze", "brass", "chrome", "rusty", "plastic", "glass", "crystal",
                 "ceramic",
                 "clay", "marble", "paper", "cardboard", "chocolate", "sand", "snow", "gingerbread", "bone", "rubber")
)  # fmt: skip

# Pure sRGB primaries look like no paint on earth, so the plain words for colours mean paints.
_PAINTS = {
    "red": "c42f2b", "green": "4a8f46", "blue": "2f62b5", "yellow": "efc233", "orange": "e37b2c", "purple": "7a469c",
    "pink": "ee9db4", "black": "232326", "white": "f3f2ee", "brown": "7b4f31", "gray": "8b8d90", "grey": "8b8d90",
    "cyan": "3fb8c6", "magenta": "c2428f", "lime": "9acb3c", "cream": "f3e7c9", "charcoal": "3a3c40", "mint": "a9dcc3",
    "amber": "e0932f", "emerald": "2b8c60", "ruby": "9f1f3a", "sapphire": "24479a", "scarlet": "c92a22",
    "burgundy": "6d1f2f", "mustard": "d1a32e", "lilac": "c3a8d8", "peach": "f4bf9d", "rose": "d97a8d", "jade": "4fa07a",
    "apricot": "f2b279", "vermilion": "d8452e", "ultramarine": "2c3fa0", "ochre": "c28a37", "blond": "e6c67c",
}  # fmt: skip


def color_of(word: str) -> Color | None:
    """sRGB, 0 to 1, of an English or CSS colour word, or None."""
    if word in _PAINTS:
        return rgb(_PAINTS[word])
    if word in ImageColor.colormap and word not in MATERIAL_WORDS:
        red, green, blue = ImageColor.getrgb(word)[:3]
        return (red / 255, green / 255, blue / 255)
    return None
