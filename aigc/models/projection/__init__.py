"""A picture thrown onto a mesh: where it was taken from, how it fits, what it shows."""
