"""The pictures of one mesh file, within one budget of pixels."""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np
from PIL import Image

from aigc.mesh.image import MOST_PIXELS
from aigc.mesh.types import BytePixels
from aigc.runner.model import InputInvalid


class Textures:
    """Decodes them, one after the other."""

    def __init__(self) -> None:
        self._left = 2 * MOST_PIXELS  # colours, and as much again of what else a surface has

    def decoded(self, data: bytes) -> BytePixels:
        """uint8 (h, w, 3 or 4) of a PNG, JPEG or WebP file.

        Raises:
            InputInvalid: it is damaged or of another format, or all together have too many pixels.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
                    self._left -= picture.width * picture.height
                    if self._left < 0:
                        raise InputInvalid(
                            f"the textures have more than {2 * MOST_PIXELS // 1_000_000} million pixels",
                            "make them smaller",
                        )
                    mode = "RGBA" if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info else "RGB"
                    return np.asarray(picture.convert(mode), np.uint8)
            except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as problem:
                raise InputInvalid(f"a texture cannot be decoded: {problem}", "export the file anew") from None
