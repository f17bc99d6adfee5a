"""The role of a process that may lead: a candidate for the broker, and the sweeper beside it."""

import os
import socket
from typing import Any

from actors.broker import Broker, BrokerSettings
from actors.inquiries import Reread
from actors.leader import Leader, LeaderSettings
from actors.log_level import HeardLevels
from actors.stores.sweeper import Sweeper, SweeperSettings
from actors.supervisor import ChildSpec
from aigc.core.errors import InputInvalid
from aigc.core.messages import Forgotten, Generation
from aigc.core.model import Catalogue
from aigc.core.scheduling.settings import SchedulerSettings
from config.agreement import agreed
from config.logs import levels
from config.roles.site import Site, new_boot

HOUR_S = 3600.0


class BrokerPart:
    """See `site.Part`.

    Args:
        catalogue: what it puts into force when it leads.
        standby: whether it waits behind one that leads.
        reread: brings into force what the files say now.
    Raises:
        InputInvalid: there are several places and none was named.
    """

    uses_records = True

    def __init__(self, site: Site, catalogue: Catalogue, standby: bool, reread: Reread) -> None:
        if site.topology.here is None:
            raise InputInvalid(
                "there are several places for a broker", suggestion="name this one with --place", where="broker.places"
            )
        self._site, self._catalogue, self._standby, self._reread = site, catalogue, standby, reread
        self._here = site.topology.here
        self._levels = HeardLevels(levels.change)
        self._owner = f"{socket.gethostname()}/{os.getpid()}/{new_boot()}"

    def children(self) -> list[ChildSpec]:
        """See `site.Part`."""
        return [ChildSpec("broker", self._leader), ChildSpec("sweeper", self._sweeper)]

    async def drain(self, budget_s: float) -> None:
        """See `site.Part`: it resigns when it is closed."""

    def reload(self, catalogue: Catalogue) -> None:
        """Another catalogue is in force, and will be if this process leads later."""
        self._catalogue = catalogue
        if (broker := self._broker()) is not None:
            broker.reload()

    def _broker(self) -> Broker | None:
        leader = self._site.living("broker")
        return leader.broker if isinstance(leader, Leader) else None

    def _leader(self) -> Leader:
        settings = LeaderSettings(
            owner=self._owner,
            lease_s=self._site.settings.broker.lease_s,
            standby=self._standby,
            agreed=agreed(self._site.settings),
        )
        # The files as they are when it takes over: a reload that only the former leader heard of holds on.
        return Leader(self._site.topology.jobs, settings, self._new_broker, self._reread, self._levels)

    def _new_broker(self, generation: Generation) -> Broker:
        topology, scheduling = self._site.topology, self._site.settings.scheduler
        bound = self._site.settings.limits.queue
        return Broker(
            self._site.context,
            BrokerSettings(
                address=topology.brokers[self._here],
                news_address=topology.news[self._here],
                takeover=topology.takeover,
                scheduler=SchedulerSettings(
                    alpha=scheduling.alpha,
                    adoption_s=scheduling.adoption_s,
                    queue_bound=bound,
                ),
                link=topology.link,
                queue_bound=bound,
                agreed=agreed(self._site.settings),
                backend=self._site.settings.storage.backend,
            ),
            topology.jobs,
            lambda: self._catalogue,
            generation=generation,
            boot=new_boot(),
            reread=self._reread,
            export=self._site.export,
            set_level=self._levels.change,
        )

    def _sweeper(self) -> Sweeper:
        storage = self._site.settings.storage

        def generation() -> Generation | None:
            leader = self._site.living("broker")
            return leader.generation if isinstance(leader, Leader) else None

        def forgotten(jobs: Any) -> None:
            if (broker := self._broker()) is not None:
                for job in jobs:
                    broker.publish(Forgotten(job))

        settings = SweeperSettings(
            completed_s=storage.keep_results_h * HOUR_S,
            failed_s=storage.keep_failed_h * HOUR_S,
            cancelled_s=storage.keep_failed_h * HOUR_S,
        )
        jobs = self._site.topology.jobs
        return Sweeper(jobs, self._site.topology.assets, settings, generation, clock=jobs.clock, forgotten=forgotten)
