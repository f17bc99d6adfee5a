"""Every model of the catalogue that needs nothing but a CPU, in its real runner, on inputs that nobody would choose.

Each gives a result or a refusal in words; its process lives on, and the memory is bounded.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aigc.core.model import ModelSpec
from aigc.core.runner_events import RunnerFailed, RunnerFinished, RunnerId, RunnerLoaded
from aigc.testing import sample_file
from config.catalogue import describe, load
from tests.bad_input import meshes, pictures, prompts
from tests.runner.kit import House
from web.inputs import input_kinds, required_inputs
from web.parameters import ParameterSchema

MODELS = [spec for spec in load(None, describe=describe).models if "cpu" in spec.devices and not spec.python]
MOST_BYTES = 2 << 30
HUNG_S = 300  # a busy machine takes a minute for what it does in 5 s when it is idle
ODD = {"mesh": meshes.ODD | meshes.READ, "image": pictures.ODD | pictures.READ}
REFUSED = {"mesh": meshes.REFUSED, "image": pictures.REFUSED}

ONE_OF_EACH = list({spec.class_path.partition(":")[0]: spec for spec in reversed(MODELS)}.values())
"""The first model of each module: others there differ in what they leave out."""
FEW = {
    "mesh": ("three faces on an edge", "faces without an area", "a needle"),
    "image": ("nothing but white", "a long strip"),
    "text": ("emoji", "ten thousand characters"),
}
"""Those that most models stumble over."""


class Runner:
    """One model in its process, started again when it is gone."""

    def __init__(self, house: House, spec: ModelSpec, folder: Path) -> None:
        self._house, self.spec, self._folder = house, spec, folder
        cheap: dict[str, object] = (
            {"texture_resolution": 256} if "texture_resolution" in spec.schema["properties"] else {}
        )
        if "rig_mode" in spec.schema["properties"]:
            cheap["rig_mode"] = (
                "skin"  # reads more of the file, and does all that the others do where it finds no joints
            )
        self._params = ParameterSchema(spec.schema).complete(cheap)[0]
        self._runner: RunnerId | None = None
        kinds = input_kinds(spec)
        self.kinds = {
            name: "text" if kinds[name] == ("text",) else _kind(kinds[name]) for name in required_inputs(spec)
        }
        self._sound = {
            name: "a red chair" if kind == "text" else str(sample_file(kind, folder))
            for name, kind in self.kinds.items()
        }

    def inputs(self, few: bool) -> Iterator[tuple[str, dict[str, str]]]:
        """Each odd input by its name, the others sound."""
        for name, kind in self.kinds.items():
            for what in FEW[kind] if few else (prompts.ODD if kind == "text" else REFUSED[kind] | ODD[kind]):
                yield f"{name}: {what}", self._sound | {name: self._given(kind, what)}

    async def outcome(self, inputs: dict[str, str]) -> str:
        """Empty if all is well."""
        if self._runner is None:
            self._runner = self._house.spawn(self.spec.class_path, init=self.spec.init, env=self.spec.env)
            await self._house.until(RunnerLoaded)
        self._house.run(self._runner, inputs, **self._params)
        try:
            event = await self._house.outcome(HUNG_S)
        except TimeoutError:
            self._house.runners.kill(self._runner)
            await self._house.outcome()
            self._runner = None
            return "hung"
        if isinstance(event, RunnerFinished):
            return "" if event.peak_bytes < MOST_BYTES else f"took {event.peak_bytes >> 20} MiB"
        if not isinstance(event, RunnerFailed):
            self._runner = None
            return f"took its process with it: {event}"[:500]
        failure = event.failure
        if failure.code == "input_invalid" and failure.suggestion and len(failure.message.split()) > 3:
            return ""
        return f"{failure.code}: {failure.message} {failure.log_tail[-300:]}"

    def _given(self, kind: str, what: str) -> str:
        if kind == "text":
            return prompts.ODD[what]
        suffix, maker = (REFUSED[kind] | ODD[kind])[what]
        path = self._folder / f"odd-{abs(hash(what))}.{suffix}"
        path.write_bytes(maker())
        return str(path)


def _kind(kinds: tuple[str, ...]) -> str:
    return "image" if "png" in kinds else "mesh"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as house:
        yield house


async def complaints(house: House, spec: ModelSpec, folder: Path, few: bool) -> dict[str, str]:
    runner = Runner(house, spec, folder)
    found = {name: await runner.outcome(inputs) for name, inputs in runner.inputs(few)}
    return {name: complaint for name, complaint in found.items() if complaint}


@pytest.mark.parametrize("spec", ONE_OF_EACH, ids=lambda spec: spec.id)
async def test_a_model_survives_what_most_stumble_over(house: House, tmp_path: Path, spec: ModelSpec) -> None:
    assert await complaints(house, spec, tmp_path, few=True) == {}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.id)
async def test_a_model_survives_everything(house: House, tmp_path: Path, spec: ModelSpec) -> None:
    assert await complaints(house, spec, tmp_path, few=False) == {}
