import mmap
import sys
import types

from aigc.runner import memory
from aigc.runner.memory import MOST_BESIDE, Meter

BLOCK = 64 << 20


def taken():
    """So much memory, from the system and not from what the process has kept of what it had before."""
    block = mmap.mmap(-1, BLOCK)
    for page in range(0, BLOCK, mmap.PAGESIZE):
        block[page] = 1
    return block


def test_the_peak_of_a_run_counts_what_was_given_back_meanwhile():
    meter = Meter("cpu")
    meter.start()
    before = meter.peak_bytes()
    block = taken()
    block.close()
    assert meter.peak_bytes() - before > BLOCK * 0.9


def test_the_peak_of_the_next_run_does_not_count_the_one_before():
    meter = Meter("cpu")
    block = taken()
    peak = meter.peak_bytes()
    block.close()
    meter.start()
    assert meter.peak_bytes() < peak - BLOCK * 0.9


def test_a_process_that_did_not_grow_is_not_trimmed(monkeypatch):
    trims = []
    monkeypatch.setattr(memory, "_trim", lambda: trims.append(1))
    meter = Meter("cpu")
    meter.start()
    for _ in range(3):
        meter.start()
    assert len(trims) == 1
    block = taken()
    meter.start()
    assert len(trims) == 2
    block.close()


def test_what_is_held_is_the_resident_set():
    meter = Meter("cpu")
    before = meter.held_bytes()
    block = taken()
    assert meter.held_bytes() - before > BLOCK * 0.9
    block.close()


class Cuda:
    """The calls of torch.cuda that are used, on an allocator of numbers."""

    def __init__(self):
        self.reserved = self.peak = self.allocated = 0

    def is_initialized(self):
        return True

    def reset_peak_memory_stats(self):
        self.peak = self.reserved

    def max_memory_reserved(self):
        return self.peak

    def memory_reserved(self):
        return self.reserved

    def memory_allocated(self):
        return self.allocated

    def empty_cache(self):
        self.reserved = self.allocated

    def use(self, size):
        self.reserved += size
        self.peak = max(self.peak, self.reserved)


def test_on_a_gpu_the_allocator_of_the_models_torch_is_asked(monkeypatch):
    cuda = Cuda()
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    meter = Meter("cuda:0")
    cuda.use(100)
    cuda.reserved = cuda.allocated = 40
    meter.start()
    cuda.use(30)
    assert (meter.held_bytes(), meter.peak_bytes()) == (70, 70)
    meter.release()
    assert (meter.held_bytes(), meter.peak_bytes()) == (40, 70)


def test_on_a_gpu_without_torch_and_driver_nothing_is_known(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    meter = Meter("cuda:0")
    meter.start()
    meter.release()
    assert (meter.held_bytes(), meter.peak_bytes()) == (0, 0)


def test_what_a_large_run_left_in_the_allocators_cache_is_not_the_need_of_a_small_one(monkeypatch):
    cuda = Cuda()
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    meter = Meter("cuda:0")
    cuda.use(100)
    cuda.allocated = 40
    meter.start()
    cuda.use(10)
    assert meter.peak_bytes() == 50


class Driver:
    """What the driver says, in numbers of a test's."""

    def __init__(self, own, used):
        self.own, self.used = own, used

    def own_bytes(self):
        return self.own

    def used_bytes(self):
        return self.used


def test_what_the_driver_gives_a_process_beside_the_allocator_counts(monkeypatch):
    cuda = Cuda()
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    meter = Meter("GPU-1", Driver(own=60, used=900))
    cuda.use(100)
    cuda.reserved = 40
    assert (meter.held_bytes(), meter.peak_bytes()) == (60, 120)


def test_where_the_driver_tells_of_everybody_together_it_is_what_came_since_the_start(monkeypatch):
    cuda = Cuda()
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    driver = Driver(own=None, used=900)
    meter = Meter("cuda:0", driver)
    cuda.use(100)
    driver.used = 1015
    assert (meter.held_bytes(), meter.peak_bytes()) == (115, 115)
    driver.used = 900 + (64 << 30)
    assert meter.held_bytes() == 100 + MOST_BESIDE


def test_without_torch_the_driver_alone_is_asked(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    meter = Meter("cuda:0", Driver(own=300, used=900))
    meter.start()
    assert (meter.held_bytes(), meter.peak_bytes()) == (300, 300)


def test_what_was_freed_is_not_counted_for_the_next_run():
    meter = Meter("cpu")
    blocks = [bytearray(b"x") * (1 << 16) for _ in range(BLOCK >> 16)]  # from the heap, which glibc keeps
    keeper = bytearray(b"x") * (1 << 16)
    peak = meter.peak_bytes()
    del blocks
    meter.start()
    assert meter.peak_bytes() < peak - BLOCK * 0.8
    del keeper
