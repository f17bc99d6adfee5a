import sys
import types

from aigc.runner.memory import Meter

BLOCK = 64 << 20


def test_the_peak_of_a_run_counts_what_was_given_back_meanwhile():
    meter = Meter("cpu")
    meter.start()
    before = meter.peak_bytes()
    block = bytearray(b"x") * BLOCK
    del block
    assert meter.peak_bytes() - before > BLOCK * 0.9


def test_the_peak_of_the_next_run_does_not_count_the_one_before():
    meter = Meter("cpu")
    block = bytearray(b"x") * BLOCK
    peak = meter.peak_bytes()
    del block
    meter.start()
    assert meter.peak_bytes() < peak - BLOCK * 0.9


def test_what_is_held_is_the_resident_set():
    meter = Meter("cpu")
    before = meter.held_bytes()
    block = bytearray(b"x") * BLOCK
    assert meter.held_bytes() - before > BLOCK * 0.9
    del block


class Cuda:
    """The five calls of torch.cuda that are used, on an allocator of numbers."""

    def __init__(self):
        self.reserved = self.peak = 0

    def is_initialized(self):
        return True

    def reset_peak_memory_stats(self):
        self.peak = self.reserved

    def max_memory_reserved(self):
        return self.peak

    def memory_reserved(self):
        return self.reserved

    def empty_cache(self):
        self.reserved = 0

    def use(self, size):
        self.reserved += size
        self.peak = max(self.peak, self.reserved)


def test_on_a_gpu_the_allocator_of_the_models_torch_is_asked(monkeypatch):
    cuda = Cuda()
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    meter = Meter("cuda:0")
    cuda.use(100)
    cuda.reserved = 40
    meter.start()
    cuda.use(30)
    assert (meter.held_bytes(), meter.peak_bytes()) == (70, 70)
    meter.release()
    assert (meter.held_bytes(), meter.peak_bytes()) == (0, 70)


def test_on_a_gpu_without_torch_nothing_is_known(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    meter = Meter("cuda:0")
    meter.start()
    meter.release()
    assert (meter.held_bytes(), meter.peak_bytes()) == (0, 0)
