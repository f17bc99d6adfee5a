"""A mesh from a sentence: the nearest shape of a parametric library, coloured, counted and sized as the words say.

This is no generative network. The result names the shape that was chosen and how well the prompt fits it.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from aigc.features.base import power_of_two
from aigc.features.text_to_mesh import ShapeGrammarParameters, ShapeGrammarRawParameters
from aigc.mesh.export import mesh_outputs
from aigc.mesh.preview import thumbnail
from aigc.models.shapes.assemble import assemble, build_pieces, painted_mesh, plain_mesh
from aigc.models.shapes.retrieval import Match, Retriever
from aigc.models.shapes.understanding import understand
from aigc.models.shapes.words import read_wishes
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 6
_LONGEST_PROMPT = 2000
_WHAT = "parametric shape library"


class ShapeGrammar:
    """Serves text_to_textured_mesh."""

    textured = True

    def load(self, device: str) -> None:
        """Read the sentence encoder and the library; everything runs on the CPU."""
        self._retriever = Retriever()

    def unload(self) -> None:
        """Forget both."""
        del self._retriever

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """A watertight mesh of the library's shape that is nearest to the prompt `inputs["text"]`.

        Raises:
            InputInvalid: the prompt has no words, or none that come near any shape.
        """
        settings = (ShapeGrammarParameters if self.textured else ShapeGrammarRawParameters)(**params)
        prompt = _checked(inputs["text"], progress)
        progress(0.03, "preprocessing", 1, _STEPS, "reading the prompt")
        match = self._match(prompt, progress)
        shape = match.shape
        words = prompt
        if isinstance(settings, ShapeGrammarParameters) and settings.texture_prompt:
            words = f"{prompt} with {settings.texture_prompt}"
        wishes = read_wishes(words, shape.parts, shape.names)
        progress(0.08, "sampling", 2, _STEPS, f"shaping: {shape.name}")
        pieces = build_pieces(shape, wishes, settings.seed, settings.variation)
        progress(0.25, "decoding", 3, _STEPS, f"joining {len(pieces)} parts")
        size = settings.size or shape.size * wishes.size

        def between(step: int) -> None:
            progress(0.3, "decoding", 3, _STEPS, "simplifying" if step else "joined")

        assembly = assemble(pieces, wishes, size, settings.target_face_count, between)
        if len(assembly.faces) > 1.1 * settings.target_face_count:
            progress.warn(f"the shape cannot be told with fewer than {len(assembly.faces):,} triangles")
        if isinstance(settings, ShapeGrammarParameters):

            def report(fraction: float, message: str) -> None:
                progress(0.35 + 0.5 * fraction, "texturing", 4, _STEPS, message)

            resolution = power_of_two(settings.texture_resolution)
            mesh = painted_mesh(assembly, wishes, resolution, shape.name, report)
        else:
            mesh = plain_mesh(assembly, shape.name)
        progress(0.88, "exporting", 5, _STEPS, "writing the mesh")
        info = {
            "method": _WHAT,
            "closest_shape": shape.name,
            "score": match.score,
            "second_closest": match.second.name,
            "second_score": match.second_score,
            "parts": len(pieces),
        }
        outputs = mesh_outputs(mesh, settings.output_format, extras={"model": _WHAT, "shape": shape.name})
        drawing = partial(progress, 0.93, "exporting", 6, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(mesh, between=drawing)))
        return Result(outputs, info)

    def _match(self, prompt: str, progress: Progress) -> Match:
        if not self._retriever.understands_sentences:
            progress.warn("the sentence encoder is not installed: the prompt was compared word by word only")
        understood = understand(self._retriever, prompt)
        for warning in understood.warnings:
            progress.warn(warning)
        return understood.match


class ShapeGrammarRaw(ShapeGrammar):
    """Serves text_to_raw_mesh: the same surface without a texture."""

    textured = False


def _checked(text: str, progress: Progress) -> str:
    """The prompt, if it holds anything to go by."""
    if not re.search(r"\w", text):
        raise InputInvalid("the prompt has no words", "say what to make, for example: a red chair with three legs")
    if not re.search(r"[A-Za-z]{2}", text):
        raise InputInvalid(
            "the prompt is not in English, which is the only language known here",
            "say it in a few English words, for example: a red chair",
        )
    if len(text) > _LONGEST_PROMPT:
        progress.warn(f"only the first {_LONGEST_PROMPT} characters of the prompt were read")
    return text[:_LONGEST_PROMPT]
