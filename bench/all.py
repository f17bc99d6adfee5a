"""Everything that is measured, one after the other: `make bench`."""

import subprocess
import sys

PARTS = (
    "wire",
    "store",
    "decisions",
    "swaps",
    "idle --mode single",
    "idle --mode multi",
    "load --mode single",
    "load --mode multi",
    "fanout",
    "peers",
    "recovery",
    "report",
)


def main() -> int:
    """Run each part in a process of its own, so that none warms up for another."""
    failed = []
    for part in PARTS:
        print(f"\n== {part}", flush=True)
        module, *arguments = part.split()
        if subprocess.run([sys.executable, "-m", f"bench.{module}", *arguments], check=False).returncode:
            failed.append(part)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
