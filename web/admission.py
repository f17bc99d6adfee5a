"""From a request to the record of a job: which model, which inputs, which parameters; every error at once."""

import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from aigc.core import lifecycle
from aigc.core.errors import Conflict, InputInvalid, NotFound, Unavailable
from aigc.core.ids import AssetKey, JobId, OwnerId
from aigc.core.job import Input, Job, Status
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.ports import Asset, AssetStore
from aigc.features import FEATURES
from aigc.features.base import IMAGE_KINDS, MESH_KINDS, TEXT_KINDS
from web.parameters import ParameterSchema
from web.problem import FieldError, FieldsInvalid
from web.requests import did_you_mean
from web.submission import Reference, Submission

TEXT_CHARACTERS = 10_000
"""Longest text input."""


class Fetch(Protocol):
    """Makes an upload of what a URL holds; `web.fetch` has the real one, guarded against SSRF."""

    async def __call__(self, url: str, *, kinds: Sequence[str], owner: OwnerId, where: str) -> Asset:
        """Store the content of an `http:`, `https:` or `data:` URL under `uploads/<id>/<kind>.<format>`.

        Args:
            url: as the client gave it.
            kinds: formats that are welcome, as suffixes without the dot (`png`, `glb`).
            owner: whose upload it becomes.
            where: JSON pointer of the field, for errors.

        Raises:
            InputInvalid: the address is refused, the content is of another kind or too large.
            Unavailable: the other side did not answer, or the AssetStore cannot take it.
        """


def input_kinds(spec: ModelSpec) -> dict[str, tuple[str, ...]]:
    """Name of each input that a model takes -> formats it may be (`text` for a text). Optional ones included."""
    feature = FEATURES.get(spec.feature)
    known = {**(feature.optional_inputs or {}), **feature.inputs} if feature else {}
    return {name: known.get(name) or _kinds_by_name(name) for name in spec.inputs or tuple(known)}


def required_inputs(spec: ModelSpec) -> frozenset[str]:
    """Inputs without which the model cannot work."""
    feature = FEATURES.get(spec.feature)
    optional = (feature.optional_inputs or {}) if feature else {}
    return frozenset(name for name in input_kinds(spec) if name not in optional)


def _kinds_by_name(name: str) -> tuple[str, ...]:
    """Of a third party's input: its name says what it is."""
    if "mesh" in name:
        return MESH_KINDS
    return IMAGE_KINDS if "image" in name else TEXT_KINDS


def new_id() -> JobId:
    """A random UUID (version 4) in its usual form."""
    # uuid.uuid4 takes five times as long, on the path that every submission takes.
    text = os.urandom(16).hex()
    return JobId(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}")


class _Model:
    """One entry of the catalogue with all that checking a request needs."""

    __slots__ = ("kinds", "parameters", "required", "spec")

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.kinds = input_kinds(spec)
        self.required = required_inputs(spec)
        self.parameters = ParameterSchema(spec.schema)


