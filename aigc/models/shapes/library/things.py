"""Things to light, read, wear and play."""

from __future__ import annotations

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "book",
    "tome grimoire spellbook novel dictionary",
    "a closed book with a leather cover; an old spell book",
    0.3,
    "cover",
    "cover page paper=page clasp",
)
def _book(b: Builder) -> None:
    cover = b.pick(p.LEATHER, p.LEATHER.in_color(rgb("6a2f38")), p.LEATHER.in_color(rgb("2f4a5f")))
    spine = s.box(0.022, 0.058, 0.3, 0.01).translate((-0.105, 0.03, 0))
    b.add(
        "cover",
        [
            s.box(0.22, 0.008, 0.3, 0.003).translate((0, 0.004, 0)),
            s.box(0.22, 0.008, 0.3, 0.003).translate((0, 0.056, 0)),
            spine,
        ],
        cover,
    )
    b.add("page", s.box(0.205, 0.046, 0.282, 0.002).translate((0.0, 0.03, 0)), p.PAPER, keep=True)
    for y in (-0.1, 0.0, 0.1):
        b.add("band", s.box(0.03, 0.064, 0.012, 0.004).translate((-0.104, 0.03, y)), cover)
    corners = [s.box(0.035, 0.066, 0.035, 0.003).translate((0.094, 0.03, z)) for z in (-0.134, 0.134)]
    b.add("clasp", corners, p.BRASS, keep=True)
    b.add("clasp", s.along_x(s.ring(0.04, 0.004, 32, 8)).rotate((0, 0, 90)).translate((0, 0.06, 0)), p.GOLD, keep=True)
    if b.says("spell", "magic", "grimoire", "spellbook"):
        b.add(
            "gem",
            s.ellipsoid(0.02, 0.012, 0.02, 20).translate((0, 0.061, 0)),
            p.GLASS.in_color(rgb("3f8fd0")),
            keep=True,
        )


@shape(
    "candle",
    "torch taper",
    "a candle that burns in a brass holder; a torch",
    0.25,
    "wax",
    "wax holder flame base=holder",
)
def _candle(b: Builder) -> None:
    b.add(
        "holder",
        s.lathe(
            s.curve(
                [(0.06, 0), (0.066, 0.006), (0.07, 0.016), (0.056, 0.01), (0.02, 0.008), (0.022, 0.04), (0.026, 0.042)]
            )
        ),
        p.BRASS,
        turned=True,
    )
    b.add("holder", s.along_z(s.ring(0.018, 0.0035, 28)).translate((0.08, 0.02, 0)), p.BRASS)
    b.add(
        "wax",
        Blob(0.006)
        .limb((0, 0.03, 0), (0, 0.16, 0), 0.018, 0.0175)
        .limb((0.016, 0.16, 0.004), (0.018, 0.11, 0.004), 0.0045, 0.006)
        .limb((-0.01, 0.165, 0.013), (-0.011, 0.135, 0.014), 0.004, 0.006)
        .solid(1500),
        Finish("plain", rgb("f2e7c9"), None, 0.5),
    )
    b.add("wick", s.capsule((0, 0.17, 0), (0.001, 0.188, 0), 0.0016), p.BLACK, keep=True)
    b.add(
        "flame",
        s.lathe(s.curve([(0.003, 0.182), (0.0085, 0.196), (0.006, 0.215), (0.0008, 0.24)])),
        Finish("blend", rgb("f28a2a"), rgb("fff3b0"), 0.6),
        keep=True,
    )


