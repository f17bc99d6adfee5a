"""The composition root: settings, catalogue, wiring and the command line. Nobody imports it."""
