"""The same job that does nothing, served by others: each runs in an environment of its own, none is imported by us."""
