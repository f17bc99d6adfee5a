"""From which level on a process logs, as something that can be changed while it runs."""

from collections.abc import Callable, Mapping

SetLogLevel = Callable[[str, str], None]
"""Of the log of that name (`aigc` is ours), from that level on, as the standard library calls it: `WARNING`. Empty: as
the configuration says."""


def no_log(logger: str, level: str) -> None:
    """Of a process whose log nobody set up."""


class HeardLevels:
    """What one process was told of levels, and made of it."""

    def __init__(self, set_level: SetLogLevel) -> None:
        self._set_level = set_level
        self._set: dict[str, str] = {}

    def change(self, logger: str, level: str) -> None:
        """One is another now; empty: it is set no more."""
        if self._set.get(logger, "") != level:
            self._set[logger] = level
            self._set_level(logger, level)

    def use(self, levels: Mapping[str, str]) -> None:
        """These are set, and no others."""
        for logger in {*self._set, *levels}:
            self.change(logger, levels.get(logger, ""))
