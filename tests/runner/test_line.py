"""The runner's end of the socket, with a bare ROUTER at the other."""

import asyncio
import threading
import time

import pytest
import zmq

from aigc.runner import line as line_module
from aigc.runner import protocol
from aigc.runner.line import Line
from aigc.runner.protocol import Message, decode, encode

LEASE = ("job", 1, "attempt")


class Desk:
    """A ROUTER and a line to it."""

    def __init__(self, folder):
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.setsockopt(zmq.LINGER, 0)
        address = f"ipc://{folder}/s"
        self.router.bind(address)
        self.line = Line(address, "token")

    def hear(self):
        assert self.router.poll(60_000), "nothing came"
        identity, frame = self.router.recv_multipart()
        assert identity == b"token"
        (message,) = decode(frame)
        return message

    def say(self, kind, lease=LEASE, **body):
        self.router.send_multipart([b"token", encode(kind, lease, body)])

    def attempt(self, lease=LEASE):
        self.say(protocol.RUN, lease)
        return self.line.next_attempt()


@pytest.fixture
def desk(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("d"))
    desk.line.send(protocol.CONNECTED)
    desk.hear()
    yield desk
    desk.line.close()
    desk.router.close()
    desk.context.term()


def test_a_message_arrives_under_the_token(desk):
    desk.line.send(protocol.LOADED, load_s=1.5)
    assert desk.hear() == Message(protocol.LOADED, None, {"load_s": 1.5})


def test_a_task_arrives_as_an_attempt(desk):
    desk.say(protocol.RUN, params={"a": [1]})
    attempt = desk.line.next_attempt()
    assert (attempt.lease, attempt.task, attempt.interrupted) == (LEASE, {"params": {"a": [1]}}, False)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_an_interrupt_is_seen_while_the_main_thread_works(desk):
    attempt = desk.attempt()
    desk.say(protocol.INTERRUPT)
    wait_until(lambda: attempt.interrupted)


def test_a_run_that_is_interrupted_before_it_began_is_answered_at_once_and_never_begins(desk):
    first, second, third = (("job", number, "attempt") for number in (1, 2, 3))
    desk.attempt(first)
    desk.say(protocol.RUN, second)
    desk.say(protocol.INTERRUPT, second)
    desk.say(protocol.RUN, third)

    message = desk.hear()

    assert (message.kind, message.lease) == (protocol.STOPPED, second)
    assert [attempt.lease for attempt in [desk.line.next_attempt(), *desk.line.more_attempts()]] == [third]


def test_a_run_and_its_interrupt_that_come_together_are_answered_though_nothing_runs(desk):
    run, interrupt = encode(protocol.RUN, LEASE, {}), encode(protocol.INTERRUPT, LEASE, {})
    waiting = threading.Thread(target=desk.line.next_attempt)
    waiting.start()
    desk.router.send_multipart([b"token", run + interrupt])
    assert desk.hear() == Message(protocol.STOPPED, LEASE, {"run_s": 0.0})
    desk.say(protocol.RUN, ("job", 2, "attempt"))
    waiting.join()


def test_what_another_thread_has_read_wakes_the_one_that_waits(desk):
    taken = []
    for number in range(1, 200):
        waiting = threading.Thread(target=lambda: taken.append(desk.line.next_attempt().lease[1]))
        waiting.start()
        desk.say(protocol.RUN, ("job", number, "attempt"))
        while len(taken) < number:
            desk.line.send(protocol.LOADED)
            desk.hear()
        waiting.join()
    assert taken == list(range(1, 200))


def test_what_waits_is_taken_together(desk):
    leases = [("job", number, "attempt") for number in range(1, 4)]
    for lease in leases:
        desk.say(protocol.RUN, lease)
    desk.say(protocol.INTERRUPT, ("job", 9, "attempt"))
    taken = [desk.line.next_attempt()]
    wait_until(lambda: taken.extend(desk.line.more_attempts()) or len(taken) == 3)
    assert [attempt.lease for attempt in taken] == leases


def test_reports_of_several_attempts_do_not_replace_each_other(desk, monkeypatch):
    one, two = desk.attempt(("job", 1, "attempt")), desk.attempt(("job", 2, "attempt"))
    for number in range(50):
        desk.line.report(one, {"number": number}, False)
        desk.line.report(two, {"number": number}, False)
    last = {}
    while sorted(last.values()) != [49, 49]:
        message = desk.hear()
        last[message.lease] = message.body["number"]


