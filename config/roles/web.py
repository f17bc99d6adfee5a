"""The role of a process that clients talk to: a gateway."""

import socket

from actors.supervisor import ChildSpec
from config.agreement import agreed
from config.logs import levels
from config.parent import stop_family
from config.roles.site import MIB, Site, new_boot
from config.shown import shown
from web.access import Access, AccessSettings
from web.accounts import DAY_S
from web.app import WebSettings
from web.counters import Counters
from web.fetch import Fetcher, FetchSettings
from web.gateway import Gateway, GatewaySettings
from web.hub import StreamSettings
from web.intake import Intake, IntakeLimits
from web.origins import Origins
from web.server import WebServer
from web.signing import Signer, unsigned

HOUR_S = 3600.0


class WebPart:
    """See `site.Part`.

    Args:
        listening: where it answers.
    """

    uses_records = True

    def __init__(self, site: Site, listening: socket.socket) -> None:
        self._site, self._listening = site, listening

    def children(self) -> list[ChildSpec]:
        """See `site.Part`."""
        return [ChildSpec("web", self._web)]

    async def drain(self, budget_s: float) -> None:
        """See `site.Part`."""
        web = self._site.living("web")
        if isinstance(web, WebServer):
            await web.drain(budget_s)

    def _web(self) -> WebServer:
        settings, topology = self._site.settings, self._site.topology
        limits = IntakeLimits(
            image_bytes=int(settings.limits.image_mb * MIB),
            mesh_bytes=int(settings.limits.mesh_mb * MIB),
            max_edge=settings.limits.image_edge_px,
            keep_s=settings.storage.keep_uploads_h * HOUR_S,
        )
        fetch = FetchSettings(
            allowed_networks=tuple(settings.security.fetch_allow),
            input_folders=tuple(folder.absolute() for folder in settings.security.input_folders),
        )
        counters = Counters(settings.storage.backend)
        signer = Signer(settings.accounts.url_h * HOUR_S, topology.jobs.clock)
        gateway = Gateway(
            self._site.context,
            topology.brokers,
            topology.news,
            topology.jobs,
            topology.assets,
            fetch=Fetcher(Intake(topology.assets, limits, counters.stored), fetch),
            settings=GatewaySettings(
                queue_bound=settings.limits.queue,
                owner_bound=settings.limits.open_jobs if settings.accounts.enabled else 0,
                agreed=agreed(settings),
                alone=topology.alone,
                stream=StreamSettings(watchers=settings.limits.watchers, watchers_each=settings.limits.watchers_each),
            ),
            name="web",
            boot=new_boot(),
            link=topology.link,
            clock=topology.jobs.clock,
            counters=counters,
            sign=signer if settings.accounts.enabled else unsigned,
            export=self._site.export,
            set_level=levels.change,
        )
        web = WebSettings(
            data_path=str(settings.storage.folder),
            configuration=shown(settings, self._site.origins),
            public_url=settings.server.public_url or "",
            stand_in=settings.models.stand_in,
            limits=limits,
            log_folder=settings.storage.log_folder,
            levels=levels,
            stop=stop_family,
        )
        return WebServer(gateway, web, self._listening, self._access(signer))

    def _access(self, signer: Signer) -> Access:
        settings, people = self._site.settings, self._site.topology.people
        accounts = settings.accounts
        told = AccessSettings(
            registration=accounts.registration == "open",
            token_s=accounts.token_days * DAY_S,
            session_s=accounts.session_h * HOUR_S,
            per_minute=settings.limits.per_minute,
            origins=Origins(
                named=frozenset(settings.security.cors_origins) - {"*"},
                anywhere="*" in settings.security.cors_origins,
                public_url=settings.server.public_url or "",
            ),
            proxies=tuple(settings.security.proxies),
        )
        store = people.accounts if accounts.enabled else None
        return Access(told, store, people.audit, signer, self._site.topology.jobs.clock, people.buckets)
