import numpy as np
import pytest

from aigc.models.painting.parts import measured, named_parts, placed_parts, where
from aigc.models.painting.vocabulary import REGIONS

# A standing figure of boxes: body, head, two arms, two legs, a belt; each is (low, high).
FIGURE = {
    "body": ((0.3, 0.45, 0.3), (0.7, 0.8, 0.7)),
    "head": ((0.38, 0.82, 0.35), (0.62, 1.0, 0.65)),
    "left arm": ((0.8, 0.4, 0.4), (1.0, 0.78, 0.6)),
    "right arm": ((0.0, 0.4, 0.4), (0.2, 0.78, 0.6)),
    "left leg": ((0.52, 0.0, 0.35), (0.68, 0.38, 0.65)),
    "right leg": ((0.32, 0.0, 0.35), (0.48, 0.38, 0.65)),
    "belt": ((0.29, 0.4, 0.29), (0.71, 0.44, 0.71)),
}


@pytest.fixture(scope="module")
def parts():
    """The figure's parts, unnamed, as seen from the centres of many small faces."""
    random = np.random.default_rng(0)
    centres, areas, labels = [], [], []
    for number, (low, high) in enumerate(FIGURE.values()):
        low, high = np.array(low), np.array(high)
        points = low + (high - low) * random.random((300, 3))
        centres.append(points)
        areas.append(np.full(300, np.prod(high - low) ** (2 / 3)))
        labels.append(np.full(300, number))
    return measured(np.concatenate(centres), np.concatenate(areas), np.concatenate(labels), {})


def found(word, parts):
    names = list(FIGURE)
    return sorted(names[part.label] for part in placed_parts(word, parts))


def test_parts_are_found_by_their_place(parts):
    assert found("head", parts) == ["head"]
    assert found("hat", parts) == ["head"]
    assert found("leg", parts) == ["left leg", "right leg"]
    assert found("boot", parts) == ["left leg", "right leg"]
    assert found("arm", parts) == ["left arm", "right arm"]
    assert found("shirt", parts) == ["body"]
    assert found("belt", parts) == ["belt"]


def test_parts_are_measured(parts):
    body = parts[0]

    assert list(FIGURE)[body.label] == "body"
    assert np.allclose(body.centre, (0.5, 0.625, 0.5), atol=0.03)
    assert sum(part.area for part in parts) == pytest.approx(1)


def test_names_of_the_file_come_first(parts):
    named = measured(np.zeros((2, 3)), np.ones(2), np.array([0, 1]), {0: "chair_legs wood", 1: "seat"})

    assert [part.label for part in named_parts("leg", named)] == [0]
    assert named_parts("roof", named) == []


def test_one_part_alone_cannot_be_told_apart(parts):
    assert placed_parts("head", parts[:1]) == []


def test_every_word_for_a_part_is_somewhere():
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 15)] * 3), axis=-1).reshape(-1, 3)
    normals = np.sign(grid - 0.5) / np.sqrt(3)
    for word in REGIONS:
        mine = where(word, grid, normals)
        assert 0 < mine.mean() < 0.7, word
    assert not where("banana", grid, normals).any()
