"""`python -m aigc.runner serve <boot file>` (started by workers), `python -m aigc.runner describe <module:Class>`."""

import os
import sys

USAGE = "usage: python -m aigc.runner describe module:Class | python -m aigc.runner serve BOOT_FILE"


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    # `-m` puts the current folder first on the path: a runner's is its scratch folder, which is no place for modules.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    if len(arguments) == 2 and arguments[0] == "serve":
        from aigc.runner.guard import Guard

        return Guard().run(lambda: _host(arguments[1]))
    if len(arguments) == 2 and arguments[0] == "describe":
        from aigc.runner.describe import print_schema

        return print_schema(arguments[1])
    print(USAGE, file=sys.stderr)  # noqa: T201 - a command line's answer
    return 2


def _host(boot_file: str) -> int:
    # Imported behind the fork: zmq starts threads, and a process with threads must not fork.
    from aigc.runner.host import host

    return host(boot_file)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
