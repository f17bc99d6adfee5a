"""Steps of somebody else's sampler: counted, told in proportion, and the place where a cancel gets in."""

from pathlib import Path

import pytest

from aigc.adapters.steps import Stages, counted_calls, counted_forwards
from aigc.runner.model import Cancelled
from aigc.runner.testing import Recorder


class Sampler:
    """Runs its network twice a step while guidance lasts, then once."""

    def __init__(self, network):
        self.network = network

    def sample_once(self, step):
        self.network()
        if step < 3:
            self.network()
        return step

    def sample(self, steps):
        return [self.sample_once(step) for step in range(steps)]


class Network:
    """As much of a torch module as its hooks are."""

    def __init__(self):
        self.hooks = {}
        self.passes = 0

    def register_forward_pre_hook(self, hook):
        self.hooks[hook] = hook
        return type("Handle", (), {"remove": lambda _: self.hooks.pop(hook)})()

    def __call__(self):
        for hook in list(self.hooks.values()):
            hook(self, ())
        self.passes += 1


def test_steps_are_counted_by_calls_and_not_by_passes_of_the_network(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    stages = Stages(recorder, preprocessing=1, sampling=8, decoding=1)
    sampler = Sampler(Network())
    stages.begin("preprocessing")
    with counted_calls(sampler, "sample_once", stages.counter("sampling", 6, message="in steps")):
        assert sampler.sample(6) == [0, 1, 2, 3, 4, 5]
    stages.begin("decoding")
    assert sampler.network.passes == 9
    told = [(round(one["fraction"], 3), one["stage"], one["step"], one["steps"]) for one in recorder.reports]
    assert told == [
        (0.0, "preprocessing", 0, 0),
        (0.1, "sampling", 0, 6),
        (0.233, "sampling", 1, 6),
        (0.367, "sampling", 2, 6),
        (0.5, "sampling", 3, 6),
        (0.633, "sampling", 4, 6),
        (0.767, "sampling", 5, 6),
        (0.9, "decoding", 0, 0),
    ]
    assert recorder.reports[3]["message"] == "in steps"


def test_the_sampler_is_as_it_was_afterwards_even_when_it_failed(tmp_path: Path) -> None:
    sampler = Sampler(Network())
    with pytest.raises(TypeError), counted_calls(sampler, "sample_once", lambda step: None):
        sampler.sample("many")
    assert "sample_once" not in vars(sampler)
    own = sampler.sample_once = lambda step: step
    with counted_calls(sampler, "sample_once", lambda step: None):
        assert sampler.sample(2) == [0, 1]
    assert sampler.sample_once is own
    with counted_calls(Sampler, "sample_once", lambda step: None):
        pass
    assert Sampler.sample_once(Sampler(Network()), 4) == 4


@pytest.mark.parametrize("step", [0, 1, 4])
def test_a_cancel_gets_in_before_the_step(tmp_path: Path, step: int) -> None:
    recorder = Recorder(tmp_path, cancel_at=step + 1)
    network = Network()
    sampler = Sampler(network)
    count = Stages(recorder, sampling=1).counter("sampling", 6)
    with pytest.raises(Cancelled), counted_calls(sampler, "sample_once", count):
        sampler.sample(6)
    assert network.passes == sum(2 if done < 3 else 1 for done in range(step))


def test_passes_of_a_network_are_counted_and_its_hook_is_gone_afterwards(tmp_path: Path) -> None:
    network, seen = Network(), []
    with counted_forwards(network, seen.append):
        network()
        network()
    network()
    assert (seen, network.passes, network.hooks) == ([0, 1], 3, {})


def test_more_steps_than_were_foreseen_stay_at_the_last(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    count = Stages(recorder, sampling=1, decoding=1).counter("sampling", 2, "decoding", "chunks")
    for step in range(4):
        count(step)
    assert [(one["fraction"], one["stage"], one["step"]) for one in recorder.reports] == [
        (0.0, "decoding", 0),
        (0.25, "decoding", 1),
        (0.5, "decoding", 2),
        (0.5, "decoding", 2),
    ]
