"""YAML with the place of every value, so that a complaint can say `file:line:col`.

Scalars follow the core schema of YAML 1.2: `no` and `12:30` are strings here, not False and 750. A repeated key is a
complaint, not a silent loss.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
Keys = tuple[str | int, ...]

NODES_LIMIT = 100_000
DEPTH_LIMIT = 50


class Complaint(NamedTuple):
    """What is wrong with a configuration, where, and what to do about it."""

    place: str
    """`file:line:col`, or the name of an environment variable or flag."""
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}: {self.do}"


class ConfigInvalid(Exception):
    """A configuration cannot be used; holds every complaint at once."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = tuple(complaints)


class Document(NamedTuple):
    """One YAML file: its plain data, and where each value and key of it stands."""

    file: str
    data: Any
    places: dict[Keys, str]

    def place(self, keys: Keys) -> str:
        """Where that value stands, or the nearest thing around it."""
        for end in range(len(keys), -1, -1):
            if (found := self.places.get(keys[:end])) is not None:
                return found
        return f"{self.file}:1:1"


class _Loader(yaml.SafeLoader):
    """Only what the core schema of YAML 1.2 resolves."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - a class attribute of the base


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("null", r"^(?:~|null|Null|NULL|)$", "~nN\0")
_resolve("int", r"^(?:[-+]?[0-9][0-9_]*|0x[0-9a-fA-F]+)$", "-+0123456789")
_resolve(
    "float",
    r"^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
    "-+.0123456789",
)


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = node.value.replace("_", "")
    return int(text, 16) if text.startswith("0x") else int(text)  # a leading zero is no octal in YAML 1.2


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def read(path: Path, *, shown: str = "") -> Document:
    """The file's data with its places.

    Raises:
        ConfigInvalid: unreadable, not YAML, repeated keys, unsafe tags, too large or too deep.
    """
    name = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid([Complaint(name, f"cannot be read ({error.strerror})", "check the path")]) from None
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8"
        raise ConfigInvalid([Complaint(name, what, "save the file as UTF-8")]) from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """`read` for a text that is at hand; `name` stands for the file in complaints."""
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        walk = _Walk(name, loader)
        data = None if node is None else walk.build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigInvalid([Complaint(place, error.problem or "not YAML", "check indentation and quotes")]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigInvalid([Complaint(name, f"not YAML ({error})", "check the file")]) from None
    finally:
        if loader is not None:
            loader.dispose()
    if walk.complaints:
        raise ConfigInvalid(walk.complaints)
    return Document(name, data, walk.places)


class _Walk:
    """Builds plain data from nodes and notes where each stands."""

    def __init__(self, name: str, loader: _Loader) -> None:
        self._name = name
        self._loader = loader
        self._nodes = 0
        self.places: dict[Keys, str] = {}
        self.complaints: list[Complaint] = []

    def build(self, node: yaml.Node, keys: Keys) -> Any:
        self._nodes += 1
        place = self._place(node)
        # Aliases are walked anew each time they are used, so a bomb of them runs into these.
        if self._nodes > NODES_LIMIT or len(keys) > DEPTH_LIMIT:
            raise yaml.MarkedYAMLError(problem="too many or too deep values", problem_mark=node.start_mark)
        self.places.setdefault(keys, place)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*keys, at)) for at, item in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(self._loader.construct_object(key_node, deep=True))
            if key in built:
                first = self.places[(*keys, key)]
                complaint = Complaint(self._place(key_node), f"{key} stands here a second time", f"first at {first}")
                self.complaints.append(complaint)
                continue
            built[key] = self.build(value_node, (*keys, key))
            is_value = isinstance(value_node, yaml.ScalarNode) and not _is_empty(value_node)
            self.places[(*keys, key)] = self._place(value_node if is_value else key_node)
        return built

    def _place(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _is_empty(node: yaml.Node) -> bool:
    return bool(node.start_mark.index == node.end_mark.index)


def check(model: type[M], document: Document, data: Any = None) -> M:
    """`document`'s data as a `model`; `data` replaces it where values were overlaid from elsewhere.

    Raises:
        ConfigInvalid: every field that is wrong, each with its place.
    """
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        raise ConfigInvalid([_complaint(model, document, detail) for detail in error.errors()]) from None


def _complaint(model: type[BaseModel], document: Document, detail: ErrorDetails) -> Complaint:
    keys = detail["loc"]
    # pydantic adds the branch of a union to the path; no value stands there.
    known: Keys = ()
    for key in keys:
        if (*known, key) in document.places:
            known = (*known, key)
    name = ".".join(map(str, keys)) or "the file"
    place = document.place(known)
    if detail["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(keys[-1]), list(_fields(model, keys[:-1])), n=1)
        return Complaint(place, f"{name} is not a setting", f"did you mean {close[0]}?" if close else "remove it")
    if detail["type"] == "missing":
        return Complaint(place, f"{name} is missing", "add it")
    if not keys:
        # A rule about several settings together; its words are "what; what to do".
        what, _, do = detail["msg"].removeprefix("Value error, ").partition("; ")
        return Complaint(document.file, what, do)
    shown = repr(detail["input"])
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return Complaint(place, f"{name}: {shown} is not usable", _lower(detail["msg"].removeprefix("Value error, ")))


def _fields(model: type[BaseModel], keys: Keys) -> Iterator[str]:
    """Names that a mapping at `keys` may have."""
    current: Any = model
    for key in keys:
        if isinstance(key, int) or not (isinstance(current, type) and issubclass(current, BaseModel)):
            return
        field = current.model_fields.get(key)
        if field is None:
            return
        inner = [part for part in (field.annotation, *getattr(field.annotation, "__args__", ())) if part]
        current = next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), None)
    if isinstance(current, type) and issubclass(current, BaseModel):
        yield from current.model_fields


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
