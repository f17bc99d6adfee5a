import math

import pytest

from aigc.mesh.mtl import read_mtl
from aigc.runner.model import InputInvalid


def nothing(name: str) -> bytes | None:
    return None


@pytest.mark.parametrize(
    ("line", "roughness"),
    [("Pr 0.4", 0.4), ("Ns 0", 1.0), ("Ns 30", 0.5), ("Ns 1e9", 0.05), ("Ns x", 0.8), ("", 0.8), ("Ns inf", 0.8)],
)
def test_roughness_is_said_or_follows_from_the_highlight(line: str, roughness: float) -> None:
    found = read_mtl(f"newmtl a\n{line}\n".encode(), nothing)["a"]
    assert math.isclose(found.roughness, roughness)


def test_transparency_is_read_in_both_ways_of_saying_it() -> None:
    found = read_mtl(b"newmtl a\nTr 0.25\nnewmtl b\nd 0.25\n newmtl c\n", nothing)
    assert [found[name].base_color[3] for name in "abc"] == [0.75, 0.25, 1.0]


def test_a_file_without_a_material_has_none() -> None:
    assert read_mtl(b"# nothing\n", nothing) == {}


def test_a_long_run_of_blanks_is_not_searched_again_and_again() -> None:
    with pytest.raises(InputInvalid, match="names the picture 'x"):
        read_mtl(b"newmtl a\nmap_Kd x" + b" " * 500_000 + b"y\n", nothing)
