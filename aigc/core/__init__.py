"""Decisions without I/O: no socket, clock, file or random source of its own.

What happened goes in as an event, what shall be done comes out as effects: see `scheduler.Scheduler.apply`
for the broker's side and `device.Device.apply` for the worker's.
"""
