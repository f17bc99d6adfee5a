"""The broker's decisions. The door is `scheduler.Scheduler.apply`.

waiting, fairness, ranks                who is next
placement, eviction, dispatch, fleet    where it goes, and what leaves for it
attempts, leases, attendance, reports   who may work on what, and what workers say about it
outcomes, retries, requests, alarms     what becomes of a job
control                                 what operators want of models and workers
estimates, profiles, averages           what was learned
forecast                                what it promises
books, invariants, story, worker_state     what is known, whether it agrees with itself, how it came about
"""
