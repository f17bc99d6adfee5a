"""`python -m tests.second_try`: run once more, each by itself, the one or two tests that have just failed.

Among thousands of tests with real browsers, processes and clocks one may fail by chance on a busy machine. It is run
again alone, and named whatever comes of it, since a test that needs this is a defect to mend. More than two failures
are no chance, and are not run again.
"""

import json
import subprocess
import sys
from pathlib import Path

MOST = 2
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    """The exit code: 0 if there were one or two, and all of them passed this time."""
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not 0 < len(failed) <= MOST:
        print(f"{len(failed)} tests failed: none is run again")
        return 1
    again = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    passed = [subprocess.run([*again, test], check=False).returncode == 0 for test in failed]
    for test, has_passed in zip(failed, passed, strict=True):
        print(f"{'FLAKY, passed when run again: mend it' if has_passed else 'FAILED twice'}: {test}")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
