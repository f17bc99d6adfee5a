import numpy as np

from aigc.models.partflow.captions import LEFT_OUT, SHAPES, counts, dressed, specials, subject

RANDOM = np.random.default_rng(0)


def test_captions_name_their_thing_in_many_wordings():
    chair = next(shape for shape in SHAPES if shape.name == "chair")
    made = [dressed(RANDOM, subject(RANDOM, chair)) for _ in range(200)]
    assert len({request.text for request in made}) > 120
    assert all(any(word in request.text for word in ("chair", "seat")) for request in made)
    counted = [request for request in made if request.count]
    assert counted
    assert all(request.part == "leg" and 3 <= request.count <= 8 for request in counted)
    assert all(request.color in request.text for request in made)


def test_the_words_and_counts_of_a_shape_are_read_from_its_function():
    assert "police" in specials("car")
    assert ("tower", 2, 8) in counts("castle")
    assert ("leg", 3, 8) in counts("table")


def test_nearly_every_shape_of_the_library_is_asked_for():
    assert len(SHAPES) >= 95
    assert not LEFT_OUT & {shape.name for shape in SHAPES}
