"""The life of one runner process, as a state machine without processes.

    absent ──load──► loading ──RunnerLoaded──► idle ◄──RunnerFinished, Failed, Stopped── running
                        │                       │ └──────────────run──────────────────►   │
                        └──────────┐  stop  ┌───┘                                         │
                                   ▼        ▼        ladder, broken runner                │
                                   stopping ◄─────────────────────────────────────────────┘
                                   │
                                   └──RunnerExited (from any state)──► gone

A model that shares its work among several jobs has several attempts under way at once: further ones join while it runs.
Where runs are brief others line up: the runner has them already, and begins the next one without a word from anybody.
Whatever befalls the run (the ladder, a stall, the blame for a crash) befalls the first of them alone.

The cancel ladder: Interrupt, after `interrupt_s` Terminate, after `terminate_s` Kill, then Kill again until the process
is gone. It serves cancels, stalls and deadlines alike. Memory is free when the slot is gone, never before.
"""

import math
from enum import StrEnum

import msgspec
from msgspec import Struct

from aigc.core.events import Tick
from aigc.core.job import Failure, Lease
from aigc.core.model import ModelSpec
from aigc.core.runner_events import (
    Interrupt,
    Kill,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    RunnerNews,
    RunnerProgressed,
    RunnerStopped,
    Spawn,
    Terminate,
)

AHEAD = 32
"""Attempts that may line up behind the one that runs, so that a runner never waits for its next job."""
AHEAD_S = 0.02
"""They do so while the last of them is expected to begin within so many seconds."""
PACE_DECAY = 0.9
"""How fast a long run is forgotten: by this factor with each one that is shorter."""


class SlotState(StrEnum):
    """Where a runner is in its life; the middle four are the words of `messages.Resident`."""

    ABSENT = "absent"
    """Not started yet."""
    LOADING = "loading"
    IDLE = "idle"
    RUNNING = "running"
    """Also while it is asked to stop at its next step: it may yet become idle again."""
    STOPPING = "stopping"
    """On its way out; it will not be used again."""
    GONE = "gone"
    """The process and its memory are no more."""


class SlotSettings(Struct, frozen=True):
    """Seconds between the rungs of the ladder."""

    interrupt_s: float = 2.0
    """What a model has to notice that it is to stop."""
    terminate_s: float = 2.0
    """What a process has to end after SIGTERM."""
    kill_s: float = 2.0
    """Pause before a SIGKILL that did nothing yet is sent again."""


class Ended(Struct, frozen=True):
    """An attempt is over, as asked if nothing else is said. Without a lease: a runner that served none failed."""

    runner: RunnerId
    lease: Lease | None
    finished: RunnerFinished | None = None
    failure: Failure | None = None
    killed_runner: bool = False
    """The attempt took the process with it."""
    is_sticky: bool = False
    """The error stays on the device for as long as the process lives, and perhaps longer."""
    run_s: float = 0.0
    peak_bytes: int = 0
    longest_gap_s: float = 0.0
    """Between two reports of a run that finished."""
    is_unbegun: bool = False
    """The process ended before it came to this attempt, which is as if it had never been handed over."""


class Began(Struct, frozen=True):
    """An attempt that had lined up has come to its turn."""

    lease: Lease


class _Attempt(Struct):
    """One attempt under way. It is told by its lease."""

    run_at: float
    is_asked: bool = False
    """Somebody wants its end."""


SlotEffect = Spawn | Run | Interrupt | Terminate | Kill | Began | Ended


