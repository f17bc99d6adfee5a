"""The service at rest and at its start: P8 idle CPU, P9 memory, P10 start to the first job done.

python -m bench.idle [--mode multi] [--rounds 3] [--seconds 20]

With several processes the memory is that of gateway, broker and worker, as the goal says; Redis is shown apart.
"""

import argparse
import json
import time

from bench.harness import MODES, Figure, Mode, aigc_server, cpu_s, keep, pss_mb, row
from bench.http_load import run
from bench.load import POST_WAIT


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=MODES, default="single")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    rounds = [one_round(options.mode, options.seconds) for _ in range(options.rounds)]

    def figure(name: str) -> Figure:
        return Figure.of([values[name] for values in rounds])

    memory_goal = "<= 70" if options.mode == "single" else "<= 110"
    row("P8", "idle CPU of the whole service, %", figure("idle_percent"), "<= 0.1")
    row("", "the same with a loaded runner, %", figure("idle_loaded_percent"), "")
    row("P9", "memory (PSS) before a model is imported, MB", figure("pss_mb"), memory_goal)
    for part in sorted(name for name in rounds[0] if name.startswith("pss_mb ")):
        row("", f"of that or beside it: {part.removeprefix('pss_mb ')}, MB", figure(part), "")
    row("P10", "start to the first job done, s", figure("first_job_s"), "<= 1.5")
    keep(f"idle-{options.mode}", rounds)


def one_round(mode: Mode, seconds: float) -> dict[str, float]:
    """One start, one rest, one job, one more rest."""
    began = time.perf_counter()
    with aigc_server(mode) as service:
        answers: list[bytes] = []
        run(service.port, lambda: POST_WAIT, connections=1, count=1, on_answer=answers.append)
        first_job_s = time.perf_counter() - began
        assert json.loads(answers[0])["status"] == "completed", answers[0]
        loaded = rest(service.pids, seconds)
    with aigc_server(mode) as service:
        time.sleep(2)  # what the start still has to do is not rest
        idle = rest(service.pids, seconds)
        parts = {part: pss_mb(pids) for part, pids in service.parts().items()}
    return {
        "first_job_s": first_job_s,
        "idle_loaded_percent": loaded,
        "idle_percent": idle,
        "pss_mb": sum(parts[part] for part in ("serve", "web", "broker", "worker") if part in parts),
        **{f"pss_mb {part}": used for part, used in parts.items()},
    }


def rest(pids: list[int], seconds: float) -> float:
    """Percent of one core that was used while nothing happened."""
    before = cpu_s(pids)
    time.sleep(seconds)
    return (cpu_s(pids) - before) / seconds * 100


if __name__ == "__main__":
    main()