class Admission:
    """Checks requests against the catalogue in force.

    Args:
        assets: where uploads are.
        fetch: resolves URL inputs.
        find: the job of that id, if the owner may see it; raises NotFound.
    """

    def __init__(self, assets: AssetStore, fetch: Fetch, find: Callable[[JobId, OwnerId], Awaitable[Job]]) -> None:
        self._assets = assets
        self._fetch = fetch
        self._find = find
        self._models: dict[str, _Model] = {}
        self._defaults: dict[str, _Model] = {}

    def use(self, catalogue: Catalogue) -> None:
        """From now on requests are checked against this catalogue."""
        self._models = {spec.id: _Model(spec) for spec in catalogue.models}
        features = {spec.feature for spec in catalogue.models}
        self._defaults = {feature: self._models[catalogue.serving(feature)[0].id] for feature in features}

    async def admit(self, submission: Submission, now: float) -> Job:
        """The record to create. `now`: seconds since the epoch.

        Raises:
            FieldsInvalid: with every error and its pointer.
            NotFound, Conflict: an upload or job that an input names is not there, or not completed.
            Unavailable: no model serves the feature, or a URL could not be read.
        """
        model = self._model(submission)
        params, errors = model.parameters.complete(submission.params, lenient=submission.lenient)
        output_format = self._format(submission, model, params, errors)
        errors += self._shape_errors(submission.inputs, model)
        if errors:
            raise FieldsInvalid(errors)
        inputs = {}
        for name, reference in submission.inputs.items():
            if reference.text is not None:
                inputs[name] = Input(text=reference.text)
            else:
                inputs[name] = await self._file(name, reference, model.kinds[name], submission.owner)
        key = submission.idempotency_key
        return lifecycle.begin(
            Job(
                id=new_id(),
                feature=model.spec.feature,
                model=model.spec.id,
                created_at=now,
                inputs=inputs,
                params=params,
                output_format=output_format,
                owner=submission.owner,
                priority=submission.priority,
                tags=submission.tags,
                metadata=submission.metadata,
                deadline_at=None if submission.deadline_s is None else now + submission.deadline_s,
                input_size=sum(given.bytes for given in inputs.values()),
                idempotency_key=key,
                request_digest=digest(submission) if key else "",
            )
        )

    # Which model

    def _model(self, submission: Submission) -> _Model:
        feature, wanted = submission.feature, submission.model
        if wanted:
            model = self._models.get(wanted)
            if model is None or (feature and model.spec.feature != feature):
                raise self._wrong_model(feature, wanted)
            return model
        model = self._defaults.get(feature)
        if model is None:
            raise self._no_model(feature)
        return model

    def _wrong_model(self, feature: str, wanted: str) -> InputInvalid:
        valid = [name for name, model in self._models.items() if not feature or model.spec.feature == feature]
        if feature and not valid:
            return FieldsInvalid([FieldError("/feature", self._no_model(feature).message)])
        what = "another feature's model" if wanted in self._models else "not a known model"
        detail = f"{wanted[:80]} is {what}{did_you_mean(wanted, valid)}"
        return FieldsInvalid(
            [FieldError("/model", detail)], suggestion=f"valid are: {', '.join(sorted(valid))}", code="unknown_model"
        )

    def _no_model(self, feature: str) -> InputInvalid | Unavailable:
        if feature in FEATURES:
            return Unavailable(
                f"no model of this server's catalogue serves {feature}",
                retry_after_s=60.0,
                suggestion="GET /api/v1/features lists those that can be used",
                code="no_model_for_feature",
            )
        detail = f"{feature[:80]!r} is not a feature{did_you_mean(feature, sorted({*FEATURES, *self._defaults}))}"
        return FieldsInvalid([FieldError("/feature", detail)], code="unknown_feature")

    def _format(
        self, submission: Submission, model: _Model, params: dict[str, object], errors: list[FieldError]
    ) -> str:
        """The output format: as asked in either place, else the model's first."""
        asked, inner = submission.output_format, submission.params.get("output_format")
        if asked and inner not in (None, asked):
            errors.append(FieldError("/output_format", f"says {asked}, but /params/output_format says {inner}"))
        chosen = asked or params.get("output_format") or model.spec.outputs[0]
        if chosen not in model.spec.outputs:
            able = ", ".join(model.spec.outputs)
            errors.append(FieldError("/output_format", f"{model.spec.id} writes {able}, not {str(chosen)[:20]}"))
        if "output_format" in model.parameters.names:
            params["output_format"] = chosen
        return str(chosen)

    # Which inputs

    def _shape_errors(self, inputs: dict[str, Reference], model: _Model) -> list[FieldError]:
        errors = [
            FieldError(f"/inputs/{name}", f"{model.spec.id} needs this input")
            for name in model.required
            if name not in inputs
        ]
        for name, reference in inputs.items():
            kinds = model.kinds.get(name)
            if kinds is None:
                detail = f"{model.spec.id} takes no such input{did_you_mean(name, list(model.kinds))}"
                errors.append(FieldError(f"/inputs/{name}", detail))
            elif fault := _fault(reference, is_text=kinds == TEXT_KINDS):
                errors.append(FieldError(f"/inputs/{name}", fault))
        return errors

    async def _file(self, name: str, reference: Reference, kinds: tuple[str, ...], owner: OwnerId) -> Input:
        where = f"/inputs/{name}"
        if reference.job is not None:
            found = await self._output(reference.job, reference.output, owner, where)
        elif reference.url is not None:
            asset = await self._fetch(reference.url, kinds=kinds, owner=owner, where=where)
            found = _input_of(asset)
        else:
            found = _input_of(await self._upload(reference.upload or "", owner, where))
        kind = (found.asset or "").rpartition(".")[2].lower()
        if kind not in kinds:
            detail = f"the file is {kind or 'of no known kind'}, and this input takes {', '.join(kinds)}"
            raise FieldsInvalid([FieldError(where, detail)], suggestion="convert it", code="unsupported_content")
        return found

    async def _upload(self, upload: str, owner: OwnerId, where: str) -> Asset:
        found: Sequence[Asset] = ()
        if upload and "/" not in upload:
            try:
                found = await self._assets.list(f"uploads/{upload}", limit=1)
            except InputInvalid:
                found = ()  # no id of ours looks like that
        if not found or found[0].owner != owner:
            raise NotFound(
                f"there is no upload {upload[:80]!r}", where=where, suggestion="upload the file first; uploads expire"
            )
        return found[0]

    async def _output(self, job: str, name: str, owner: OwnerId, where: str) -> Input:
        try:
            found = await self._find(JobId(job), owner)
        except NotFound as error:
            raise NotFound(error.message, where=where) from None
        if found.status is not Status.COMPLETED:
            raise Conflict(
                f"job {found.id} is {found.status}, so it has no output",
                where=where,
                suggestion="wait until it is completed",
                code="job_not_completed",
            )
        for output in found.outputs:
            if name in (output.name, output.role):
                filename = f"{output.name}" if "." in output.name else f"{output.name}.{output.format}"
                return Input(
                    asset=output.asset, filename=filename, content_type=output.content_type, bytes=output.bytes
                )
        has = ", ".join(output.name for output in found.outputs)
        raise NotFound(f"job {found.id} has no output {name[:80]!r}", where=where, suggestion=f"it has {has}")


def digest(submission: Submission) -> str:
    """sha256 of what was asked, by which a replay is told from another request under the same key."""
    return hashlib.sha256(msgspec.msgpack.encode(submission, order="sorted")).hexdigest()


def _fault(reference: Reference, *, is_text: bool) -> str:
    """What is wrong with a reference, judged by its shape alone; empty if nothing is."""
    given = [reference.text, reference.upload, reference.url, reference.job]
    if sum(one is not None for one in given) != 1:
        return "needs exactly one of text, upload, url, job"
    if is_text:
        if reference.text is None:
            return "is a text; give it as text"
        if not reference.text.strip():
            return "is empty"
        if len(reference.text) > TEXT_CHARACTERS:
            return f"has {len(reference.text)} characters, {TEXT_CHARACTERS} are allowed"
        return ""
    return "is a file; give an upload, a url or a job" if reference.text is not None else ""


def _input_of(asset: Asset) -> Input:
    return Input(asset=AssetKey(asset.key), filename=asset.filename, content_type=asset.content_type, bytes=asset.bytes)
