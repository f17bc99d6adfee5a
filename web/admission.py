"""From a request to the record of a job: which model, which inputs, which parameters; every error at once."""

import hashlib
from collections.abc import Awaitable, Callable
from random import getrandbits

import msgspec

from actors.random_hex import RandomHex
from aigc.core import lifecycle
from aigc.core.errors import Conflict, InputInvalid, NotFound, Unavailable
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Input, Job
from aigc.core.model import Absent, Catalogue, ModelSpec
from aigc.core.ports import AssetStore
from aigc.core.work_size import WorkSize
from aigc.features import FEATURES
from web.inputs import Fetch, InputFiles, input_kinds, required_inputs, shape_errors
from web.parameters import ParameterSchema
from web.problem import FieldError, FieldsInvalid
from web.requests import did_you_mean, not_served
from web.submission import Submission


class Ids:
    """Random UUIDs (version 4) in their usual form."""

    def __init__(self) -> None:
        self._random = RandomHex()

    def next(self) -> JobId:
        """One that never was before."""
        text = self._random.take(32)
        variant = "89ab"[int(text[16], 16) & 3]
        return JobId(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}")


class _Model:
    """One entry of the catalogue with all that checking a request needs."""

    __slots__ = ("kinds", "parameters", "required", "spec", "work_size")

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.kinds = input_kinds(spec)
        self.required = required_inputs(spec)
        self.parameters = ParameterSchema(spec.schema)
        self.work_size = WorkSize(spec.schema)


class Admission:
    """Checks requests against the catalogue in force.

    Args:
        assets: where uploads are.
        fetch: resolves URL inputs.
        find: the job of that id, if the owner may see it; raises NotFound.
    """

    def __init__(self, assets: AssetStore, fetch: Fetch, find: Callable[[JobId, OwnerId], Awaitable[Job]]) -> None:
        self._assets = assets
        self._files = InputFiles(assets, fetch, find)
        self._ids = Ids()
        self._models: dict[str, _Model] = {}
        self._defaults: dict[str, _Model] = {}
        self._absent: dict[str, Absent] = {}

    def use(self, catalogue: Catalogue) -> None:
        """From now on requests are checked against this catalogue."""
        models: dict[str, _Model] = {spec.id: _Model(spec) for spec in catalogue.models}
        features = {spec.feature for spec in catalogue.models}
        self._defaults = {feature: models[catalogue.serving(feature)[0].id] for feature in features}
        self._models = models
        self._absent = {str(absent.id): absent for absent in catalogue.absent}

    async def admit(self, submission: Submission, now: float) -> Job:
        """The record to create. `now`: seconds since the epoch.

        Raises:
            FieldsInvalid: with every error and its pointer.
            NotFound, Conflict: an upload or job that an input names is not there, or not completed.
            Unavailable: no model serves the feature, or a URL could not be read.
        """
        model = self._model(submission.feature, submission.model)
        params, errors = model.parameters.complete(submission.params, lenient=submission.lenient)
        output_format = _format(submission, model, params, errors)
        errors += shape_errors(submission.inputs, model.kinds, model.required, model.spec.id)
        if errors:
            raise FieldsInvalid(errors)
        inputs = {}
        size = 0
        for name, reference in submission.inputs.items():
            if reference.text is not None:
                inputs[name] = Input(text=reference.text)
            else:
                found = await self._files.resolve(name, reference, model.kinds[name], submission.owner)
                inputs[name] = found
                size += found.bytes
        key = submission.idempotency_key
        return lifecycle.begin(
            Job(
                id=self._ids.next(),
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
                input_size=model.work_size.of(size, params),
                idempotency_key=key,
                request_digest=digest(submission) if key else "",
            )
        )

    async def again(self, old: Job, seed: int | None, now: float) -> Job:
        """The record of a new job like `old`, with another seed (`seed`, or a random one) where its model takes one.

        Raises:
            Conflict: `old` is not finished, or its model has left.
            NotFound: an input has expired.
            FieldsInvalid: the seed is none for this model.
        """
        if not old.status.is_final:
            raise Conflict(f"job {old.id} is {old.status}; only a finished job can be tried again")
        model = self._models.get(old.model)
        if model is None:
            raise Conflict(f"the model {old.model} has left the catalogue", suggestion="submit with another model")
        params = dict(old.params)
        if seed is not None:
            params["seed"] = seed
        elif "seed" in params:
            params["seed"] = getrandbits(31)
        params, errors = model.parameters.complete(params)
        if errors:
            raise FieldsInvalid(errors)
        for name, given in old.inputs.items():
            if given.asset is not None and await self._assets.stat(given.asset) is None:
                raise NotFound(f"the input {name} has expired", suggestion="upload it and submit again")
        again = Job(
            id=self._ids.next(),
            feature=old.feature,
            model=old.model,
            created_at=now,
            inputs=old.inputs,
            params=params,
            output_format=old.output_format,
            owner=old.owner,
            priority=old.priority,
            tags=old.tags,
            metadata=old.metadata,
            input_size=old.input_size,
        )
        return lifecycle.begin(again)

    def _model(self, feature: str, wanted: str) -> _Model:
        """The model that was asked for, or the feature's default."""
        model = self._models.get(wanted) if wanted else self._defaults.get(feature)
        if model is None:
            raise self._wrong_model(feature, wanted) if wanted else self._no_model(feature)
        if feature and model.spec.feature != feature:
            raise self._wrong_model(feature, wanted)
        return model

    def _wrong_model(self, feature: str, wanted: str) -> InputInvalid | Unavailable:
        valid = [name for name, model in self._models.items() if not feature or model.spec.feature == feature]
        absent = self._absent.get(wanted)
        if absent is not None and feature in ("", absent.feature):
            others = f"; meanwhile {absent.feature} is served by {', '.join(sorted(valid))}" if valid else ""
            return Unavailable(
                f"{wanted} is not available on this server: {absent.detail}",
                retry_after_s=3600.0,
                suggestion=f"its operator can change that ({absent.suggestion}){others}",
                code="model_unavailable",
            )
        if not valid:
            return self._no_model(feature)
        what = "is another feature's model" if wanted in self._models else "is not a known model"
        absents = [one for one in self._absent.values() if feature in ("", one.feature)]
        near = not_served(wanted, absents) or did_you_mean(wanted, valid)
        return FieldsInvalid(
            [FieldError("/model", f"{wanted[:80]} {what}{near}")],
            suggestion=f"valid are: {', '.join(sorted(valid))}",
            code="unknown_model",
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


def _format(submission: Submission, model: _Model, params: dict[str, object], errors: list[FieldError]) -> str:
    """The output format: as asked in either place, else the model's first; `params` is made to say the same."""
    asked, inner = submission.output_format, submission.params.get("output_format")
    if asked and inner not in (None, asked):
        errors.append(FieldError("/output_format", f"says {asked}, but /params/output_format says {inner}"))
    outputs = model.spec.outputs
    chosen = asked or params.get("output_format") or outputs[0]
    if chosen not in outputs:
        able = ", ".join(outputs)
        errors.append(FieldError("/output_format", f"{model.spec.id} writes {able}, not {str(chosen)[:20]}"))
    if model.parameters.knows("output_format"):
        params["output_format"] = chosen
    return str(chosen)


def digest(submission: Submission) -> str:
    """sha256 of what was asked, by which a replay is told from another request under the same key."""
    return hashlib.sha256(msgspec.msgpack.encode(submission, order="sorted")).hexdigest()
