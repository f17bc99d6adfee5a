"""A world for the client's flows: answers from a script, a clock that only pauses move."""

import json
from collections.abc import Callable
from typing import Any

from aigc.client.api import Api
from aigc.client.wire import Answer, Clock, Do, Flow, Pause, Receive, Request, Send


class World:
    """Each request takes the script's next line: an answer, an error to raise, or a function that makes one."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.sent: list[Request] = []
        self.paused: list[float] = []
        self.now = 0.0

    def run(self, flow: Flow[Any]) -> Any:
        try:
            effect = next(flow)
            while True:
                try:
                    came = self._perform(effect)
                except Exception as error:  # noqa: BLE001 - the flow's to judge
                    effect = flow.throw(error)
                else:
                    effect = flow.send(came)
        except StopIteration as end:
            return end.value

    def _perform(self, effect: Any) -> Any:
        match effect:
            case Send(request):
                return self._answer(request)
            case Receive(request, sink):
                answer = self._answer(request)
                if isinstance(answer, tuple):  # bytes, and then an error
                    sink.begin(206 if "Range" in request.headers else 200)
                    sink.write(answer[0])
                    raise answer[1]
                if answer.status < 400:
                    sink.begin(answer.status)
                    sink.write(answer.body)
                return answer
            case Pause(seconds):
                self.paused.append(seconds)
                self.now += seconds
                return None
            case Clock():
                return self.now
            case Do(function):
                return function()

    def _answer(self, request: Request) -> Any:
        self.sent.append(request)
        line = self.script.pop(0)
        if isinstance(line, Callable):  # type: ignore[arg-type]
            line = line(request)
        if isinstance(line, Exception):
            raise line
        return line


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


def api(**settings: Any) -> Api:
    return Api("http://here:1", token="", **settings)


def heard(**settings: Any) -> Api:
    """One that has had an answer before."""
    found = api(**settings)
    World(says({"models": []})).run(found.models())
    return found


NOTHING: dict[str, Any] = {
    "model": "", "text": None, "inputs": {}, "params": {}, "named": {}, "output_format": "", "priority": None,
    "tags": (), "metadata": {}, "deadline_s": None, "idempotency_key": None,
}  # fmt: skip