@shape(
    "lantern",
    "streetlamp lamppost streetlight",
    "an old lantern with a candle; a street lamp",
    0.4,
    "frame",
    "frame glass handle post=frame",
)
def _lantern(b: Builder) -> None:
    lift = 0.0
    if b.says("street", "post", "streetlamp", "lamppost", "streetlight"):
        lift = 1.1
        b.add(
            "frame",
            s.lathe(s.curve([(0.11, 0), (0.1, 0.05), (0.045, 0.12), (0.03, 0.3), (0.024, 1.0), (0.05, 1.1)], 5)),
            p.IRON,
            turned=True,
        )
    b.add(
        "frame",
        [
            s.box(0.2, 0.025, 0.2, 0.008).translate((0, lift + 0.012, 0)),
            s.box(0.18, 0.02, 0.18, 0.006).translate((0, lift + 0.265, 0)),
        ],
        p.IRON,
    )
    b.add(
        "frame",
        [
            s.box(0.014, 0.24, 0.014, 0.003).translate((x * 0.075, lift + 0.14, z * 0.075))
            for x in (-1, 1)
            for z in (-1, 1)
        ],
        p.IRON,
    )
    b.add(
        "frame",
        s.hull(
            s.box(0.2, 0.01, 0.2, 0.003).translate((0, lift + 0.28, 0)),
            s.box(0.05, 0.01, 0.05, 0.003).translate((0, lift + 0.35, 0)),
        ),
        p.IRON,
    )
    b.add(
        "glass",
        s.box(0.13, 0.23, 0.13, 0.003).translate((0, lift + 0.14, 0)),
        p.LAMP.in_color(rgb("ffdf8c")),
        keep=True,
    )
    b.add(
        "frame",
        [s.box(0.155, 0.008, 0.008, 0.002).translate((0, lift + 0.14, z * 0.068)) for z in (-1, 1)]
        + [s.box(0.008, 0.008, 0.155, 0.002).translate((x * 0.068, lift + 0.14, 0)) for x in (-1, 1)],
        p.IRON,
    )
    b.add("handle", s.along_z(s.ring(0.032, 0.006, 30)).translate((0, lift + 0.385, 0)), p.IRON)


@shape("crown", "tiara diadem", "a golden crown with jewels; a king's crown", 0.25, "body", "jewel=gem gem band=body")
def _crown(b: Builder) -> None:
    points = b.count("point", 8, 5, 12)
    band = s.cylinder(0.1, 0.045, 0.005, segments=64) - s.cylinder(0.09, 0.2, 0, segments=64)
    peaks = s.around_y(
        s.hull(
            s.box(0.009, 0.012, 0.062, 0.002).translate((0.095, 0.02, 0)),
            s.box(0.006, 0.006, 0.006, 0.001).translate((0.106, 0.105, 0)),
        ),
        points,
    )
    b.add("body", [part.translate((0, 0.023, 0)) for part in (band, *peaks)], p.GOLD, turned=True)
    b.add("body", [s.ring(0.1, 0.0055, 56, 10).translate((0, y, 0)) for y in (0.006, 0.042)], p.GOLD)
    b.add("body", s.around_y(s.ball(0.0105, 16).translate((0.107, 0.135, 0)), points), p.GOLD)
    for k, gem in enumerate(s.around_y(s.ellipsoid(0.006, 0.011, 0.009, 16).translate((0.1, 0.024, 0)), points)):
        b.add("gem", gem, p.GLASS.in_color(rgb(("a01f33", "24479a", "2b8c60")[k % 3])), keep=True)


@shape("clock", "alarm watch", "an alarm clock with two bells; a round clock", 0.2, "body", "body hand bell face leg")
def _clock(b: Builder) -> None:
    body = b.pick(p.PAINT, p.PAINT.in_color(rgb("3f8f8a")), p.BRASS)
    b.add(
        "body",
        (
            s.along_z(s.cylinder(0.085, 0.06, 0.012, segments=56))
            - s.along_z(s.cylinder(0.074, 0.06, 0, segments=56)).translate((0, 0, 0.045))
        ).translate((0, 0.115, 0)),
        body,
    )
    b.add("face", s.along_z(s.cylinder(0.0745, 0.01, 0, segments=56)).translate((0, 0.115, 0.013)), p.ENAMEL, keep=True)
    marks = [
        s.box(0.005 if k % 3 else 0.008, 0.012, 0.006, 0.001)
        .translate((0, 0.062, 0.019))
        .rotate((0, 0, 30 * k))
        .translate((0, 0.115, 0))
        for k in range(12)
    ]
    b.add("hand", marks, p.BLACK, keep=True)
    b.add(
        "hand",
        [
            s.box(0.006, 0.042, 0.005, 0.002).translate((0, 0.018, 0.022)).rotate((0, 0, -50)).translate((0, 0.115, 0)),
            s.box(0.005, 0.06, 0.005, 0.002).translate((0, 0.026, 0.025)).rotate((0, 0, 58)).translate((0, 0.115, 0)),
            s.along_z(s.cylinder(0.006, 0.02, 0.002)).translate((0, 0.115, 0.02)),
        ],
        p.BLACK,
        keep=True,
    )
    b.add(
        "bell",
        s.mirrored(
            (s.ellipsoid(0.042, 0.036, 0.042, 32) ^ s.box(1, 0.2, 1, 0).translate((0, 0.1, 0)))
            .rotate((0, 0, -32))
            .translate((0.058, 0.19, 0))
        ),
        p.BRASS,
    )
    b.add("leg", s.mirrored(s.capsule((0.045, 0.045, 0), (0.065, 0.01, 0), 0.009, 0.011)), p.BRASS)
    b.add("leg", s.tube([(-0.025, 0.225, 0), (0, 0.243, 0), (0.025, 0.225, 0)], 0.005), p.BRASS)


