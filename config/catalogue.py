"""`models.yaml` to the catalogue: every entry checked, every error at once.

A third party's model needs a class path and an entry here, nothing else. Its parameters are described by its own
interpreter, in a process of its own, so that no foreign code runs in the server.
"""

import difflib
import hashlib
import importlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import msgspec
from pydantic import BaseModel, ConfigDict, Field

from aigc.core.ids import ModelId
from aigc.core.model import Absent, Catalogue, ModelSpec
from aigc.features import FEATURES
from aigc.runner import launch
from config import installed
from config.marks import Complaint, ConfigInvalid, Document, Keys, check, parse, read
from config.recipe import SUFFIX
from config.settings import Settings

GIB = 1 << 30
DESCRIBE_S = 60
"""An interpreter may take so long to import a model's class."""

ClassPath = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
Seconds = Annotated[float, Field(gt=0)]
Describe = Callable[["Entry"], dict[str, Any]]
"""Asks an entry's own interpreter for the JSON Schema of its parameters. Raises RuntimeError with the reason."""


class Entry(BaseModel):
    """One model in `models.yaml`. Sizes in GiB, times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    class_path: ClassPath = Field(alias="class")
    description: str = ""
    parameters: ClassPath | dict[str, Any] | None = None
    inputs: list[str] | None = None
    outputs: list[str] | None = None
    memory_gb: Annotated[float, Field(gt=0)]
    load_s: Seconds = 5
    run_s: Seconds = 30
    load_limit_s: Seconds = 900
    stall_limit_s: Annotated[float, Field(ge=30)] = 300
    run_limit_s: Annotated[float, Field(ge=0)] = 0
    devices: list[str] = ["cuda", "cpu"]
    family: str = ""
    batch: Annotated[int, Field(ge=1)] = 1
    pinned: bool = False
    enabled: bool = True
    recipe: str = ""
    """What has to be installed for it; interpreter, folders, weights and licence then come from there."""
    python: str = ""
    path: list[Path] = []
    env: dict[str, str] = {}
    init: dict[str, Any] = {}
    writable: list[Path] = []
    network: bool = False
    licence: str = ""
    commercial_use: bool = True


class File(BaseModel):
    """A catalogue file: feature, then model id, then entry. The first enabled entry of a feature is its default."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    models: dict[str, dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")], Entry]]


def bundled() -> list[Document]:
    """The catalogue that comes with the server: models for any CPU, and heavy ones that want to be installed."""
    folder = resources.files("config")
    return [parse(folder.joinpath(name).read_text(encoding="utf-8"), name) for name in ("models.yaml", "heavy.yaml")]


def load(
    main: Path | None,
    extra: Sequence[Path] = (),
    *,
    describe: Describe,
    commercial_only: bool = False,
    environments: Path | None = None,
    prefer: Sequence[str] = (),
) -> Catalogue:
    """The catalogue of all these files; None stands for the bundled one.

    Args:
        environments: where recipes are installed; None: nothing is.
        prefer: ids that serve their feature when a request names no model.
    Raises:
        ConfigInvalid: every error of every file.
    """
    loading = _Loading(describe, environments)
    if main is None:
        for document in bundled():
            loading.add(lambda document=document: document, None)  # type: ignore[misc]
    for file in extra if main is None else [main, *extra]:
        loading.add(lambda file=file: read(file), file.absolute().parent)  # type: ignore[misc]
    if loading.complaints:
        raise ConfigInvalid(loading.complaints)
    absent = list(loading.absent.values())
    if commercial_only:
        absent = [_forbidden(one) if not one.commercial_use else one for one in absent]
        absent += [_forbidden(spec) for spec in loading.models.values() if not spec.commercial_use]
    models = [spec for spec in loading.models.values() if spec.commercial_use or not commercial_only]
    return catalogue_of(sorted(models, key=lambda spec: spec.id not in prefer), absent)


def needing(settings: Settings) -> dict[str, str]:
    """Each model that needs a recipe -> that recipe, as `recipe.load` takes it. Raises ConfigInvalid."""
    models = settings.models
    files = [(read(file), file.absolute().parent) for file in (models.catalogue, *models.extra) if file]
    documents = [(document, Path()) for document in bundled()] if models.catalogue is None else []
    return {
        name: str(base / entry.recipe) if entry.recipe.endswith(SUFFIX) else entry.recipe
        for document, base in (*documents, *files)
        for entries in check(File, document).models.values()
        for name, entry in entries.items()
        if entry.recipe
    }


