import json
import os
from contextlib import suppress

import pytest

from aigc.runner import pump
from aigc.runner.pump import Allowance, Pump, Reports, Tail


def test_a_tail_keeps_the_end():
    tail = Tail(limit=10)
    for number in range(1000):
        tail.add(b"%d," % number)
    assert tail.text() == "7,998,999,"


def test_a_tail_of_bytes_that_are_no_text_is_text():
    tail = Tail()
    tail.add(b"\xff\xfeok")
    assert tail.text() == "\ufffd\ufffdok"


def test_a_tail_does_not_grow_with_what_was_added():
    tail = Tail(limit=1000)
    for _ in range(10_000):
        tail.add(b"x" * 100)
    assert len(tail._kept) <= 2100


def test_an_allowance_fills_with_time_and_no_further(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pump.time, "monotonic", lambda: now[0])
    allowance = Allowance(rate=1000)
    assert allowance.take(600) == 600
    assert allowance.take(600) == 400
    assert allowance.take(600) == 0
    now[0] += 0.25
    assert allowance.take(600) == 250
    now[0] += 3600
    assert allowance.take(5000) == 1000


@pytest.fixture
def pipes():
    """(model's end, pump's end, guard's end, worker's end)."""
    out, model = os.pipe()
    worker, guard = os.pipe()
    fds = [model, out, guard, worker]
    yield fds
    for fd in fds:
        with suppress(OSError):
            os.close(fd)


def text(worker):
    """All that waits."""
    os.set_blocking(worker, False)
    found = b""
    with suppress(BlockingIOError):
        while chunk := os.read(worker, 1 << 16):
            found += chunk
    return found


def lines(worker):
    return [json.loads(line) for line in text(worker).splitlines()]


def test_what_is_printed_is_passed_on_and_kept(pipes):
    model, out, guard, worker = pipes
    pumping = Pump(out, Reports(guard))
    os.write(model, b"first\n")
    assert pumping.drain()
    os.write(model, b"second\n")
    os.close(model)
    assert not pumping.drain()
    assert [line["printed"] for line in lines(worker)] == ["first\n", "second\n"]
    assert pumping.tail.text() == "first\nsecond\n"


def test_beyond_the_rate_nothing_is_passed_on_and_the_loss_is_told_later(pipes, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pump.time, "monotonic", lambda: now[0])
    model, out, guard, worker = pipes
    pumping = Pump(out, Reports(guard))
    told = []
    for _ in range(4):
        os.write(model, b"x" * 50_000)
        pumping.drain()
        told += lines(worker)
    now[0] += 1
    os.write(model, b"later")
    pumping.drain()
    told += lines(worker)
    assert sum(len(line["printed"]) for line in told[:-1]) == pump.RATE_BYTES
    assert told[-1] == {"printed": "later", "dropped": 200_000 - pump.RATE_BYTES}


def test_reports_to_a_worker_that_does_not_read_are_lost_whole_and_the_last_one_waits(pipes):
    _, _, guard, worker = pipes
    reports = Reports(guard)
    sent = [reports.send(printed="y" * 9000) for _ in range(20)]
    assert sent[0]
    assert not sent[-1]
    got = text(worker)
    assert reports.send(1.0, exited="word")
    *printed, last = [json.loads(line) for line in (got + text(worker)).splitlines()]
    assert printed == [{"printed": "y" * 9000}] * sum(sent)
    assert last == {"exited": "word"}


def test_reports_to_a_worker_that_is_gone_do_no_harm(pipes):
    _, _, guard, worker = pipes
    os.close(worker)
    assert not Reports(guard).send(1.0, exited="word")