@shape(
    "guitar", "ukulele violin lute cello", "an acoustic guitar with strings; a ukulele", 1.0, "body", "body neck string"
)
def _guitar(b: Builder) -> None:
    left = [
        (0.0, 0.0),
        (0.12, 0.015),
        (0.185, 0.09),
        (0.19, 0.16),
        (0.14, 0.24),
        (0.118, 0.29),
        (0.135, 0.36),
        (0.135, 0.42),
        (0.085, 0.475),
        (0.0, 0.485),
    ]
    edge = s.curve(left, 5)
    outline = [*edge, *((-x, y) for x, y in reversed(edge[1:-1]))]
    body = s.prism(outline, 0.09)
    hole = s.along_z(s.cylinder(0.047, 0.06, 0, segments=40)).translate((0, 0.31, 0.045))
    wood = b.pick(p.OAK.in_color(rgb("c98a45")), p.WALNUT)
    b.add("body", body - hole, wood)
    rim = s.prism([(x * 1.02, y * 1.012 - 0.003) for x, y in outline], 0.012)
    b.add(
        "rim",
        [
            (rim - s.prism([(x * 0.97, 0.24 + (y - 0.24) * 0.975) for x, y in outline], 1)).translate((0, 0, z))
            for z in (-0.04, 0.04)
        ],
        p.WALNUT.in_color(rgb("4a2c1c")),
        keep=True,
    )
    b.add(
        "rose",
        s.along_z(s.ring(0.053, 0.004, 44, 8)).translate((0, 0.31, 0.045)),
        p.WALNUT.in_color(rgb("3a2216")),
        keep=True,
    )
    b.add("neck", s.box(0.052, 0.52, 0.03, 0.01).translate((0, 0.7, 0.038)), p.WALNUT)
    b.add(
        "neck", s.box(0.05, 0.56, 0.012, 0.002).translate((0, 0.68, 0.055)), p.WALNUT.in_color(rgb("2f1d13")), keep=True
    )
    b.add(
        "fret",
        [
            s.box(0.05, 0.003, 0.005, 0.001).translate((0, 0.94 - 0.5 * (1 - 0.5 ** (k / 12)), 0.062))
            for k in range(1, 15)
        ],
        p.BRASS,
        keep=True,
    )
    b.add(
        "neck",
        s.hull(
            s.box(0.055, 0.02, 0.02, 0.004).translate((0, 0.955, 0.04)),
            s.box(0.075, 0.02, 0.016, 0.004).translate((0, 1.09, 0.02)),
        ),
        p.WALNUT,
    )
    b.add(
        "peg",
        [
            s.along_x(s.cylinder(0.008, 0.03, 0.003)).translate((x * 0.05, 0.99 + 0.035 * k, 0.03))
            for x in (-1, 1)
            for k in range(3)
        ],
        p.STEEL,
        keep=True,
    )
    b.add(
        "bridge",
        s.box(0.11, 0.025, 0.016, 0.004).translate((0, 0.13, 0.05)),
        p.WALNUT.in_color(rgb("2f1d13")),
        keep=True,
    )
    b.add(
        "string",
        [
            s.capsule((x * 0.9, 0.135, 0.058), (x * 0.8, 0.99, 0.066), 0.0013, segments=6)
            for x in (-0.022, -0.013, -0.0045, 0.0045, 0.013, 0.022)
        ],
        p.STEEL,
        keep=True,
    )


