"""Accounts and tokens in a SQLite file of their own, which the command line may open beside a running server."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from actors.stores.group_thread import Call, GroupThread
from actors.stores.sqlite_file import translated
from aigc.core.accounts import Account, Token, email_taken, name_taken, unknown
from aigc.core.errors import AigcError, StoreBroken
from aigc.core.ids import OwnerId

T = TypeVar("T")

BUSY_S = 5.0
"""How long a write waits for another process that writes."""

SCHEMA = (
    # The record (msgpack) is the truth, the columns before it are for searching.
    """CREATE TABLE IF NOT EXISTS accounts (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, email TEXT UNIQUE,
        created_at REAL NOT NULL, record BLOB NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS tokens (
        digest TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        created_at REAL NOT NULL, used_at REAL, record BLOB NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS tokens_account ON tokens (account)",
    "CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)
VERSION = 1

_encode = msgspec.msgpack.Encoder().encode
_account = msgspec.msgpack.Decoder(Account).decode
_token = msgspec.msgpack.Decoder(Token).decode


class SqliteAccountStore:
    """See `AccountStore`. Every change is flushed to disk; only the file's owner may read it.

    Args:
        path: the database; its folder is made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self) -> None:
        """See the port."""
        await asyncio.to_thread(self._connect)
        self._thread = GroupThread("accounts", self._run)

    async def close(self) -> None:
        """See the port."""
        await self._thread.close()
        await asyncio.to_thread(self._db.close)

    async def add(self, account: Account) -> None:
        """See the port."""
        await self._ask(partial(self._add, account))

    async def get(self, account: OwnerId) -> Account | None:
        """See the port."""
        return await self._ask(partial(self._one, "SELECT record FROM accounts WHERE id = ?", account))

    async def find(self, name: str) -> Account | None:
        """See the port."""
        return await self._ask(partial(self._one, "SELECT record FROM accounts WHERE name = ?", name.lower()))

    async def accounts(self) -> Sequence[Account]:
        """See the port."""
        rows = await self._ask(lambda: self._rows("SELECT record FROM accounts ORDER BY created_at, id"))
        return [_account(record) for (record,) in rows]

    async def change(self, account: Account) -> None:
        """See the port."""
        await self._ask(
            partial(self._write, account.id, "UPDATE accounts SET record = ? WHERE id = ?", _encode(account))
        )

    async def remove(self, account: OwnerId) -> None:
        """See the port."""
        await self._ask(partial(self._write, account, "DELETE FROM accounts WHERE id = ?"))

    async def enter(self, token: Token) -> None:
        """See the port."""
        row = (token.digest, token.account, token.created_at, _encode(token))
        await self._ask(
            lambda: self._rows("INSERT INTO tokens (digest, account, created_at, record) VALUES (?, ?, ?, ?)", *row)
        )

    async def token(self, digest: str) -> Token | None:
        """See the port."""
        return next(iter(await self._tokens("digest", digest)), None)

    async def tokens(self, account: OwnerId) -> Sequence[Token]:
        """See the port."""
        return await self._tokens("account", account)

    async def revoke(self, tokens: Sequence[Token]) -> None:
        """See the port."""
        rows = [(token.digest,) for token in tokens]
        await self._ask(lambda: self._db.executemany("DELETE FROM tokens WHERE digest = ?", rows).rowcount)

    async def used(self, at: Mapping[str, float]) -> None:
        """See the port."""
        rows = [(when, digest) for digest, when in at.items()]
        await self._ask(lambda: self._db.executemany("UPDATE tokens SET used_at = ? WHERE digest = ?", rows).rowcount)

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """See the port."""
        return await self._ask(partial(self._secret, name, fresh))

    # In the thread

    async def _ask(self, call: Callable[[], T]) -> T:
        return await self._thread.ask(call)

    def _run(self, calls: Sequence[Call]) -> Sequence[object]:
        return [self._outcome(call) for call in calls]

    def _outcome(self, call: Call) -> object:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            outcome = call()
            self._db.execute("COMMIT")
        except (AigcError, sqlite3.Error, msgspec.DecodeError) as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return translated(error, self.path) if isinstance(error, sqlite3.Error) else error
        return outcome

    def _add(self, account: Account) -> None:
        name, email = account.name.lower(), account.email.lower() or None
        if self._rows("SELECT 1 FROM accounts WHERE name = ?", name):
            raise name_taken(account)
        if email and self._rows("SELECT 1 FROM accounts WHERE email = ?", email):
            raise email_taken(account)
        self._rows(
            "INSERT INTO accounts (id, name, email, created_at, record) VALUES (?, ?, ?, ?, ?)",
            account.id, name, email, account.created_at, _encode(account),
        )  # fmt: skip

    def _one(self, query: str, value: str) -> Account | None:
        return next((_account(record) for (record,) in self._rows(query, value)), None)

    def _write(self, account: OwnerId, statement: str, *values: bytes) -> None:
        if not self._db.execute(statement, (*values, account)).rowcount:
            raise unknown(account)

    async def _tokens(self, column: str, value: str) -> Sequence[Token]:
        query = f"SELECT record, used_at FROM tokens WHERE {column} = ? ORDER BY created_at, digest"  # noqa: S608 - ours
        rows = await self._ask(lambda: self._rows(query, value))
        return [msgspec.structs.replace(_token(record), last_used_at=used_at) for record, used_at in rows]

    def _secret(self, name: str, fresh: bytes) -> bytes:
        self._rows("INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, fresh)
        ((kept,),) = self._rows("SELECT value FROM secrets WHERE name = ?", name)
        return bytes(kept)

    def _rows(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._db.execute(statement, values).fetchall()

    def _connect(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Made here, so that it is nobody else's from its first moment; its log gets the same mode.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreBroken(
                f"{self.path} cannot be written: {error.strerror}",
                suggestion="run as the user who runs the server, and name a data folder that this user may write",
            ) from error
        self._db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.Error):
                raise translated(error, self.path) from error
            raise

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StoreBroken(
                f"{self.path} was written by a newer version (format {version}, this one reads {VERSION})",
                suggestion="install that version again",
            )
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
