"""Put each peer into an environment of its own, with the versions that were measured.

python -m bench.peers.install [NAME ...]

They lie in .venv/peers; a peer that is there already, with the same versions, is left as it is.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / ".venv" / "peers"
NAMES = ("celery", "dramatiq", "litserve", "taskiq")


def python_of(name: str) -> Path:
    """The interpreter of that peer."""
    return ENVIRONMENTS / name / "bin" / "python"


def is_installed(name: str) -> bool:
    """True if the peer is there in the versions wanted."""
    stamp = ENVIRONMENTS / name / "installed.txt"
    return stamp.is_file() and stamp.read_bytes() == _wanted(name).read_bytes()


def install(name: str) -> None:
    """The peer is there in the versions wanted."""
    folder = ENVIRONMENTS / name
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    pip = [str(python_of(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--requirement", str(_wanted(name))], check=True)
    (folder / "installed.txt").write_bytes(_wanted(name).read_bytes())


def _wanted(name: str) -> Path:
    return HERE / "requirements" / f"{name}.txt"


def main() -> None:
    """Install those named, or all."""
    for name in sys.argv[1:] or NAMES:
        if not is_installed(name):
            print(f"installing {name}", flush=True)
            install(name)


if __name__ == "__main__":
    main()
