"""How long a lease that is out will go on: as its like did, or as far as it says that it is."""

from aigc.core.scheduling.leases import Granted
from aigc.core.scheduling.waiting import Demand

WORTH_TELLING = 0.2
"""The share from which on its own word is an estimate, where nothing was learned of its like."""


def left_s(granted: Granted, demand: Demand, now: float) -> float:
    """Seconds, at the best guess. `now` is monotonic.

    What the lease says of how far it is stands for the share of time that its like had taken there. It counts the more
    the further it is, and alone once it has taken twice as long as its like.
    """
    run_s = demand.profile.run_s
    if granted.started_at is None:
        return max(run_s, granted.charged_s - (now - granted.granted_at))
    passed_s = now - granted.started_at
    share = demand.profile.history.pace.share(granted.entry.job.progress.fraction)
    if not share:
        return max(0.0, run_s - passed_s)
    trust = max(share, min(1.0, 2.0 * (1.0 - run_s / passed_s))) if passed_s > run_s else share
    return trust * passed_s * (1.0 - share) / share + (1.0 - trust) * max(0.0, run_s - passed_s)


def known_left_s(granted: Granted, now: float) -> float | None:
    """The same for people, who take it for a promise: None where it would rest on what the catalogue declares, or
    where it has taken longer than its like and says nothing itself."""
    demand, fraction = granted.demand, granted.entry.job.progress.fraction
    if demand is None or granted.is_storing or granted.ending:
        return None
    is_learned = demand.profile.history.run.count > 0
    if granted.started_at is None:
        is_loading = granted.charged_s > demand.profile.run_s
        return left_s(granted, demand, now) if is_learned and (demand.load.learned.count or not is_loading) else None
    passed_s = now - granted.started_at
    if not is_learned:
        return passed_s * (1.0 - fraction) / fraction if passed_s and fraction >= WORTH_TELLING else None
    return left_s(granted, demand, now) or None
