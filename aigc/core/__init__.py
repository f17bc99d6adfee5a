"""Decisions without I/O: no socket, clock, file or random source of its own.

What happened goes in as an event, what shall be done comes out as effects. Two folders, two doors:

    scheduling   the broker's side, `Scheduler.apply`: which job goes to which device, and what becomes of it
    hosting      the worker's side, `Device.apply`: memory, runners and leases of one device

What stands here beside them are the nouns that both share.
"""
