"""A third party's own package that happens to have a name of ours."""

OWNER = "a third party"
