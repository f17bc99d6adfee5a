"""A module that cannot be imported."""

raise ImportError("the weights library is missing")
