"""Which watchers are told together, and which of them hear of what."""

import itertools
from collections.abc import Hashable, Iterator, Set
from typing import TypeVar

from aigc.core.ids import JobId, OwnerId
from web.audience import Audience
from web.watcher import Watcher

ALIKE_LIMIT = 8
"""With so many audiences that want the same one is compared, before it goes on by itself."""

K = TypeVar("K", bound=Hashable)


class Audiences:
    """Every watcher is in exactly one audience; an audience is found by what it wants to hear of.

    Args:
        most: watchers in one audience.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.by_watcher: dict[Watcher, Audience] = {}
        """In which each of them is, with others or alone."""
        self._by_job: dict[JobId, set[Audience]] = {}
        self._by_owner: dict[OwnerId | None, set[Audience]] = {}  # None: everybody's
        self.system: set[Audience] = set()
        """Those that hear of the server as a whole."""
        self._alike: dict[Hashable, dict[Audience, None]] = {}  # by what they want: up to date when last served

    def __len__(self) -> int:
        """How many watchers there are."""
        return len(self.by_watcher)

    def __iter__(self) -> Iterator[Watcher]:
        """All watchers, as they are now."""
        return iter(list(self.by_watcher))

    def __contains__(self, watcher: Watcher) -> bool:
        """It has joined and not left."""
        return watcher in self.by_watcher

    @property
    def jobs(self) -> Set[JobId]:
        """Those that somebody watches by name."""
        return self._by_job.keys()

    @property
    def owners(self) -> Set[OwnerId | None]:
        """Those of whom somebody hears everything; None: somebody hears everybody's."""
        return self._by_owner.keys()

    def of(self, watcher: Watcher) -> Audience:
        """The audience that a watcher is in, with others or alone."""
        return self.by_watcher[watcher]

    def hearing(self, job: JobId, owner: OwnerId | None) -> Set[Audience]:
        """Those that hear of a job: by its name, of everything of its owner, or of everybody's."""
        named = self._by_job.get(job)
        owners = self._by_owner.get(owner)
        found = named | owners if named and owners else named or owners or set()
        everybody = self._by_owner.get(None)
        return found | everybody if everybody and owner is not None else found

    def following(self, owner: OwnerId | None) -> Set[Audience]:
        """Those that hear everything of this owner; None: of everybody."""
        return self._by_owner.get(owner, set())

    # Coming, going and wanting

    def join(self, watcher: Watcher) -> None:
        """It is in an audience of its own, which wants nothing yet."""
        self.by_watcher[watcher] = Audience(watcher)

    def leave(self, watcher: Watcher) -> None:
        """It is in none. Twice does no harm."""
        audience = self.by_watcher.pop(watcher, None)
        if audience is not None:
            del audience.watchers[watcher]
            if not audience.watchers:
                self._dissolve(audience)

    def watch(self, audience: Audience, job: JobId, since: int | None) -> None:
        """It hears of this job."""
        audience.begin(job, since)
        self._by_job.setdefault(job, set()).add(audience)

    def unwatch(self, audience: Audience, job: JobId) -> None:
        """It hears no more of this job."""
        audience.end(job)
        _discard(self._by_job, job, audience)

    def want(self, audience: Audience, *, everything: bool | None = None, system: bool | None = None) -> None:
        """It hears of everything of those whom it follows, or of the server as a whole, or no more; None: as before."""
        audience.want(everything=everything, system=system)
        if audience.everything:
            self._by_owner.setdefault(audience.follows, set()).add(audience)
        else:
            _discard(self._by_owner, audience.follows, audience)
        (self.system.add if audience.system else self.system.discard)(audience)

    # Together and apart

    def alone(self, watcher: Watcher) -> Audience | None:
        """The watcher's audience, which is its own from now on; None if it has left meanwhile."""
        audience = self.by_watcher.get(watcher)
        if audience is None:
            return None
        if len(audience.watchers) == 1:
            self._forget_alike(audience)  # it is about to want or to hear something else
            return audience
        self.by_watcher[watcher] = audience = audience.parted(watcher)
        for job in audience.jobs:
            self._by_job[job].add(audience)
        self.want(audience)
        return audience

    def unite(self, audience: Audience) -> None:
        """Those of `audience` join another that is due the same, or it waits for others to join."""
        alike = self._alike.setdefault(audience.wants, {})
        if audience in alike and len(alike) == 1:
            return
        for other in itertools.islice(alike, ALIKE_LIMIT):
            together = len(audience.watchers) + len(other.watchers)
            if other is not audience and together <= self._most and audience.knows_as(other):
                other.watchers |= audience.watchers
                self.by_watcher |= dict.fromkeys(audience.watchers, other)
                self._dissolve(audience)
                return
        alike[audience] = None

    def _dissolve(self, audience: Audience) -> None:
        """Nobody is in it any more."""
        for job in audience.jobs:
            _discard(self._by_job, job, audience)
        _discard(self._by_owner, audience.follows, audience)
        self.system.discard(audience)
        self._forget_alike(audience)
        audience.watchers = {}

    def _forget_alike(self, audience: Audience) -> None:
        alike = self._alike.get(audience.wants)
        if alike is not None:
            alike.pop(audience, None)
            if not alike:
                del self._alike[audience.wants]


def _discard(audiences: dict[K, set[Audience]], key: K, audience: Audience) -> None:
    found = audiences.get(key)
    if found is not None:
        found.discard(audience)
        if not found:
            del audiences[key]