def catalogue_of(models: Sequence[ModelSpec], absent: Sequence[Absent] = ()) -> Catalogue:
    """These models, the first of each feature its default, with their digest."""
    seen: set[str] = set()
    marked = []
    for spec in models:
        spec = msgspec.structs.replace(spec, is_default=spec.feature not in seen)
        # As it comes out of a message, so that its digest is the same in every process: 5 is 5.0 there.
        marked.append(msgspec.msgpack.decode(msgspec.msgpack.encode(spec), type=ModelSpec))
        seen.add(spec.feature)
    digest = hashlib.sha256(msgspec.msgpack.encode([marked, absent])).hexdigest()[:16]
    return Catalogue(tuple(marked), digest, tuple(absent))


def _forbidden(model: ModelSpec | Absent) -> Absent:
    return Absent(
        id=model.id,
        feature=model.feature,
        reason="licence",
        detail=f"its licence ({model.licence or 'unnamed'}) forbids commercial use, and models.commercial_only is set",
        suggestion="choose a model whose licence allows it",
        licence=model.licence,
        commercial_use=False,
    )


class _Loading:
    """Gathers models and complaints over several files."""

    def __init__(self, describe: Describe, environments: Path | None) -> None:
        self._describe = describe
        self._installations = installed.Installations(environments)
        self.models: dict[str, ModelSpec] = {}
        self.absent: dict[str, Absent] = {}
        self.complaints: list[Complaint] = []

    def add(self, opened: Callable[[], Document], base: Path | None) -> None:
        """One file; `base` is where its relative paths start."""
        try:
            document = opened()
            file = check(File, document)
        except ConfigInvalid as error:
            self.complaints += error.complaints
            return
        for feature, entries in file.models.items():
            if feature not in FEATURES:
                close = difflib.get_close_matches(feature, FEATURES, n=1)
                do = f"did you mean {close[0]}?" if close else "one of " + ", ".join(FEATURES)
                self._complain(document, ("models", feature), f"{feature} is not a feature", do)
                continue
            for name, entry in entries.items():
                if entry.enabled:
                    self._add(document, base, feature, name, entry)

    def _add(self, document: Document, base: Path | None, feature: str, name: str, entry: Entry) -> None:
        keys: Keys = ("models", feature, name)
        if name in self.models or name in self.absent:
            self._complain(document, keys, f"{name} is in the catalogue already", "give one of the two another id")
            return
        if base is not None:
            entry = entry.model_copy(
                update={
                    "path": [base / folder for folder in entry.path],
                    "writable": [base / folder for folder in entry.writable],
                    "python": str(base / entry.python) if entry.python.startswith(".") else entry.python,
                }
            )
        for folder in entry.path:
            if not folder.is_dir():
                self._complain(document, (*keys, "path"), f"{folder} is not a folder", "correct the path")
        if entry.python and not Path(entry.python).is_file():
            self._complain(document, (*keys, "python"), f"{entry.python} is not there", "name an interpreter")
        known = FEATURES[feature]
        strange = [wanted for wanted in entry.outputs or () if wanted not in known.output_formats]
        if strange:
            do = "use " + ", ".join(known.output_formats)
            self._complain(document, (*keys, "outputs"), f"{feature} cannot give {', '.join(strange)}", do)
        before = len(self.complaints)
        found = self._equipped(document, base, keys, entry) if entry.recipe else entry
        if found is None:
            return
        schema = self._schema(document, keys, found)
        if len(self.complaints) == before:
            self.models[name] = _spec(feature, name, found, schema)

    def _equipped(self, document: Document, base: Path | None, keys: Keys, entry: Entry) -> Entry | None:
        """The entry with what its recipe's installation brings; None if it is noted as absent, or complained of."""
        try:
            found = self._installations.find(entry.recipe, base)
        except ConfigInvalid as error:
            for one in error.complaints:
                self._complain(document, (*keys, "recipe"), f"{one.place}: {one.what}", one.do)
            return None
        recipe = found.named.recipe
        if found.missing:
            _, feature, name = map(str, keys)
            wanted = str((base or Path()) / entry.recipe) if entry.recipe.endswith(SUFFIX) else entry.recipe
            self.absent[name] = Absent(
                id=ModelId(name),
                feature=feature,
                reason="not_installed",
                detail=found.missing,
                suggestion=f"aigc models install {wanted}",
                licence=recipe.licence,
                commercial_use=recipe.commercial_use,
            )
            return None
        access = installed.access(found.named, found.place)
        return entry.model_copy(
            update={
                "python": access.python,
                "path": [*access.path, *entry.path],
                "env": {**access.env, **entry.env},
                "init": {**access.init, **entry.init},
                "licence": entry.licence or recipe.licence,
                "commercial_use": entry.commercial_use and recipe.commercial_use,
            }
        )

    def _schema(self, document: Document, keys: Keys, entry: Entry) -> dict[str, Any]:
        where = (*keys, "parameters")
        try:
            if isinstance(entry.parameters, dict):
                schema = {"type": "object", "additionalProperties": False} | entry.parameters
            elif entry.parameters is not None and entry.parameters.startswith("aigc.features."):
                module, _, name = entry.parameters.partition(":")
                schema = getattr(importlib.import_module(module), name).model_json_schema()
            else:
                schema = self._describe(entry)
            jsonschema_rs.validator_for(schema)
        except (ImportError, AttributeError, RuntimeError) as error:
            self._complain(document, where, str(error), "check the class path, and that its package is installed")
            return {}
        except (jsonschema_rs.ValidationError, ValueError) as error:
            what = str(error).splitlines()[0]
            self._complain(document, where, f"is not a JSON Schema ({what})", "see json-schema.org, 2020-12")
            return {}
        return dict(json.loads(json.dumps(schema)))

    def _complain(self, document: Document, keys: Keys, what: str, do: str) -> None:
        self.complaints.append(Complaint(document.place(keys), what, do))


