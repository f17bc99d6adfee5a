"""What a prompt says of a thing besides its name: colours, materials, counts, sizes, weather."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from aigc.models.shapes.finish import Color, Finish
from aigc.models.shapes.palette import MATERIAL_WORDS, PATTERN_WORDS, color_of

_NUMBERS = {
    "no": 0, "zero": 0, "one": 1, "single": 1, "two": 2, "double": 2, "pair": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
LIGHTNESS = {"dark": -0.4, "deep": -0.25, "light": 0.4, "pale": 0.5, "bright": 0.12, "pastel": 0.45}
# Factors on width, height and depth.
STRETCH: dict[str, tuple[float, float, float]] = {
    "tall": (1, 1.35, 1), "high": (1, 1.3, 1), "short": (1, 0.75, 1), "low": (1, 0.75, 1), "squat": (1.15, 0.75, 1.15),
    "wide": (1.3, 1, 1), "broad": (1.25, 1, 1), "narrow": (0.75, 1, 1), "long": (1, 1, 1.3), "deep": (1, 1, 1.2),
    "thin": (0.8, 1, 0.8), "slim": (0.8, 1, 0.8), "skinny": (0.75, 1, 0.75), "slender": (0.78, 1, 0.78),
    "fat": (1.28, 1, 1.28), "chubby": (1.22, 1, 1.22), "thick": (1.2, 1, 1.2), "plump": (1.22, 1, 1.22),
    "flat": (1, 0.65, 1), "stretched": (1, 1.3, 1), "elongated": (1, 1, 1.35),
}  # fmt: skip
SIZES = {
    "tiny": 0.35, "miniature": 0.2, "mini": 0.4, "small": 0.65, "little": 0.65, "baby": 0.5, "big": 1.5, "large": 1.5,
    "huge": 2.5, "giant": 4.0, "gigantic": 5.0, "massive": 3.0, "enormous": 4.0,
}  # fmt: skip
WEATHER = {
    "snowy": "snow", "snow-covered": "snow", "snow-capped": "snow", "mossy": "moss", "overgrown": "moss",
    "old": "worn", "worn": "worn", "weathered": "worn", "ancient": "worn", "dirty": "worn", "battered": "worn",
}  # fmt: skip
GLOSS = {"shiny": -0.35, "glossy": -0.35, "polished": -0.4, "matte": 0.3, "matt": 0.3, "dull": 0.2}


@dataclass(frozen=True)
class Look:
    """How something shall look; what the prompt leaves open is None."""

    color: Color | None = None
    material: Finish | None = None
    pattern: str | None = None
    gloss: float = 0.0

    @property
    def says_nothing(self) -> bool:
        """Whether it leaves everything open."""
        return self == Look()

    def over(self, finish: Finish, keep_material: bool = False) -> Finish:
        """The finish, changed as this look says."""
        result = finish if self.material is None or keep_material else self.material
        if self.color is not None:
            result = result.in_color(self.color)
        if self.pattern is not None and self.pattern != result.pattern:
            result = replace(result, pattern=self.pattern, second=None)
        if self.gloss:
            result = replace(result, roughness=min(1.0, max(0.05, result.roughness + self.gloss)))
        return result


@dataclass
class Wishes:
    """Everything that a prompt says besides what the thing is.

    Args:
        words: the prompt's words, in lower case and the singular.
        looks: by the noun that they stand before; "" for the thing itself.
        counts: by noun.
        stretch: factors on width, height, depth. size: factor on all.
        weather: any of snow, moss, worn.
    """

    words: list[str] = field(default_factory=list)
    looks: dict[str, Look] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    stretch: tuple[float, float, float] = (1, 1, 1)
    size: float = 1.0
    weather: set[str] = field(default_factory=set)


def singular(word: str) -> str:
    """The word without the ending of the plural, good enough to compare with another."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ves") and len(word) > 4:
        return word[:-3] + "f"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def read_wishes(prompt: str, parts: dict[str, str], names: set[str]) -> Wishes:
    """What the prompt says of a thing with these parts.

    Args:
        parts: singular word for a part -> the part.
        names: words for the thing itself.
    """
    wishes = Wishes()
    pending, count = Look(), None
    after = False  # behind "with": what follows is a part, even one that this thing does not have
    # A breed, not a metal.
    text = prompt.lower().replace("golden retriever", "retriever")
    for word in re.findall(r"[a-z]+(?:-[a-z]+)*|\d+", text):
        for piece in [word] if word in WEATHER else word.split("-"):
            wishes.words.append(singular(piece))
            noun = singular(piece)
            is_noun = noun in parts or noun in names
            changed = None if is_noun else _adjective(piece, pending, wishes)
            if changed is not None:
                pending = changed
                continue
            number = _NUMBERS.get(piece, int(piece) if piece.isdigit() and len(piece) < 3 else None)
            if number is not None:
                count = number
                continue
            if is_noun:
                target = parts.get(noun, "") if noun not in names or (after and noun in parts) else ""
                _bind(wishes, target, pending)
                if count is not None:
                    wishes.counts[target] = count
                pending, count = Look(), None
            elif piece in ("with", "having", "has"):
                _bind(wishes, "", pending)
                pending, after = Look(), True
    _bind(wishes, "", pending)
    return wishes


def _adjective(word: str, pending: Look, wishes: Wishes) -> Look | None:
    """The look that is waiting for its noun, with this adjective added; None if the word is no adjective."""
    color = color_of(word)
    noun = singular(word)
    if color is not None:
        light = (pending.color or (0, 0, 0))[0] if pending.color and pending.color[1] < 0 else None
        return replace(pending, color=color if light is None else lighter(color, light))
    if word in LIGHTNESS and pending.color is None:
        # Kept as a mark until the colour itself comes: "dark" waits for "green".
        return replace(pending, color=(LIGHTNESS[word], -1, -1))
    if word in MATERIAL_WORDS or noun in MATERIAL_WORDS:
        return replace(pending, material=MATERIAL_WORDS.get(word) or MATERIAL_WORDS[noun])
    if word in PATTERN_WORDS:
        return replace(pending, pattern=PATTERN_WORDS[word])
    if word in GLOSS:
        return replace(pending, gloss=GLOSS[word])
    if word in WEATHER:
        wishes.weather.add(WEATHER[word])
        return pending
    if word in STRETCH:
        wishes.stretch = tuple(a * b for a, b in zip(wishes.stretch, STRETCH[word], strict=True))  # type: ignore[assignment]
        return pending
    if word in SIZES:
        wishes.size *= SIZES[word]
        return pending
    return None


def _bind(wishes: Wishes, target: str, look: Look) -> None:
    """The look belongs to this part from now on; what was said of it before stays where this says nothing."""
    if look.color is not None and look.color[1] < 0:
        look = replace(look, color=None)
    if look.says_nothing:
        return
    before = wishes.looks.get(target, Look())
    wishes.looks[target] = Look(
        look.color or before.color,
        look.material or before.material,
        look.pattern or before.pattern,
        look.gloss or before.gloss,
    )


def lighter(color: Color, by: float) -> Color:
    """Moved by this share towards white, or towards black below 0."""
    target = 1.0 if by > 0 else 0.0
    return tuple(c + (target - c) * abs(by) for c in color)  # type: ignore[return-value]
