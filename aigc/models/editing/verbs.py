"""What can be done to a mesh, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """One thing that can be done.

    Args:
        name: identifier. words: beginnings of an instruction that mean it, the longest first to be tried.
        adjectives: what "make it ..." says for it. sentences: examples, for whatever no word tells.
        usual: how much, unless something is said: a factor, or degrees.
    """

    name: str
    words: tuple[str, ...]
    adjectives: tuple[str, ...]
    sentences: tuple[str, ...]
    usual: float = 1.0


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "remove",
            ("remove", "delete", "erase", "take off", "take away", "get rid of", "cut off", "chop off", "strip",
             "drop", "eliminate", "detach", "without", "no", "lose", "amputate", "saw off", "break off", "tear off"),
            (),
            ("remove the hat", "take the handle away", "there should be no horns any more", "get rid of this bit",
             "I do not want the tail"),
        ),
        Verb(
            "replace",
            ("replace", "swap", "exchange", "substitute", "turn", "change", "transform", "convert"),
            (),
            ("replace the wheel with a sphere", "swap the head for a pumpkin", "there should be a star instead"),
        ),
        Verb(
            "add",
            ("add", "put", "place", "attach", "insert", "give it", "give him", "give her", "give them", "grow",
             "stick", "mount", "append", "install", "equip it with", "equip", "build", "set", "top it with",
             "decorate it with", "with"),
            (),
            ("add a chimney", "put a crown on the head", "he should wear a hat", "it needs a handle",
             "attach two wings to the back"),
        ),
        Verb(
            "enlarge",
            ("enlarge", "scale up", "upscale", "magnify", "increase", "expand", "blow up", "exaggerate", "grow"),
            ("bigger", "larger", "big", "large", "huge", "giant", "enormous", "massive", "oversized"),
            ("make the head bigger", "the ears should be larger", "exaggerate the nose"),
            1.4,
        ),
        Verb(
            "shrink",
            ("shrink", "scale down", "downscale", "reduce", "decrease", "minimise", "minimize", "contract"),
            ("smaller", "small", "tiny", "little", "mini"),
            ("make the head smaller", "the ears are too big", "shrink the feet"),
            0.7,
        ),
        Verb(
            "stretch",
            ("stretch", "lengthen", "extend", "elongate", "widen", "heighten", "shorten", "narrow", "flatten",
             "squash", "compress", "squeeze", "deepen", "broaden"),
            ("longer", "taller", "wider", "higher", "shorter", "narrower", "flatter", "deeper", "broader", "long",
             "tall", "wide", "short", "narrow", "flat", "lower"),
            ("make the neck longer", "the tower should be taller", "stretch it upwards", "make it wider"),
            1.4,
        ),
        Verb(
            "inflate",
            ("inflate", "fatten", "thicken", "puff up", "puff", "bulge", "swell", "pump up"),
            ("fatter", "thicker", "fat", "thick", "rounder", "chubby", "chubbier", "plump", "plumper", "puffy",
             "puffier", "swollen", "muscular"),
            ("make the belly fatter", "the legs should be thicker", "puff it up"),
            0.12,
        ),
        Verb(
            "thin",
            ("thin", "slim", "deflate", "taper"),
            ("thinner", "slimmer", "thin", "slim", "skinny", "skinnier", "slender", "leaner"),
            ("make the arms thinner", "the body should be slim"),
            0.07,
        ),
        Verb(
            "smooth",
            ("smooth out", "smoothen", "smooth", "soften", "round off", "round", "polish", "relax", "denoise", "blur",
             "sand"),
            ("smoother", "smooth", "softer", "soft", "round", "less rough", "even"),
            ("smooth the surface", "the face is too bumpy", "round the edges off", "remove the noise"),
        ),
        Verb(
            "hollow",
            ("hollow out", "hollow", "carve out", "scoop out", "excavate", "empty", "core"),
            ("hollow", "empty inside"),
            ("hollow out the inside", "carve a hole into it", "make it a container", "dig a cavity"),
            0.06,
        ),
        Verb(
            "cut",
            ("cut away", "cut", "slice", "halve", "chop", "split", "trim", "crop", "bisect", "saw"),
            (),
            ("cut it in half", "slice the top off flat", "trim the lower end", "show a cross section"),
        ),
        Verb(
            "mirror",
            ("mirror", "flip", "reflect", "symmetrise", "symmetrize", "copy", "duplicate", "clone"),
            ("symmetric", "symmetrical"),
            ("mirror the arm to the other side", "make it symmetric", "flip it left to right"),
        ),
        Verb(
            "twist",
            ("twist", "spiral", "wring", "coil"),
            ("twisted", "spiral", "spiralled"),
            ("twist the tower", "wring it like a towel", "turn it into a spiral"),
            90.0,
        ),
        Verb(
            "bend",
            ("bend", "curve", "bow", "curl", "tilt", "lean", "arch"),
            ("bent", "curved", "curled", "crooked", "leaning", "arched"),
            ("bend it to the side", "curl the tail", "make it lean", "the trunk should be crooked"),
            45.0,
        ),
        Verb(
            "rotate",
            ("rotate", "spin", "turn around", "pivot", "swivel"),
            (),
            ("rotate the head to the left", "turn the head around by thirty degrees"),
            30.0,
        ),
        Verb(
            "move",
            ("move", "shift", "raise", "lift", "push", "pull", "drag", "slide", "translate", "lower"),
            (),
            ("move the arm up", "push the nose out", "raise the ears"),
            0.15,
        ),
        Verb(
            "recolour",
            ("recolour", "recolor", "paint", "colour", "color", "dye", "tint", "texture", "coat", "cover", "gild"),
            (),
            ("paint the shirt red", "make it golden", "change the colour to blue", "it should be made of wood"),
        ),
    )
}  # fmt: skip

AXES: dict[str, tuple[int, float]] = {
    "up": (1, 1), "upward": (1, 1), "upwards": (1, 1), "higher": (1, 1), "taller": (1, 1), "tall": (1, 1),
    "high": (1, 1), "heighten": (1, 1), "vertically": (1, 1), "vertical": (1, 1), "raise": (1, 1), "lift": (1, 1),
    "down": (1, -1), "downward": (1, -1), "downwards": (1, -1), "lower": (1, -1), "shorter": (1, 1), "short": (1, 1),
    "flatter": (1, 1), "flat": (1, 1), "flatten": (1, 1), "squash": (1, 1), "shorten": (1, 1),
    "wider": (0, 1), "wide": (0, 1), "broader": (0, 1), "widen": (0, 1), "broaden": (0, 1), "narrower": (0, 1),
    "narrow": (0, 1), "sideways": (0, 1), "left": (0, 1), "right": (0, -1), "horizontally": (0, 1),
    "deeper": (2, 1), "deepen": (2, 1), "forward": (2, 1), "forwards": (2, 1), "front": (2, 1), "out": (2, 1),
    "back": (2, -1), "backward": (2, -1), "backwards": (2, -1),
}  # fmt: skip
"""Words for a direction: axis and sign. A mesh's left is +x, its front +z."""

LESS = frozenset([
    "shorter", "short", "narrower", "narrow", "flatter", "flat", "lower", "shorten", "flatten", "squash", "compress",
    "squeeze",
])  # fmt: skip
"""Words that stretch by less than one."""
