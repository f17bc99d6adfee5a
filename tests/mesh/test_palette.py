from aigc.mesh.palette import tint, tint_linear


def test_neighbours_in_number_differ_and_a_number_keeps_its_colour():
    for number in range(32):
        one, two = tint(number), tint(number + 1)
        assert sum(abs(a - b) for a, b in zip(one, two, strict=True)) > 90
        assert tint(number) == one


def test_linear_colours_are_opaque_and_within_range():
    for number in range(32):
        *color, alpha = tint_linear(number)
        assert alpha == 1
        assert all(0 <= value <= 1 for value in color)
