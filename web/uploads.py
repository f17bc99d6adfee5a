"""Files that clients send, as multipart forms or as plain streams; stored for a day, typed by their content."""

import time
import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from aigc.core.errors import NotFound
from aigc.core.ids import OwnerId
from aigc.core.ports import Asset, AssetStore
from web.compat_errors import legacy
from web.forms import BoundedBody, Form, refuse_compression
from web.gateway import Gateway
from web.intake import IMAGES, MESHES, Intake, IntakeLimits, accepted_suffix, too_large
from web.requests import listed_for, number, owner_of, reply, viewer_of
from web.sniff import FORMATS
from web.urls import API
from web.views import rfc3339

FORM_BYTES = 1 << 20
"""What a form may hold beside its file."""
LIST_MAX = 10_000


def routes(gateway: Gateway, limits: IntakeLimits | None = None) -> list[web.RouteDef]:
    """All routes of uploads, the existing clients' and the plain ones."""
    uploads = Uploads(gateway, limits or IntakeLimits())
    old, new = f"{API}/file-upload", f"{API}/uploads"
    return [
        web.post(f"{old}/image", legacy(uploads.post_image)),
        web.post(f"{old}/mesh", legacy(uploads.post_mesh)),
        web.get(f"{old}/metadata/{{id}}", legacy(uploads.show)),
        web.get(f"{old}/list", legacy(uploads.index)),
        web.get(f"{old}/supported-formats", uploads.formats),
        web.delete(f"{old}/{{id}}", legacy(uploads.remove)),
        web.post(new, uploads.post_any),
        web.put(new, uploads.put),
        web.get(new, uploads.index),
        web.get(f"{new}/{{id}}", uploads.show),
        web.delete(f"{new}/{{id}}", uploads.remove),
    ]


class Uploads:
    """Handlers of the upload routes."""

    def __init__(self, gateway: Gateway, limits: IntakeLimits) -> None:
        self._assets = gateway.assets
        self._limits = limits
        self._intake = Intake(gateway.assets, limits, gateway.counters.stored)

    async def post_image(self, request: web.Request) -> web.Response:
        """A picture from a form, as existing clients send it: 200."""
        return reply(shown(await self._from_form(request, IMAGES)))

    async def post_mesh(self, request: web.Request) -> web.Response:
        """A mesh from a form, as existing clients send it: 200."""
        return reply(shown(await self._from_form(request, MESHES)))

    async def post_any(self, request: web.Request) -> web.Response:
        """A picture or a mesh from a form: 201."""
        return _created(await self._from_form(request, IMAGES + MESHES))

    async def put(self, request: web.Request) -> web.Response:
        """A picture or a mesh as the body itself (`curl -T file '.../uploads?filename=file'`): 201."""
        refuse_compression(request)
        name = request.query.get("filename", "")
        accepted_suffix(name, IMAGES + MESHES)
        size = request.content_length
        largest = max(self._limits.image_bytes, self._limits.mesh_bytes)
        if (size or 0) > largest:
            raise too_large("mesh", largest)
        body = BoundedBody(request.content, largest + 1, self._limits.idle_s)
        return _created(
            await self._intake.take(
                body.pieces(), filename=name, wanted=IMAGES + MESHES, owner=owner_of(request), size=size
            )
        )

    async def show(self, request: web.Request) -> web.Response:
        """What is known of one upload."""
        return reply({**shown(await self._find(request)), "is_available": True})

    async def index(self, request: web.Request) -> web.Response:
        """Uploads, newest first; `?file_type=image|mesh&limit=`."""
        kind = request.query.get("file_type", "")
        limit = int(number(request, "limit", 100, 1, 1000))
        owner, now = listed_for(request), time.time()
        stored = await self._assets.list("uploads", LIST_MAX)
        ours = [one for one in stored if owner in (None, one.owner) and (one.expires_at or now) >= now]
        found = [shown(one) for one in ours if kind in ("", kind_of(one))]
        return reply({"files": found[:limit], "count": len(found[:limit]), "total_files": len(found)})

    async def remove(self, request: web.Request) -> web.Response:
        """An upload and its file are gone."""
        asset = await self._find(request)
        await self._assets.delete(asset.key)
        identity = upload_id(asset)
        return reply({"file_id": identity, "message": "File deleted successfully", "filename": asset.filename})

    async def formats(self, request: web.Request) -> web.Response:
        """What may be sent."""
        limits = self._limits
        image = {"formats": suffixes(IMAGES), "max_size_mb": limits.image_bytes >> 20, "max_edge": limits.max_edge}
        mesh = {"formats": suffixes(MESHES), "max_size_mb": limits.mesh_bytes >> 20}
        return reply({"image": image, "mesh": mesh, "expiry_hours": limits.keep_s / 3600})

    async def _from_form(self, request: web.Request, wanted: tuple[str, ...]) -> Asset:
        refuse_compression(request)
        largest = max(self._limits.bytes_of("image" if name in IMAGES else "mesh") for name in wanted)
        if (request.content_length or 0) > largest + FORM_BYTES:
            raise too_large("image" if wanted == IMAGES else "mesh", largest)
        body = BoundedBody(request.content, largest + FORM_BYTES, self._limits.idle_s)
        form = Form(request, body)
        name = await form.find("file")
        accepted_suffix(name, wanted)
        return await self._intake.take(
            form.pieces(), filename=name, wanted=wanted, owner=owner_of(request), where="/file"
        )

    async def _find(self, request: web.Request) -> Asset:
        return await find_upload(self._assets, request.match_info["id"], viewer_of(request))


async def find_upload(assets: AssetStore, identity: str, viewer: OwnerId | None) -> Asset:
    """The stored file of an upload's id; None may see everybody's. Raises NotFound: unknown, expired, or another's."""
    try:
        known = str(uuid.UUID(identity)) == identity.lower()
    except ValueError:
        known = False
    stored = await assets.list(f"uploads/{identity.lower()}", 1) if known else ()
    if not stored or viewer not in (None, stored[0].owner) or (stored[0].expires_at or time.time()) < time.time():
        raise NotFound(f"no upload has the id {identity[:60]!r}", suggestion="uploads expire; send the file again")
    return stored[0]


def upload_id(asset: Asset) -> str:
    """The id by which clients name an upload: the second segment of its key."""
    return asset.key.split("/")[1]


def kind_of(asset: Asset) -> str:
    """`image` or `mesh`."""
    return "image" if asset.content_type.startswith("image/") else "mesh"


def shown(asset: Asset) -> dict[str, Any]:
    """An upload as clients see it: the existing API's keys first."""
    return {
        "file_id": upload_id(asset),
        "filename": asset.filename,
        "file_type": kind_of(asset),
        "file_size_mb": round(asset.bytes / (1 << 20), 2),
        "upload_time": rfc3339(asset.created_at),
        "expires_at": rfc3339(asset.expires_at),
        "content_type": asset.content_type,
        "bytes": asset.bytes,
        "sha256": asset.sha256,
    }


def suffixes(names: Iterable[str]) -> list[str]:
    """The file name endings of formats, with their dots."""
    return [f".{suffix}" for name in names for suffix in FORMATS[name].suffixes]


def _created(asset: Asset) -> web.Response:
    return reply(shown(asset), 201, {"Location": f"{API}/uploads/{upload_id(asset)}"})
