"""The service at rest and at its start: P8 idle CPU, P9 memory, P10 start to the first job done.

python -m bench.idle [--mode multi] [--rounds 3] [--seconds 20]

With several processes the memory is that of gateway, broker and worker, as the goal says; what else runs stands below.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor

from bench.harness import MODES, Figure, Line, Mode, aigc_server, keep, show
from bench.http_load import run
from bench.load import POST_WAIT
from bench.usage import pss_mb, rest_percent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=MODES, default="single")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    rounds = [one_round(options.mode, options.seconds) for _ in range(options.rounds)]

    show(lines(rounds))
    keep(f"idle-{options.mode}", rounds)


def lines(rounds: list[dict[str, float]]) -> list[Line]:
    """What the rounds came to."""

    def figure(name: str) -> Figure:
        return Figure.of([values[name] for values in rounds])

    def split(name: str) -> list[Line]:
        parts = sorted(key.removeprefix(f"{name} ") for key in rounds[0] if key.startswith(f"{name} "))
        return [Line("", f"... {part}", figure(f"{name} {part}")) for part in parts] if len(parts) > 1 else []

    memory_goal = "<= 70" if "pss_mb serve" in rounds[0] else "<= 110"
    return [
        Line("P8", "idle CPU of the whole service, %", figure("idle_percent"), "<= 0.1"),
        *split("idle_percent"),
        Line("", "the same with a loaded runner, %", figure("idle_loaded_percent")),
        Line("P9", "memory (PSS) before a model is imported, MB", figure("pss_mb"), memory_goal),
        *split("pss_mb"),
        Line("P10", "start to the first job done, s", figure("first_job_s"), "<= 1.5"),
    ]


def one_round(mode: Mode, seconds: float) -> dict[str, float]:
    """One start, one rest, one job, one more rest."""
    began = time.perf_counter()
    with aigc_server(mode) as service:
        answers: list[bytes] = []
        run(service.port, lambda: POST_WAIT, connections=1, count=1, on_answer=answers.append)
        first_job_s = time.perf_counter() - began
        assert json.loads(answers[0])["status"] == "completed", answers[0]
        loaded = rest_percent(service.pids, seconds)
    with aigc_server(mode) as service:
        time.sleep(2)  # what the start still has to do is not rest
        parts = service.parts()
        with ThreadPoolExecutor(len(parts)) as watching:
            rests = watching.map(lambda pids: rest_percent(pids, seconds), parts.values())
        idle = dict(zip(parts, rests, strict=True))
        memory = {part: pss_mb(pids) for part, pids in parts.items()}
    return {
        "first_job_s": first_job_s,
        "idle_loaded_percent": loaded,
        "idle_percent": sum(idle.values()),
        **{f"idle_percent {part}": share for part, share in idle.items()},
        "pss_mb": sum(memory[part] for part in ("serve", "web", "broker", "worker") if part in memory),
        **{f"pss_mb {part}": used for part, used in memory.items()},
    }


if __name__ == "__main__":
    main()
