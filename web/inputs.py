"""The inputs of a request: what a model takes, and where each file comes from."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aigc.core.errors import Conflict, InputInvalid, NotFound
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Input, Job, Status
from aigc.core.model import ModelSpec
from aigc.core.ports import Asset, AssetStore
from aigc.features import FEATURES
from aigc.features.base import IMAGE_KINDS, MESH_KINDS, TEXT_KINDS
from web.problem import FieldError, FieldsInvalid
from web.requests import did_you_mean
from web.submission import Reference

TEXT_CHARACTERS = 10_000
"""Longest text input."""

Kinds = dict[str, tuple[str, ...]]
"""Name of an input -> formats it may be (`text` for a text)."""


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


def input_kinds(spec: ModelSpec) -> Kinds:
    """Every input that a model takes, optional ones included."""
    feature = FEATURES.get(spec.feature)
    known = {**feature.inputs, **(feature.optional_inputs or {})} if feature else {}
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


def shape_errors(inputs: dict[str, Reference], kinds: Kinds, required: frozenset[str], model: str) -> list[FieldError]:
    """What can be seen to be wrong without looking anything up."""
    errors = [FieldError(f"/inputs/{name}", f"{model} needs this input") for name in required - inputs.keys()]
    for name, reference in inputs.items():
        if name not in kinds:
            detail = f"{model} takes no such input{did_you_mean(name, list(kinds))}"
            errors.append(FieldError(f"/inputs/{name}", detail))
        elif fault := _fault(reference, is_text=kinds[name] == TEXT_KINDS):
            errors.append(FieldError(f"/inputs/{name}", fault))
    return errors


def _fault(reference: Reference, *, is_text: bool) -> str:
    given = [reference.text, reference.upload, reference.url, reference.job]
    if len(given) - given.count(None) != 1:
        return "needs exactly one of text, upload, url, job"
    text = reference.text
    if not is_text:
        return "" if text is None else "is a file; give an upload, a url or a job"
    if text is None:
        return "is a text; give it as text"
    if not text.strip():
        return "is empty"
    if len(text) > TEXT_CHARACTERS:
        return f"has {len(text)} characters, {TEXT_CHARACTERS} are allowed"
    return ""


class InputFiles:
    """Finds the files that references name.

    Args:
        assets: where uploads are.
        fetch: resolves URLs.
        find: the job of that id, if the owner may see it; raises NotFound.
    """

    def __init__(self, assets: AssetStore, fetch: Fetch, find: Callable[[JobId, OwnerId], Awaitable[Job]]) -> None:
        self._assets = assets
        self._fetch = fetch
        self._find = find

    async def resolve(self, name: str, reference: Reference, kinds: tuple[str, ...], owner: OwnerId) -> Input:
        """The input of that name as the record holds it.

        Raises:
            FieldsInvalid: the file is of another format.
            NotFound, Conflict: the upload, job or output is not there, or not yet.
        """
        where = f"/inputs/{name}"
        if reference.job is not None:
            found = await self._output(reference.job, reference.output, owner, where)
        elif reference.url is not None:
            found = _input_of(await self._fetch(reference.url, kinds=kinds, owner=owner, where=where))
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
            raise NotFound(error.message, where=where, suggestion=error.suggestion) from None
        if found.status is not Status.COMPLETED:
            raise Conflict(
                f"job {found.id} is {found.status}, so it has no output",
                where=where,
                suggestion="wait until it is completed",
                code="job_not_completed",
            )
        for output in found.outputs:
            if name in (output.name, output.role):
                filename = output.name if "." in output.name else f"{output.name}.{output.format}"
                return Input(
                    asset=output.asset, filename=filename, title=found.name, content_type=output.content_type,
                    bytes=output.bytes,
                )  # fmt: skip
        has = ", ".join(output.name for output in found.outputs)
        raise NotFound(f"job {found.id} has no output {name[:80]!r}", where=where, suggestion=f"it has {has}")


def _input_of(asset: Asset) -> Input:
    return Input(asset=asset.key, filename=asset.filename, content_type=asset.content_type, bytes=asset.bytes)
