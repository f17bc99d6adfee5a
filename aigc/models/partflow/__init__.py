"""Part flow: a small generative network of our own that draws a thing as a set of primitives."""
