"""Settings that every process of one installation must share: what differs between two of them, in words."""

from collections.abc import Iterable, Iterator, Mapping

DIGEST = "sha256:"
"""Before the digest of a place: who compares learns whether it is the same, and not where it is."""


def differences(here: Mapping[str, str], there: Mapping[str, str], names: Iterable[str] | None = None) -> Iterator[str]:
    """Each setting that is not what the broker has, in words; of these names, or of all."""
    for name in dict.fromkeys([*here, *there] if names is None else names):
        mine, theirs = here.get(name), there.get(name)
        if mine == theirs:
            continue
        if mine is None or theirs is None:
            yield f"{name} is set {'at the broker' if mine is None else 'here'} only"
        elif mine.startswith(DIGEST):
            yield f"{name} names another place than at the broker"
        else:
            yield f"{name} is {mine} here and {theirs} at the broker"
