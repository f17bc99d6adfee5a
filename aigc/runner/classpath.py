"""From `package.module:Class` to the class."""

from __future__ import annotations

import importlib
from typing import Any


def load_class(class_path: str) -> Any:
    """What `class_path` names, imported.

    Raises:
        ImportError: the text is no class path, or the module has no such name; and whatever the import raises.
    """
    module_name, _, name = class_path.partition(":")
    if not module_name or not name:
        raise ImportError(f"{class_path!r} is no class path; write package.module:Class")
    found: Any = importlib.import_module(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise ImportError(f"{module_name} ({found.__file__ if hasattr(found, '__file__') else '?'}) has no {name}")
        found = getattr(found, part)
    return found