def test_an_interrupt_of_another_lease_is_ignored(desk):
    attempt = desk.attempt()
    desk.say(protocol.INTERRUPT, ("job", 2, "attempt"))
    desk.say(protocol.RUN, ("job", 3, "attempt"))
    desk.line.next_attempt()  # so the interrupt has been read, too
    assert not attempt.interrupted


def test_an_interrupt_after_the_end_is_ignored(desk):
    attempt = desk.attempt()
    desk.line.send(protocol.FINISHED, LEASE)
    desk.say(protocol.INTERRUPT)
    desk.attempt(("job", 2, "attempt"))
    assert not attempt.interrupted


def test_reports_in_quick_succession_are_replaced_and_the_last_one_is_sent_in_the_end(desk):
    attempt = desk.attempt()
    for number in range(1000):
        desk.line.report(attempt, {"number": number}, False)
    heard = [desk.hear().body["number"]]
    while heard[-1] != 999:
        heard.append(desk.hear().body["number"])
    assert heard == sorted(heard)
    assert len(heard) < 100


def test_a_report_that_must_not_be_replaced_is_sent_at_once(desk, monkeypatch):
    monkeypatch.setattr(line_module, "REPORT_GAP_S", 3600)
    attempt = desk.attempt()
    for number in range(5):
        desk.line.report(attempt, {"number": number}, True)
    assert [desk.hear().body["number"] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_report_that_waits_does_not_follow_the_end(desk, monkeypatch):
    monkeypatch.setattr(line_module, "REPORT_GAP_S", 3600)
    attempt = desk.attempt()
    desk.line.report(attempt, {"number": 0}, True)
    desk.line.report(attempt, {"number": 1}, False)
    desk.line.send(protocol.FINISHED, LEASE)
    next_one = desk.attempt(("job", 2, "attempt"))
    desk.line.report(next_one, {"number": 2}, True)
    assert [desk.hear().kind for _ in range(3)] == [protocol.PROGRESSED, protocol.FINISHED, protocol.PROGRESSED]


def test_many_interrupts_between_many_sends_are_all_read(desk):
    """The descriptor of the socket says "something changed" once; a send may swallow that."""
    attempts = []
    done = threading.Event()

    def chatter():
        while not done.is_set():
            desk.line.send(protocol.LOADED)

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        for number in range(200):
            lease = ("job", number, "attempt")
            desk.say(protocol.RUN, lease)
            attempts.append(desk.line.next_attempt())
            desk.say(protocol.INTERRUPT, lease)
            while desk.router.poll(0):
                desk.router.recv_multipart()
        wait_until(lambda: all(attempt.interrupted for attempt in attempts))
    finally:
        done.set()
        thread.join()


def test_a_worker_that_does_not_read_gets_the_latest_report_and_the_end_when_it_goes_on(desk):
    attempt = desk.attempt()
    for number in range(5000):  # far more than all queues on the way hold
        desk.line.report(attempt, {"number": number, "message": "x" * 500}, True)
    numbers = []
    while not numbers or numbers[-1] != 4999:
        numbers.append(desk.hear().body["number"])
    assert len(numbers) < 5000
    assert numbers == sorted(numbers)


def test_the_end_of_an_attempt_waits_for_room(desk):
    attempt = desk.attempt()
    while not desk.line._waiting:
        desk.line.report(attempt, {"message": "x" * 500}, True)
    ending = threading.Thread(target=lambda: desk.line.send(protocol.FINISHED, LEASE))
    ending.start()
    while desk.hear().kind != protocol.FINISHED:
        pass
    ending.join()


def test_what_cannot_be_sent_is_refused_and_the_line_goes_on(desk):
    with pytest.raises(protocol.ProtocolError):
        desk.line.send(protocol.FINISHED, LEASE, info=object())
    desk.line.send(protocol.FINISHED, LEASE)
    assert desk.hear().kind == protocol.FINISHED


def test_what_was_sent_just_before_closing_arrives(desk):
    desk.line.send(protocol.STOPPED, LEASE)
    desk.line.close()
    assert desk.hear().kind == protocol.STOPPED


async def test_waiting_for_a_task_costs_nothing(desk):
    before = time.process_time()
    await asyncio.sleep(0.2)
    assert time.process_time() - before < 0.05
