"""The child process that runs one model, and what a model's author needs to write one.

It imports the standard library, pyzmq and msgpack, nothing else of ours, and works from Python 3.10 on, because the
catalogue may name any interpreter for a model.

guard       the first process: watches the second one, and leaves nothing of it behind
host        the second process: loads the model and runs it
model       the class to write (start here); `testing` runs it without a server, `noop` is the smallest one
launch      how a worker starts a runner; `protocol` is what the two say to each other
"""
