"""Jobs of a test house with results: files in its store, and a record that names them."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from aigc.core.ids import AssetKey, JobId
from aigc.core.job import Job, Output
from tests.web.files_kit import glb, png
from tests.web.house_kit import House

MESH = glb(binary=b"a whole mesh")
PICTURE = png(3, 3)
TYPES = {"glb": "model/gltf-binary", "obj": "application/wavefront-obj", "png": "image/png"}
RESULT = (("mesh.glb", "model", MESH), ("thumbnail.png", "thumbnail", PICTURE))


async def stored(house: House, key: str, data: bytes) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield data

    content_type = TYPES[key.rpartition(".")[2]]
    await house.assets.put(AssetKey(key), pieces(), content_type=content_type, limit=len(data))


async def outputs(house: House, job: JobId, files: tuple[tuple[str, str, bytes], ...]) -> tuple[Output, ...]:
    found = []
    for name, role, data in files:
        key, suffix = f"jobs/{job}/1/{name}", name.rpartition(".")[2]
        await stored(house, key, data)
        sha256 = hashlib.sha256(data).hexdigest()
        found.append(Output(name, role, AssetKey(key), suffix, TYPES[suffix], len(data), sha256, {"triangles": 12}))
    return tuple(found)


async def known(house: House, job: JobId) -> None:
    """The gateway's broker has the job."""
    await house.broker.until(lambda: job in house.broker.jobs)


async def completed(
    house: House, job: JobId, files: tuple[tuple[str, str, bytes], ...] = RESULT, **updates: Any
) -> Job:
    """The job ran and left these files: (name, role, content)."""
    await known(house, job)
    await house.broker.begin(job)
    house.broker.jobs[job] = msgspec.structs.replace(house.broker.jobs[job], **updates)
    return await house.broker.complete(job, await outputs(house, job, files))
