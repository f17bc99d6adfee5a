"""YAML with places, and complaints that name them."""

import pytest
from pydantic import BaseModel, ConfigDict

from config.marks import ConfigInvalid, check, parse


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    port: int = 1
    names: list[str] = []


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    server: Inner = Inner()
    needed: str


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as refused:
        check(Outer, parse(text, "f.yaml"))
    return [str(complaint) for complaint in refused.value.complaints]


def test_every_error_is_told_at_once_with_its_place() -> None:
    told = complaints("server:\n  prot: 3\n  names: [a, {b: 1}]\n")
    assert told == [
        "f.yaml:3:14: server.names.1: {'b': 1} is not usable: input should be a valid string",
        "f.yaml:2:9: server.prot is not a setting: did you mean port?",
        "f.yaml:1:1: needed is missing: add it",
    ]


def test_a_repeated_key_is_told_with_both_places() -> None:
    told = complaints("needed: a\nserver: {}\nneeded: b\n")
    assert told == ["f.yaml:3:1: needed stands here a second time: first at f.yaml:1:9"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", "no"), ("12:30:45", "12:30:45"), ("on", "on"), ("0123", 123), ("1e3", 1000.0), ("~", None), ("true", True)],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    assert parse(f"a: {text}", "f.yaml").data == {"a": value}


def test_a_syntax_error_names_line_and_column() -> None:
    assert complaints("server:\n  port: [1\n")[0].startswith("f.yaml:3:1: ")


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [echo]",
        "a: &a [x, *a]",
        "\x00",
        "a: [" + "[" * 5000,
        "{}: 1\n? [a]\n: 2",
    ],
)
def test_hostile_files_are_refused_and_never_run(text: str) -> None:
    with pytest.raises(ConfigInvalid):
        check(Outer, parse(text, "f.yaml"))


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigInvalid, match="too many or too deep"):
        parse("\n".join(lines), "f.yaml")
