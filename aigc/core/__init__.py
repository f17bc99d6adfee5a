"""Decisions without I/O: no socket, clock, file or random source of its own.

What happened goes in as an event, what shall be done comes out as effects. Two doors:

    scheduler.Scheduler.apply   the broker's side: which job goes to which device, and what becomes of it
        waiting, fairness, ranks                who is next
        placement, eviction, dispatch, fleet    where it goes, and what leaves for it
        attempts, leases, attendance, reports   who may work on what, and what workers say about it
        outcomes, retries, requests, alarms     what becomes of a job
        estimates, forecast                     what was learned, and what it promises
        books, audit, story, worker_state       what is known, whether it agrees with itself, how it came about

    device.Device.apply         the worker's side: memory, runners and leases of one device
        ledger, residents, slot                 memory, what is loaded, the life of one runner
        held, holdings, turns, health           leases in hand, what is said of them, who runs, trust in the device

Both sides share the nouns: ids, job, lifecycle, model, messages, events, effects, runner_events, errors, ports.
"""
