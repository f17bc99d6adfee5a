"""What operators want of models, workers and the configuration: asked from the broker, answered with what was begun."""

from typing import Any, Literal, get_args

from aiohttp import web
from msgspec import Struct

from aigc.core.errors import Conflict, NotFound, Unavailable
from aigc.core.ids import ModelId, WorkerId
from aigc.core.messages import ControlAnswer, ControlModel, ControlWorker, ReloadAnswer, ReloadCatalogue, Step
from web import urls
from web.audit import note
from web.gateway import Gateway
from web.problem import FieldError, FieldsInvalid
from web.requests import Body, did_you_mean, reply

RELOAD_S = 120.0
"""The broker may take so long to read its files: interpreters of third parties describe their models."""

ACTIONS: tuple[Any, ...] = get_args(ControlModel.__annotations__["action"])


_PAST = {"pin": "pinned", "unpin": "unpinned", "resume": "resumed", "forget": "forgotten"}


class Where(Struct, frozen=True):
    """The body of a request about a model; it may be left out."""

    worker: str = ""


_WHERE = Body(Where)


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The routes by which operators change what runs."""
    control = Control(gateway)
    return [
        web.post(f"{urls.API}/models/{{id}}/{{action:{'|'.join(ACTIONS)}}}", control.model),
        web.post(f"{urls.WORKERS}/{{id}}/drain", control.drain),
        web.delete(f"{urls.WORKERS}/{{id}}/drain", control.resume),
        web.post(f"{urls.WORKERS}/{{id}}/resume", control.resume),
        web.delete(f"{urls.WORKERS}/{{id}}", control.forget),
        web.post(f"{urls.API}/system/reload", control.reload),
    ]


class Control:
    """Handlers of operators' wishes. 202 and what was begun, 200 if all is so already, or why nothing was."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def model(self, request: web.Request) -> web.Response:
        """Load, unload, pin or free a model: on the `worker` of the body, or where it is or fits best."""
        name, known = request.match_info["id"], [spec.id for spec in self._gateway.catalogue.models]
        if name not in known:
            raise NotFound(f"there is no model {name[:80]!r}{did_you_mean(name, known)}")
        where = await _WHERE.read(request) if request.can_read_body else Where()
        action: Any = request.match_info["action"]
        wish = ControlModel(ModelId(name), action, WorkerId(where.worker))
        return await self._begin(request, wish, f"model.{_past(action)}", name)

    async def drain(self, request: web.Request) -> web.Response:
        """The worker takes no more jobs; what runs there ends, what waits there goes elsewhere, models leave."""
        return await self._worker(request, "drain")

    async def resume(self, request: web.Request) -> web.Response:
        """The worker takes jobs again, also after an error for which its device is in quarantine."""
        return await self._worker(request, "resume")

    async def forget(self, request: web.Request) -> web.Response:
        """A worker that was lost is shown no more; 409 for one that is connected."""
        return await self._worker(request, "forget")

    async def reload(self, request: web.Request) -> web.Response:
        """The broker reads its files again: all of it is in force, or nothing, with every complaint."""
        answer = await self._gateway.ask(ReloadCatalogue(), ReloadAnswer, timeout_s=RELOAD_S)
        if answer.complaints:
            raise FieldsInvalid(
                [_field(complaint) for complaint in answer.complaints],
                suggestion="mend the files and reload again; what was in force still is",
                code="config_invalid",
            )
        # Whoever asks here next finds what was reloaded; the other gateways hear of it at this moment.
        await self._gateway.refresh()
        await note(request, "configuration.reloaded", answer.digest)
        return reply(
            {
                "digest": answer.digest,
                "added": answer.added,
                "removed": answer.removed,
                "changed": answer.changed,
                "notes": answer.notes,
            }
        )

    async def _worker(self, request: web.Request, action: Literal["drain", "resume", "forget"]) -> web.Response:
        name = request.match_info["id"]
        return await self._begin(request, ControlWorker(WorkerId(name), action), f"worker.{_past(action)}", name)

    async def _begin(
        self, request: web.Request, wish: ControlModel | ControlWorker, action: str, subject: str
    ) -> web.Response:
        answer = await self._gateway.ask(wish, ControlAnswer)
        match answer.code:
            case "unknown":
                raise NotFound(answer.refusal)
            case "unavailable":
                raise Unavailable(answer.refusal, suggestion="start one, and ask again", code="worker_unavailable")
            case "conflict":
                raise Conflict(answer.refusal)
        await note(request, action, subject, ", ".join(step.worker for step in answer.steps))
        is_begun = any(step.is_begun for step in answer.steps)
        body = {"action": wish.action, "workers": [_step(step) for step in answer.steps]}
        return reply(({"model": wish.model} if isinstance(wish, ControlModel) else {}) | body, 202 if is_begun else 200)


def _step(step: Step) -> dict[str, Any]:
    return {"worker": step.worker, "begun": step.is_begun, "detail": step.detail}


def _field(complaint: str) -> FieldError:
    """`file:line:col: what: what to do` as a place and what is wrong there."""
    place, _, rest = complaint.partition(": ")
    return FieldError(place, rest or complaint) if rest else FieldError("", complaint)


def _past(action: str) -> str:
    """What the audit log calls it when it is done."""
    return _PAST.get(action, f"{action}ed")
