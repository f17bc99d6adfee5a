"""From which level on a process logs, as something that can be changed while it runs."""

from collections.abc import Callable

SetLogLevel = Callable[[str, str], None]
"""Of the log of that name (`aigc` is ours), from that level on, as the standard library calls it: `WARNING`."""


def no_log(logger: str, level: str) -> None:
    """Of a process whose log nobody set up."""
