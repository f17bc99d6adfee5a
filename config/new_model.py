"""A package for a model of one's own, from `model_template`: a real, tested model under another name.

The template takes a text. For a feature that is given files, the few places that say so are said differently.
"""

import keyword
import re
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from aigc.core.errors import InputInvalid
from aigc.features import FEATURES
from aigc.features.base import TEXT_KINDS, Feature

TAKEN = frozenset({"aigc", "actors", "transport", "web", "config", "tests"}) | sys.stdlib_module_names

_FROM_TEXT = '''    """One for each letter of the text."""
    letters = sum(not letter.isspace() for letter in inputs["text"])
    if not letters:
        raise InputInvalid("the text has no letters", "write a few words")
    return letters
'''
_FROM_FILE = '''    """Look into the file here; parse it with whatever your model brings along."""
    data = Path(inputs["FILE"]).read_bytes()
    if not data:
        raise InputInvalid("the FILE is empty", "send another one")
    return 12
'''


def new_model(name: str, feature: str, folder: Path) -> list[Path]:
    """The files that were written below `folder`, which is made and must be empty.

    Args:
        name: id of the model in the catalogue.
    Raises:
        InputInvalid: the name or the feature cannot be used, or something lies in the folder.
        OSError: the folder cannot be written to.
    """
    package = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name) or not package.isidentifier():
        raise InputInvalid(f"{name!r} is no name for a model", suggestion="use letters, digits and -, a letter first")
    if package in TAKEN or keyword.iskeyword(package):
        raise InputInvalid(f"{package} is the name of another Python module", suggestion=f"say {name}-model")
    known = FEATURES.get(feature)
    if known is None:
        raise InputInvalid(f"{feature!r} is not a feature", suggestion="one of " + ", ".join(FEATURES))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputInvalid(f"something lies at {folder} already", suggestion="name another folder with --into")
    written = []
    for path, text in _files(resources.files("config").joinpath("model_template")):
        place = folder / _named(path, name, package)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_named(_for_feature(text, known), name, package), encoding="utf-8")
        written.append(place)
    return written


def _files(folder: Traversable, below: str = "") -> list[tuple[str, str]]:
    """Every file of the template: its path, and what is in it."""
    found: list[tuple[str, str]] = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir() and each.name != "__pycache__":
            found += _files(each, f"{below}{each.name}/")
        elif each.is_file() and not each.name.endswith(".pyc"):
            found.append((below + each.name, each.read_text(encoding="utf-8")))
    return found


def _named(text: str, name: str, package: str) -> str:
    class_name = "".join(word.capitalize() for word in package.split("_"))
    words = {"spiral_staircase": package, "spiral-staircase": name, "SpiralStaircase": class_name}
    return re.sub("|".join(words), lambda found: words[found[0]], text)


def _for_feature(text: str, feature: Feature) -> str:
    files = [name for name, kinds in feature.inputs.items() if kinds != TEXT_KINDS]
    takes_text = len(files) < len(feature.inputs)
    text = text.replace("text_to_raw_mesh", feature.name).replace("text-to-raw-mesh", feature.name.replace("_", "-"))
    if not files:
        return text.replace("sample_file, serving  # noqa: F401", "serving")
    given = {name: f'"{name}": str(sample_file("{_kind(name)}", tmp_path))' for name in files}
    said = {"text": '"text": "a small chair"'} if takes_text else {}
    sent = ", ".join(f'"{name}": inputs["{name}"]' for name in files)
    prompt = 'text=inputs["text"], ' if takes_text else ""
    changes = {
        'return {"text": "a small chair"}': f"return {{{', '.join((said | given).values())}}}",
        'text=inputs["text"]': f"{prompt}files={{{sent}}}",
        "sample_file, serving  # noqa: F401": "sample_file, serving",
        '-t "a small chair" --model': " ".join(_shown(feature)) + " --model",
    }
    if not takes_text:
        changes[_FROM_TEXT] = _FROM_FILE.replace("FILE", files[0])
        changes["import random\nfrom typing"] = "import random\nfrom pathlib import Path\nfrom typing"
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _kind(name: str) -> str:
    """Of a sample for the input of that name."""
    return "mesh" if "mesh" in name else "image"


def _shown(feature: Feature) -> list[str]:
    """The inputs, as somebody would give them to `aigc submit`."""
    shown = {"text": '-t "a small chair"', "image": "picture.png", "mesh": "mesh.glb"}
    return [shown["text" if kinds == TEXT_KINDS else _kind(name)] for name, kinds in feature.inputs.items()]
