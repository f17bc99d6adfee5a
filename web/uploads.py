"""Files that clients send, as multipart forms or as plain streams; stored for a day, typed by their content."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from aigc.core.errors import InputInvalid, NotFound
from aigc.core.ids import AssetKey, OwnerId
from aigc.core.ports import Asset
from web.gateway import Gateway
from web.intake import CHUNK_BYTES, IMAGES, MESHES, Intake, IntakeLimits, accepted_suffix, too_large
from web.urls import API

PARTS_MAX = 32
FORM_BYTES = 1 << 20
"""What a form may hold beside its file."""
LIST_MAX = 10_000


def routes(gateway: Gateway, limits: IntakeLimits | None = None) -> list[web.RouteDef]:
    """All routes of uploads, the existing clients' and the plain ones."""
    uploads = Uploads(gateway, limits or IntakeLimits())
    old, new = f"{API}/file-upload", f"{API}/uploads"
    return [
        web.post(f"{old}/image", uploads.post_image),
        web.post(f"{old}/mesh", uploads.post_mesh),
        web.get(f"{old}/metadata/{{id}}", uploads.show),
        web.get(f"{old}/list", uploads.index),
        web.get(f"{old}/supported-formats", uploads.formats),
        web.delete(f"{old}/{{id}}", uploads.remove),
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
        self._intake = Intake(gateway.assets, limits)

    async def post_image(self, request: web.Request) -> web.Response:
        """A picture from a form, as existing clients send it: 200."""
        return answer(shown(await self._from_form(request, IMAGES)))

    async def post_mesh(self, request: web.Request) -> web.Response:
        """A mesh from a form, as existing clients send it: 200."""
        return answer(shown(await self._from_form(request, MESHES)))

    async def post_any(self, request: web.Request) -> web.Response:
        """A picture or a mesh from a form: 201."""
        return _created(await self._from_form(request, IMAGES + MESHES))

    async def put(self, request: web.Request) -> web.Response:
        """A picture or a mesh as the body itself (`curl -T file '.../uploads?filename=file'`): 201."""
        plain(request)
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
        return answer({**shown(await self._find(request)), "is_available": True})

    async def index(self, request: web.Request) -> web.Response:
        """Uploads, newest first; `?file_type=image|mesh&limit=`."""
        kind = request.query.get("file_type", "")
        limit = whole(request.query.get("limit", "100"), "limit", 1, 1000)
        owner, now = owner_of(request), time.time()
        stored = await self._assets.list("uploads", LIST_MAX)
        ours = [one for one in stored if one.owner == owner and (one.expires_at or now) >= now]
        found = [shown(one) for one in ours if kind in ("", kind_of(one))]
        return answer({"files": found[:limit], "count": len(found[:limit]), "total_files": len(found)})

    async def remove(self, request: web.Request) -> web.Response:
        """An upload and its file are gone."""
        asset = await self._find(request)
        await self._assets.delete(asset.key)
        identity = upload_id(asset)
        return answer({"file_id": identity, "message": "File deleted successfully", "filename": asset.filename})

    async def formats(self, request: web.Request) -> web.Response:
        """What may be sent."""
        return answer(
            {
                "image": supported(IMAGES, self._limits.image_bytes, max_resolution=[self._limits.max_edge] * 2),
                "mesh": supported(MESHES, self._limits.mesh_bytes),
                "expiry_hours": self._limits.keep_s / 3600,
            }
        )

    async def _from_form(self, request: web.Request, wanted: tuple[str, ...]) -> Asset:
        plain(request)
        largest = max(self._limits.bytes_of("image" if name in IMAGES else "mesh") for name in wanted)
        if (request.content_length or 0) > largest + FORM_BYTES:
            raise too_large("image" if wanted == IMAGES else "mesh", largest)
        body = BoundedBody(request.content, largest + FORM_BYTES, self._limits.idle_s)
        part = await file_part(request, body)
        name = part.filename or ""
        accepted_suffix(name, wanted)
        return await self._intake.take(
            _part_pieces(part), filename=name, wanted=wanted, owner=owner_of(request), where="/file"
        )

    async def _find(self, request: web.Request) -> Asset:
        return await find_upload(self._assets, request.match_info["id"], owner_of(request))
