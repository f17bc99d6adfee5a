"""A web house in which one has to log in, with people in it: two users, an operator and an admin."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from actors.stores.audit_file import FileAuditLog
from actors.stores.sqlite_accounts import SqliteAccountStore
from aigc.core.accounts import Account, Role
from aigc.core.ids import JobId
from aigc.core.job import Output
from tests.web.files_kit import png
from tests.web.house_kit import House
from web.access import Access, AccessSettings
from web.accounts import Accounts
from web.gateway import GatewaySettings
from web.passwords import Passwords
from web.signing import Signer

CHEAP = 4
"""Of scrypt's cost: a thousandth of the real one."""
PASSWORDS = {name: f"{name}'s secret" for name in ("ada", "bob", "olga", "adam")}
ROLES = {"ada": Role.USER, "bob": Role.USER, "olga": Role.OPERATOR, "adam": Role.ADMIN}
SECRET_WORDS = "a throne that nobody else shall see"


class Guarded(House):
    """A house with accounts; `later_s` moves the clock of tokens and URLs."""

    def __init__(self, folder: Path, access: AccessSettings | None = None, settings: GatewaySettings | None = None):
        super().__init__(folder, settings)
        self.later_s = 0.0
        self.people = SqliteAccountStore(folder / "accounts.db")
        self.audit = FileAuditLog(folder / "audit.jsonl")
        self.signer = Signer(3600, self.wall)
        told = access or AccessSettings()
        told = msgspec.structs.replace(told, password_cost=CHEAP)
        self.access: Access = Access(told, self.people, self.audit, self.signer, self.wall)
        self.sign = self.signer
        self.tokens: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}

    def wall(self) -> float:
        return time.time() + self.later_s

    async def start(self, *, with_broker: bool = True) -> None:
        await super().start(with_broker=with_broker)
        maker = Accounts(self.people, Passwords(CHEAP), self.wall)
        for name, password in PASSWORDS.items():
            self.accounts[name] = await maker.create(name, password, role=ROLES[name])
            self.tokens[name], _ = await maker.mint(self.accounts[name], "test")

    def as_(self, name: str) -> dict[str, str]:
        """Headers of somebody; none of nobody."""
        return {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}

    async def ask(self, name: str, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON body of a request of that person, or of nobody."""
        headers = self.as_(name) | more.pop("headers", {})
        return await self.call(method, path, headers=headers, **more)

    async def upload(self, name: str) -> str:
        """A picture of that person's."""
        status, body = await self.ask(name, "PUT", "/api/v1/uploads?filename=throne.png", data=png())
        assert status == 201, body
        return str(body["file_id"])

    async def finished(self, name: str) -> JobId:
        """A completed job of that person's, made from a picture, with a result and a thumbnail."""
        inputs = {"image": {"upload": await self.upload(name)}}
        body = {"feature": "image_to_textured_mesh", "inputs": inputs, "metadata": {"about": SECRET_WORDS}}
        status, job = await self.ask(name, "POST", "/api/v1/jobs", json=body)
        assert status == 202, job
        await self.broker.until(lambda: job["id"] in self.broker.jobs)
        await self.broker.begin(job["id"])
        model = await self.result(job["id"], "mesh.glb", b"glTF" * 100)
        picture = await self.result(job["id"], "thumbnail.png", png())
        thumbnail: Output = msgspec.structs.replace(picture, role="thumbnail", content_type="image/png")
        await self.broker.complete(job["id"], (model, thumbnail))
        return JobId(job["id"])


@asynccontextmanager
async def guarded(
    folder: Path, access: AccessSettings | None = None, settings: GatewaySettings | None = None
) -> AsyncIterator[Guarded]:
    """The house, running."""
    house = Guarded(folder, access, settings)
    async with house.running():
        yield house


def cookie_of(response: aiohttp.ClientResponse) -> str:
    """What a browser would send back."""
    return f"aigc_session={response.cookies['aigc_session'].value}"
