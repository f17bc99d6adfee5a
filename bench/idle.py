"""The service at rest and at its start: P8 idle CPU, P9 memory, P10 start to the first job done.

python -m bench.idle [--rounds 3] [--seconds 20]
"""

import argparse
import json
import time

from bench.harness import Figure, aigc_server, cpu_s, keep, pss_mb, row
from bench.http_load import run
from bench.load import POST_WAIT


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    rounds = [one_round(options.seconds) for _ in range(options.rounds)]

    def figure(name: str) -> str:
        return f"{Figure.of([values[name] for values in rounds])}"

    row("P8", "idle CPU of the whole service, %", figure("idle_percent"), "<= 0.1")
    row("", "the same with a loaded runner, %", figure("idle_loaded_percent"), "")
    row("P9", "memory (PSS) before a model is imported, MB", figure("pss_mb"), "<= 70")
    row("P10", "start to the first job done, s", figure("first_job_s"), "<= 1.5")
    keep("idle", rounds)


def one_round(seconds: float) -> dict[str, float]:
    """One start, one rest, one job, one more rest."""
    began = time.perf_counter()
    with aigc_server() as service:
        answers: list[bytes] = []
        run(service.port, lambda: POST_WAIT, connections=1, count=1, on_answer=answers.append)
        first_job_s = time.perf_counter() - began
        assert json.loads(answers[0])["status"] == "completed", answers[0]
        loaded = rest(service.pids, seconds)
    with aigc_server() as service:
        time.sleep(2)  # what the start still has to do is not rest
        idle = rest(service.pids, seconds)
        memory = pss_mb(service.pids)
    return {"first_job_s": first_job_s, "idle_loaded_percent": loaded, "idle_percent": idle, "pss_mb": memory}


def rest(pids: list[int], seconds: float) -> float:
    """Percent of one core that was used while nothing happened."""
    before = cpu_s(pids)
    time.sleep(seconds)
    return (cpu_s(pids) - before) / seconds * 100


if __name__ == "__main__":
    main()
