import cv2
import numpy as np
import pytest

from aigc.models.editing.picture_change import changes, signed_distance

GREY, RED = (120, 120, 120), (220, 30, 30)


def scene(*shapes):
    """A picture of filled circles (x, y, radius, colour), and the mask of them all."""
    picture, mask = np.zeros((200, 200, 3), np.uint8), np.zeros((200, 200), np.float32)
    for x, y, radius, color in shapes:
        cv2.circle(picture, (x, y), radius, color, -1)
        cv2.circle(mask, (x, y), radius, 1, -1)
    return picture, mask


BODY = (100, 110, 60, GREY)


def between(one, two, limit=None, threshold=12.0):
    return changes(one[0], two[0], one[1], two[1], limit, threshold)


def test_the_same_picture_is_no_change_nor_is_a_cut_that_is_a_pixel_off():
    assert between(scene(BODY), scene(BODY)).is_nothing
    assert between(scene(BODY), scene((100, 110, 61, GREY))).is_nothing
    assert between(scene(BODY), scene((100, 110, 60, (123, 121, 120)))).is_nothing


def test_what_came_what_went_and_what_was_painted_are_told_apart():
    before, after = scene(BODY, (160, 60, 20, GREY)), scene(BODY, (40, 50, 20, GREY), (100, 120, 25, RED))

    change = between(before, after)

    assert change.grown[45, 35] and not change.grown[110, 100] and not change.grown[60, 165]
    assert change.lost[55, 168] and not change.lost[45, 35]
    assert change.painted[120, 100] == 1 and change.painted[80, 100] == 0
    assert change.painted[120, 100 + 40] == 0


def test_changes_count_within_the_limit_alone():
    before, after = scene(BODY), scene(BODY, (70, 110, 15, RED), (130, 110, 15, RED))
    left = np.zeros((200, 200), np.float32)
    left[:, :100] = 1

    painted = between(before, after, left).painted

    assert painted[110, 70] == 1 and painted[110, 130] == 0


def test_distances_to_a_mask_have_a_sign():
    mask = np.zeros((50, 50), bool)
    mask[10:30, 10:30] = True

    away = signed_distance(mask)

    assert away[20, 20] == pytest.approx(-10, abs=1)
    assert away[20, 45] == pytest.approx(16, abs=1)
