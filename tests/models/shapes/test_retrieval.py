import numpy as np
import pytest

from aigc.models.shapes.retrieval import KEPT, LIBRARY, Retriever
from aigc.models.shapes.understanding import LEAST


@pytest.fixture(scope="module")
def retriever():
    return Retriever()


@pytest.mark.parametrize(
    ("prompt", "shape"),
    [
        ("a red chair", "chair"), ("golden retriever puppy", "dog"), ("Boeing 747", "airplane"),
        ("vintage sports coupe", "car"), ("a haunted mansion", "house"), ("an apple tree", "tree"),
        ("a christmas tree", "pine"), ("a bowl of apples", "bowl"), ("a house with a red chair", "house"),
        ("a wooden treasure chest", "chest"), ("a knight in shining armour", "person"), ("a fire truck", "truck"),
        ("a wine glass", "goblet"), ("a rubber duck", "duck"), ("a snowman", "snowman"),
        ("an ice cream cone", "icecream"),
        ("a tyrannosaurus", "dinosaur"), ("kitty", "cat"), ("a spaceship", "rocket"), ("a place to sleep", "bed"),
    ],
)  # fmt: skip
def test_prompts_find_their_shape(retriever, prompt, shape):
    match = retriever.match(prompt)

    assert match.shape.name == shape
    assert match.score >= LEAST
    assert match.score >= match.second_score


@pytest.mark.parametrize("prompt", ["a saxophone solo in the rain", "quantum chromodynamics", "spaghetti carbonara"])
def test_what_the_library_does_not_have_scores_low(retriever, prompt):
    match = retriever.match(prompt)

    assert match.score < 0.62
    assert not match.named


def test_without_the_encoder_words_are_compared(retriever):
    blind = Retriever.__new__(Retriever)
    blind.__dict__.update(retriever.__dict__, _encoder=None, _vectors=None, _lexicon=None)

    assert not blind.understands_sentences
    assert blind.match("a red chair").shape.name == "chair"
    assert blind.match("qwertz").score == 0


def test_the_kept_vectors_are_those_of_the_librarys_sentences(retriever):
    texts = {text for shape in LIBRARY.values() for text in (f"a {shape.name}", *shape.about)}
    with np.load(KEPT) as file:
        kept = dict(zip(file["texts"].tolist(), file["vectors"].astype(np.float32), strict=True))
    some = sorted(texts)[::29]

    assert set(kept) == texts, "run `python -m aigc.models.shapes.retrieval` to keep the vectors of new sentences"
    assert np.allclose([kept[text] for text in some], retriever._encoder.encode(some), atol=2e-3)
