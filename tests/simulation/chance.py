"""What happens to a swarm if chance decides: mostly work, now and then trouble."""

from tests.simulation.fates import MODELS
from tests.simulation.swarm import FAILURES, Seat, Swarm


def live(swarm: Swarm, steps: int) -> None:
    """So many steps."""
    rng = swarm.rng
    for _ in range(steps):
        roll = rng.random()
        seat = rng.choice(swarm.seats)
        if roll < 0.42:
            _ask_for_work(swarm)
        elif roll < 0.85:
            _work(swarm, seat)
        elif roll < 0.93:
            swarm.pass_time(rng.expovariate(2.0))
        elif roll < 0.97:
            swarm.beat(seat)
        else:
            _trouble(swarm, seat)


def _ask_for_work(swarm: Swarm) -> None:
    rng = swarm.rng
    if len(swarm.open) < 200:
        spec = rng.choices(MODELS, (30, 20, 14, 10, 3, 0, 1, 5, 5))[0]
        deadline_s = rng.uniform(0.1, 20.0) if rng.random() < 0.05 else None
        swarm.submit(spec.id, owner=rng.choice("uvw"), priority=rng.choice((2, 5, 5, 8)), deadline_s=deadline_s)


def _work(swarm: Swarm, seat: Seat) -> None:
    rng = swarm.rng
    for lease in list(seat.grants):
        roll = rng.random()
        if roll < 0.3:
            swarm.start(seat, lease)
        elif roll < 0.9:
            swarm.finish(seat, lease)
        elif roll < 0.95:
            swarm.fail(seat, lease, rng.choice(FAILURES), killed=rng.random() < 0.2)
        elif roll < 0.97:
            swarm.stop(seat, lease)
        else:
            swarm.give_back(seat, lease)


def _trouble(swarm: Swarm, seat: Seat) -> None:
    rng = swarm.rng
    job = rng.choice(list(swarm.open)) if swarm.open else None
    what = rng.randrange(12)
    if what == 0:
        swarm.lose(seat)
    elif what in (1, 2):
        swarm.join(seat)
    elif what in (3, 4):
        swarm.come_back(seat)
    elif what == 5:
        swarm.restart()
    elif what == 6:
        swarm.submit_refused()
    elif what == 7 and rng.random() < 0.1:
        swarm.leave(seat)
    elif what in (8, 9):
        swarm.say_again()
    elif what == 10 and job is not None:
        swarm.cancel(job)
    elif job is not None:
        swarm.move(job, rng.choice((2, 5, 8)))
