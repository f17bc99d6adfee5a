"""What parameters a model takes, learned from its class under its own interpreter."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from aigc.runner.classpath import load_class
from aigc.runner.hide import hide_server


def schema_of(model_class: Any) -> dict[str, Any]:
    """The JSON Schema of a model's parameters; one that allows none if the class declares none.

    Raises:
        TypeError: `parameters` is neither a pydantic model class nor a dict.
    """
    declared = getattr(model_class, "parameters", None)
    if declared is None:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    if isinstance(declared, dict):
        return declared
    of_pydantic = getattr(declared, "model_json_schema", None)
    if not callable(of_pydantic):
        raise TypeError(
            f"{model_class.__name__}.parameters is a {type(declared).__name__}; "
            "make it a pydantic model class, or a JSON Schema as a dict"
        )
    schema: dict[str, Any] = of_pydantic()
    return schema


def print_schema(class_path: str) -> int:
    """The schema is printed as one line of JSON; what the import prints goes to standard error.

    Returns: the exit status, 1 if the class cannot be imported or declares nonsense.
    """
    answer = os.dup(1)
    os.dup2(2, 1)
    hide_server()
    try:
        line = json.dumps(schema_of(load_class(class_path))) + "\n"
    except Exception:  # noqa: BLE001 - a third party's import may raise anything
        traceback.print_exc()
        return 1
    sys.stdout.flush()
    with os.fdopen(answer, "w") as out:
        out.write(line)
    return 0