@shape("camera", "photo", "a camera with a lens; a vintage photo camera", 0.15, "body", "body lens")
def _camera(b: Builder) -> None:
    b.add("body", s.box(0.13, 0.06, 0.042, 0.012).translate((0, 0.036, 0)), p.LEATHER.in_color(rgb("2c2c2f")))
    b.add(
        "top",
        [
            s.box(0.131, 0.022, 0.043, 0.008).translate((0, 0.072, 0)),
            s.frustum((0.042, 0.04), (0.03, 0.03), 0.018, 0.004).translate((0, 0.078, 0)),
        ],
        p.STEEL,
        keep=True,
    )
    b.add(
        "lens",
        s.along_z(
            s.lathe(
                [
                    (0.03, 0),
                    (0.03, 0.014),
                    (0.0265, 0.016),
                    (0.0265, 0.034),
                    (0.028, 0.036),
                    (0.028, 0.044),
                    (0.024, 0.046),
                    (0.022, 0.036),
                ],
                44,
            )
        ).translate((0, 0.04, 0.018)),
        p.BLACK,
        keep=True,
    )
    b.add("lens", s.along_z(s.ring(0.0285, 0.0025, 44, 8)).translate((0, 0.04, 0.05)), p.CHROME, keep=True)
    b.add(
        "glass",
        s.ellipsoid(0.0225, 0.0225, 0.008, 32).translate((0, 0.04, 0.054)),
        p.GLASS.in_color(rgb("24405f")),
        keep=True,
    )
    b.add(
        "top",
        [
            s.cylinder(0.011, 0.012, 0.002).translate((-0.045, 0.088, 0)),
            s.cylinder(0.0065, 0.008, 0.002).translate((0.04, 0.086, 0.004)),
            s.cylinder(0.009, 0.006, 0.002).translate((0.055, 0.085, -0.006)),
        ],
        p.CHROME,
        keep=True,
    )
    b.add("glass", s.box(0.016, 0.01, 0.004, 0.002).translate((0, 0.09, 0.0195)), p.GLASS, keep=True)


@shape(
    "computer",
    "laptop monitor screen television tv pc",
    "a laptop computer; a monitor with a keyboard; an old television",
    0.4,
    "body",
    "body screen key=key",
)
def _computer(b: Builder) -> None:
    if b.says("television", "tv", "monitor", "screen"):
        b.add(
            "body",
            s.box(0.62, 0.38, 0.03 if not b.says("old", "retro") else 0.3, 0.012).translate(
                (0, 0.32, 0 if not b.says("old", "retro") else -0.13)
            ),
            p.BLACK if not b.says("old", "retro") else p.WALNUT,
        )
        b.add(
            "screen",
            s.box(0.585, 0.335, 0.01, 0.006).translate((0, 0.325, 0.0125 if not b.says("old", "retro") else 0.018)),
            p.GLASS.in_color(rgb("24435c")),
            keep=True,
        )
        b.add(
            "body",
            [
                s.box(0.07, 0.16, 0.02, 0.006).translate((0, 0.08, -0.02)),
                s.box(0.26, 0.012, 0.16, 0.006).translate((0, 0.006, 0)),
            ],
            p.STEEL,
        )
        return
    b.add("body", s.box(0.34, 0.016, 0.24, 0.007).translate((0, 0.008, 0)), p.STEEL)
    b.add(
        "body",
        s.box(0.34, 0.22, 0.009, 0.004).translate((0, 0.11, 0)).rotate((-18, 0, 0)).translate((0, 0.014, -0.118)),
        p.STEEL,
    )
    b.add(
        "screen",
        s.box(0.318, 0.196, 0.004, 0.002)
        .translate((0, 0.113, 0.0045))
        .rotate((-18, 0, 0))
        .translate((0, 0.014, -0.118)),
        Finish("blend", rgb("1f4a78"), rgb("8fc3d9"), 0.15),
        keep=True,
    )
    keys = [
        s.box(0.02, 0.004, 0.018, 0.002).translate((-0.143 + 0.026 * column, 0.0175, -0.07 + 0.024 * row))
        for row in range(5)
        for column in range(12)
    ]
    b.add("key", keys, p.BLACK, keep=True)
    b.add(
        "key", s.box(0.1, 0.002, 0.062, 0.001).translate((0, 0.0165, 0.082)), p.STEEL.in_color(rgb("9a9fa5")), keep=True
    )