def _spec(feature: str, name: str, entry: Entry, schema: dict[str, Any]) -> ModelSpec:
    known = FEATURES[feature]
    return ModelSpec(
        id=ModelId(name),
        feature=feature,
        class_path=entry.class_path,
        description=entry.description or known.sentence,
        schema=schema,
        inputs=tuple(entry.inputs if entry.inputs is not None else known.inputs),
        outputs=tuple(entry.outputs or known.output_formats),
        family=entry.family,
        devices=tuple(entry.devices),
        memory_bytes=int(entry.memory_gb * GIB),
        load_s=entry.load_s,
        run_s=entry.run_s,
        load_limit_s=entry.load_limit_s,
        stall_limit_s=entry.stall_limit_s,
        run_limit_s=entry.run_limit_s,
        batch=entry.batch,
        pinned=entry.pinned,
        python=entry.python,
        path=tuple(map(str, entry.path)),
        env=entry.env,
        init=entry.init,
        writable=tuple(map(str, entry.writable)),
        network=entry.network,
        licence=entry.licence,
        commercial_use=entry.commercial_use,
    )


def load_for(settings: Settings) -> Catalogue:
    """The catalogue that these settings name. Raises ConfigInvalid."""
    models = settings.models
    return load(
        models.catalogue,
        models.extra,
        describe=describe,
        commercial_only=models.commercial_only,
        environments=settings.environments,
        prefer=models.prefer,
    )


def describe(entry: Entry) -> dict[str, Any]:
    """What the entry's own interpreter says about its model's parameters. Raises RuntimeError with the reason."""
    target = entry.parameters if isinstance(entry.parameters, str) else entry.class_path
    own = launch.is_own(entry.python)
    with tempfile.TemporaryDirectory(prefix="aigc-describe-") as folder:
        imports = launch.make_import_folder(Path(folder), own=own)
        path = [str(part) for part in entry.path]
        environment = launch.environment(os.environ, imports=imports, path=path, extra=entry.env, own=own)
        try:
            done = subprocess.run(  # noqa: S603 - the interpreter that the operator's catalogue names
                launch.command(entry.python, "describe", target),
                env=environment,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=DESCRIBE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RuntimeError(f"its interpreter did not describe it ({error})") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise RuntimeError(f"{target} cannot be described ({last[0]})")
    return dict(json.loads(done.stdout))
