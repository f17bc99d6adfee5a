import io

import numpy as np
import pytest
from PIL import Image

from aigc.mesh import textures
from aigc.mesh.textures import Textures
from aigc.runner.model import InputInvalid


def png(size: tuple[int, int], mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return out.getvalue()


def test_transparency_stays_and_everything_else_becomes_rgb() -> None:
    assert Textures().decoded(png((3, 2), "LA")).shape == (2, 3, 4)
    assert Textures().decoded(png((3, 2), "L")).shape == (2, 3, 3)
    assert Textures().decoded(png((3, 2))).dtype == np.uint8


def test_all_pictures_of_a_file_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textures, "MOST_PIXELS", 10)
    some = Textures()
    some.decoded(png((4, 4)))
    with pytest.raises(InputInvalid, match="million pixels"):
        some.decoded(png((4, 4)))


def test_what_is_no_picture_is_refused_in_words() -> None:
    with pytest.raises(InputInvalid, match="cannot be decoded"):
        Textures().decoded(b"GIF89a")