class RunnerSlot:
    """One runner from its start to its end. Every call returns what is to be done next, in order.

    Effects on the process go to `actors.runner_process`; `Ended` is for the owner of the attempt. Whoever drives a
    slot calls `apply(Tick(), now)` at `due` at the latest. `now` is seconds on one clock that never jumps.
    """

    def __init__(self, runner: RunnerId, spec: ModelSpec, settings: SlotSettings) -> None:
        self.runner, self.spec, self._settings = runner, spec, settings
        self.state = SlotState.ABSENT
        self._attempts: dict[Lease, _Attempt] = {}
        """Those under way; they outlive `running` until it is known how they ended."""
        self.pid = 0
        self.spawned_at = self.loaded_at = self.idle_since = 0.0
        self.load_s = 0.0
        self.held_bytes = 0
        """What it was last seen to hold."""
        self.peak_bytes = 0
        """The most that it was seen to hold."""
        self.jobs_done = 0
        self.due: float | None = None
        """When the next `Tick` is needed; None: not until something happens."""
        self._run_peak_bytes = 0  # the most that it was seen to hold in this run
        self._reported_at = 0.0
        self._stall_limit_s = self._longest_gap_s = 0.0
        self._rung = 0  # of the ladder: 1 interrupted, 2 terminated, 3 killed
        self._fault: Failure | None = None  # why the process has to go
        self._is_sticky = False
        self._pace_s = math.inf  # what a run takes at most, as the last ones have shown

    def load(self, now: float) -> list[SlotEffect]:
        """It is loading; the shell starts the process. Memory must be reserved before."""
        self.state, self.spawned_at, self.due = SlotState.LOADING, now, now + self.spec.load_limit_s
        return [Spawn(self.runner, self.spec)]

    @property
    def leases(self) -> tuple[Lease, ...]:
        """The attempts that are under way."""
        return tuple(self._attempts)

    def may_join(self, now: float) -> bool:
        """Whether one more attempt may be handed over: it begins beside those under way, or lines up behind them.

        A job that is tried again runs by itself: whoever was in one batch with a job that killed the runner is not
        killed by it twice. It joins nobody, so only the first may be one.
        """
        if self.state is not SlotState.RUNNING or self._rung:
            return False
        under_way = len(self._attempts)
        first, attempt = next(iter(self._attempts.items()))
        if first.attempt > 1:
            return False
        if self._takes_batch:
            return under_way < self.spec.batch
        took_s = now - attempt.run_at  # who is at work may not be brief this time
        return under_way <= AHEAD and max(took_s, under_way * self._pace_s) <= AHEAD_S

    @property
    def is_lining_up(self) -> bool:
        """Whether what it is handed now waits for its turn."""
        return bool(self._attempts) and not self._takes_batch

    @property
    def _takes_batch(self) -> bool:
        return self.spec.batch > 1

    def _is_at_work(self, lease: Lease) -> bool:
        """False for one that has lined up behind another."""
        return self._takes_batch or lease == next(iter(self._attempts), None)

    def run(self, task: Run, stall_limit_s: float, now: float) -> list[SlotEffect]:
        """The idle runner runs, or one more attempt joins; the shell hands it the task. Silence for `stall_limit_s`
        ends all that are under way."""
        if not self._attempts:
            self._run_peak_bytes = 0
            self._stall_limit_s = self._longest_gap_s = 0.0
            self._rung, self._fault, self._reported_at = 0, None, now
        self.state = SlotState.RUNNING
        self._attempts[task.lease] = _Attempt(now)
        self._stall_limit_s = max(self._stall_limit_s, stall_limit_s)
        self.due = self._reported_at + self._stall_limit_s
        return [task]

    def end(self, lease: Lease, now: float) -> list[SlotEffect]:
        """The attempt is asked to end; an `Ended` follows in time, which is not a success any more."""
        attempt = self._attempts.get(lease)
        if attempt is None or attempt.is_asked:
            return []
        attempt.is_asked = True
        if not self._is_at_work(lease):
            return [Interrupt(self.runner, lease)]  # the runner will pass it over
        if self._rung == 0:
            self._rung, self.due = 1, now + self._settings.interrupt_s
        return [Interrupt(self.runner, lease)] if self._rung == 1 and self._fault is None else []

    def stop(self, now: float) -> list[SlotEffect]:
        """A runner without an attempt is told to go; one with an attempt is left alone."""
        if self.state not in (SlotState.LOADING, SlotState.IDLE):
            return []
        return self._climb(2, now)

    def abort(self, fault: Failure, now: float) -> list[SlotEffect]:
        """The process is killed at once for this reason; its attempt, if any, fails with it when it is gone."""
        if self.state is SlotState.GONE or self._rung == 3:
            return []
        self._fault = fault
        return self._climb(3, now)

    def hold(self, size: int) -> None:
        """It was seen to hold `size` bytes of the device."""
        self.held_bytes = size
        self._saw_peak(size)

    def apply(self, event: RunnerNews | Tick, now: float) -> list[SlotEffect]:
        """What happened to the runner has been taken in. News about an attempt that is over changes nothing."""
        if isinstance(event, Tick):
            return self._tick(now)
        if isinstance(event, RunnerConnected):
            self.pid = event.pid
        elif isinstance(event, RunnerLoaded):
            self._loaded(event, now)
        elif isinstance(event, RunnerProgressed):
            self._reported(event, now)
        elif isinstance(event, RunnerExited):
            return self._exited(event, now)
        elif isinstance(event, RunnerFailed) and event.lease is None:
            return self._load_failed(event, now)
        elif isinstance(event, RunnerFinished | RunnerFailed | RunnerStopped):
            return self._over(event, now)
        return []

    # Loading

    def _loaded(self, event: RunnerLoaded, now: float) -> None:
        self.hold(event.bytes)
        if self.state is SlotState.LOADING:
            self.load_s, self.loaded_at = event.load_s, now
            self._rest(now)

    def _load_failed(self, event: RunnerFailed, now: float) -> list[SlotEffect]:
        if self.state is not SlotState.LOADING:
            return []
        self._break(event)
        return self._climb(2, now)

    def _break(self, event: RunnerFailed) -> None:
        """The process has to go; what a runner calls a crash though it lives to tell it is the device's fault."""
        self._fault = self._fault or event.failure
        self._is_sticky = event.broken and event.failure.code == "runner_crashed"

    # An attempt

    def _reported(self, event: RunnerProgressed, now: float) -> None:
        if event.lease not in self._attempts:
            return
        self._longest_gap_s = max(self._longest_gap_s, now - self._reported_at)
        self._reported_at = now
        if self._rung == 0:
            self.due = now + self._stall_limit_s

    def _over(self, event: RunnerFinished | RunnerFailed | RunnerStopped, now: float) -> list[SlotEffect]:
        attempt = self._attempts.get(event.lease) if event.lease is not None else None
        if attempt is None or event.lease is None:
            return []
        self._longest_gap_s = max(self._longest_gap_s, now - self._reported_at)
        self._reported_at = now
        if isinstance(event, RunnerFailed) and (event.broken or self.state is SlotState.STOPPING):
            # Not over before the process is gone: only then is the next attempt safe from it.
            self._break(event)
            return self._climb(2, now) if self._rung < 2 else []
        was_at_work = self._is_at_work(event.lease)
        ended = self._verdict(event, event.lease, attempt)
        del self._attempts[event.lease]
        if self._attempts and not self._takes_batch:
            if was_at_work and self.state is SlotState.RUNNING:
                return [ended, *self._come_to_turn(now)]
        elif not self._attempts:
            self._fault = None
            if self.state is SlotState.RUNNING:
                self._rest(now)
        elif self._rung == 1 and self._fault is None and not any(one.is_asked for one in self._attempts.values()):
            self._rung, self.due = 0, now + self._stall_limit_s
        return [ended]

    def _come_to_turn(self, now: float) -> list[SlotEffect]:
        """The runner has begun with the next in line."""
        lease, attempt = next(iter(self._attempts.items()))
        attempt.run_at, self._fault, self._run_peak_bytes, self._longest_gap_s = now, None, 0, 0.0
        self._rung = int(attempt.is_asked)
        self.due = now + (self._settings.interrupt_s if attempt.is_asked else self._stall_limit_s)
        return [Began(lease)]

    def _verdict(self, event: RunnerFinished | RunnerFailed | RunnerStopped, lease: Lease, attempt: _Attempt) -> Ended:
        if not isinstance(event, RunnerStopped):
            self._saw_peak(event.peak_bytes)
        run_s, peak_bytes = event.run_s, self._run_peak_bytes or self.peak_bytes
        if attempt.is_asked:
            return Ended(self.runner, lease, run_s=run_s, peak_bytes=peak_bytes)
        if isinstance(event, RunnerFinished):
            # Also when a stall was suspected or the memory was overdrawn: the result is there and whole.
            self.jobs_done += 1
            self._pace_s = max(run_s, PACE_DECAY * self._pace_s) if self._pace_s < math.inf else run_s
            gap_s = self._longest_gap_s
            return Ended(self.runner, lease, event, run_s=run_s, peak_bytes=peak_bytes, longest_gap_s=gap_s)
        if isinstance(event, RunnerStopped):
            failure = self._fault or Failure("model_error", "the model stopped though nobody asked it to")
        else:
            failure = self._fault or event.failure
        return Ended(self.runner, lease, failure=failure, run_s=run_s, peak_bytes=peak_bytes)

    # The end

    def _exited(self, event: RunnerExited, now: float) -> list[SlotEffect]:
        self._saw_peak(event.peak_bytes)
        before, attempts = self.state, self._attempts
        self.state, self._attempts, self.due = SlotState.GONE, {}, None
        if not attempts and before is not SlotState.LOADING and self._fault is None:
            return []
        failure = self._fault or self._crashed(event, "ran" if attempts else "loaded")
        failure = msgspec.structs.replace(failure, log_tail=failure.log_tail or event.log_tail)
        peak_bytes = self._run_peak_bytes or self.peak_bytes
        if not attempts:
            return [Ended(self.runner, None, failure=failure, is_sticky=self._is_sticky, peak_bytes=peak_bytes)]
        at_work = len(attempts) if self._takes_batch else 1
        return [
            Ended(
                self.runner,
                lease,
                failure=None if attempt.is_asked else failure,
                killed_runner=not attempt.is_asked,
                is_sticky=self._is_sticky,
                run_s=now - attempt.run_at,
                peak_bytes=peak_bytes,
            )
            if place < at_work
            else Ended(self.runner, lease, is_unbegun=not attempt.is_asked)
            for place, (lease, attempt) in enumerate(attempts.items())
        ]

    def _crashed(self, event: RunnerExited, doing: str) -> Failure:
        how = f"died by {event.signal}" if event.signal else f"exited with status {event.code}"
        code = "runner_crashed" if doing == "ran" else "model_load_failed"
        hint = "see whether the kernel's out-of-memory killer ended it" if event.signal == "SIGKILL" else ""
        return Failure(code, f"the runner of {self.spec.residency} {how} while it {doing}", hint, retryable=True)

    def _saw_peak(self, size: int) -> None:
        self.peak_bytes = max(self.peak_bytes, size)
        self._run_peak_bytes = max(self._run_peak_bytes, size)

    def _rest(self, now: float) -> None:
        self.state, self.idle_since, self.due, self._rung = SlotState.IDLE, now, None, 0

    # Time

    def _tick(self, now: float) -> list[SlotEffect]:
        if self.due is None or now < self.due:
            return []
        if self._rung > 0:
            return self._climb(min(self._rung + 1, 3), now)
        if self.state is SlotState.LOADING:
            self._fault = Failure(
                "model_load_failed",
                f"{self.spec.residency} did not load within {self.spec.load_limit_s:g} s",
                "raise load_limit_s of the model, or see what its runner printed",
                retryable=True,
            )
            return self._climb(2, now)
        self._fault = Failure(
            "runner_stalled",
            f"the runner of {self.spec.residency} reported nothing for {now - self._reported_at:.0f} s",
            "raise stall_limit_s of the model, or have it report progress more often",
            retryable=True,
        )
        return self._climb(1, now)

    def _climb(self, rung: int, now: float) -> list[SlotEffect]:
        self._rung = rung
        if rung == 1 and self._attempts:
            self.due = now + self._settings.interrupt_s
            return [Interrupt(self.runner, lease) for lease in self._attempts if self._is_at_work(lease)]
        self.state = SlotState.STOPPING
        if rung == 2:
            self.due = now + self._settings.terminate_s
            return [Terminate(self.runner)]
        self.due = now + self._settings.kill_s
        return [Kill(self.runner)]
