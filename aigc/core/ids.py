"""Names for the strings that identify things, so that a type checker tells them apart."""

from typing import NamedTuple, NewType

JobId = NewType("JobId", str)
"""One accepted request: a random UUID in its usual text form."""

AttemptId = NewType("AttemptId", str)
"""One try of a job: random, compared for equality only, because a store that failed over may repeat a number."""

WorkerId = NewType("WorkerId", str)
"""The configured name of a worker; it outlives restarts."""

BootId = NewType("BootId", str)
"""One life of one process: random, new at every start."""

DeviceId = NewType("DeviceId", str)
"""What a worker computes on: `cpu`, a GPU's UUID, or `fake:0`."""

ModelId = NewType("ModelId", str)
"""An entry of the catalogue."""

OwnerId = NewType("OwnerId", str)
"""Whose job it is, for fairness and isolation; empty when nobody has to log in."""

AssetKey = NewType("AssetKey", str)
"""Where an AssetStore keeps one file: `uploads/<id>/<name>` or `jobs/<job>/<attempt>/<name>`."""


class Now(NamedTuple):
    """One instant on both clocks: ages and limits are measured on the first, records show the second."""

    monotonic: float
    """Seconds on a clock that never jumps; means nothing outside the process."""
    wall: float
    """Seconds since the epoch, as the host believes."""
