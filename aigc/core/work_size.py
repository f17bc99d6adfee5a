"""How large a job is, as one number, before anybody has looked into its files.

Memory and time are learned by it, so it should grow with them. The bytes of the inputs are known to the gateway, which
must not parse them; and whoever writes a model knows which parameters matter: in the schema, `"work_power": 2` beside
a resolution says that work grows with its square. A function of the model's own would know more, but models are
imported by runners alone, and a runner is chosen when the size is known.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

TEXT_BYTES = 1 << 20
"""What a job without files counts as, so that its parameters can make it smaller or larger."""
LARGEST = 1 << 60


class WorkSize:
    """The rule of one model.

    Args:
        schema: of its parameters, JSON Schema; each with a positive default and `work_power` counts.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._powers = tuple(
            (name, float(field["default"]), float(field["work_power"]))
            for name, field in schema.get("properties", {}).items()
            if is_number(field.get("work_power")) and is_number(field.get("default")) and field["default"] > 0
        )

    def of(self, input_bytes: int, params: Mapping[str, Any]) -> int:
        """`input_bytes` of files, times (value / default) ** power for each parameter that counts.

        Without files it is 0 if none counts.
        """
        if not self._powers:
            return input_bytes
        size = float(input_bytes or TEXT_BYTES)
        for name, default, power in self._powers:
            value = params.get(name)
            if is_number(value) and value > 0:
                size *= (value / default) ** power
        return max(1, int(min(size, LARGEST)))


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it can be reckoned with; True and False cannot."""
    return isinstance(value, int | float) and not isinstance(value, bool)
