"""This machine's key pair and the public keys of the machines that it lets in, as files of one folder.

    own.key             this machine's secret key; nobody else may read it
    own.pub             its public key, to be given to the other machines
    allowed/NAME.pub    the public key of the machine NAME, which may connect to this one

Keys are Curve25519 (CurveZMQ, RFC 26 of the ZeroMQ project), written in Z85 (RFC 32): 40 characters for 32 bytes.
"""

import contextlib
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.utils import z85

from transport.errors import KeysInvalid

KEY_CHARS = 40

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A public key and the secret that belongs to it, in Z85."""

    public: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> "KeyPair":
        """A fresh pair. Its public key begins with a letter or a digit, so that no shell takes it for an option."""
        while True:
            public, secret = (key.decode("ascii") for key in zmq.curve_keypair())
            if public[0].isalnum():
                return cls(public, secret)


def is_key(text: str) -> bool:
    """True for 40 characters of Z85 that stand for 32 bytes."""
    if len(text) != KEY_CHARS or not text.isascii():
        return False
    try:
        return len(z85.decode(text)) == 32  # what is too large for five characters does not fit into four bytes
    except Exception:  # noqa: BLE001 - whatever text makes a decoder raise is no key
        return False


class KeyFolder:
    """The key files in `path`. Each is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.own_file = path / "own.key"
        self.public_file = path / "own.pub"
        self.allowed_folder = path / "allowed"

    def new(self, *, force: bool = False) -> KeyPair:
        """A fresh pair is this machine's own from now on.

        Raises:
            KeysInvalid: it has one already, and `force` does not say that all that know it shall be told anew.
            OSError: the files cannot be written.
        """
        pair = KeyPair.new()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.allowed_folder.mkdir(exist_ok=True, mode=0o700)
        if not _write(self.own_file, pair.secret, 0o600, replace=force):
            raise KeysInvalid(
                self.own_file,
                "this machine has a key already",
                "keep it, or make another with --force and give its public key to all machines that know the old one",
            )
        _write(self.public_file, pair.public, 0o644)
        return pair

    def own(self) -> KeyPair:
        """This machine's pair.

        Raises:
            KeysInvalid: it has none, others can read the secret, or the file holds no key.
        """
        try:
            mode = self.own_file.stat().st_mode
        except FileNotFoundError:
            raise KeysInvalid(self.own_file, "this machine has no key", "make one with: aigc keys new") from None
        except PermissionError:
            raise _unreadable(self.own_file) from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            problem = f"others can read the secret key (mode {stat.S_IMODE(mode):04o})"
            raise KeysInvalid(self.own_file, problem, f"chmod 600 {self.own_file}")
        secret = _read(self.own_file)
        return KeyPair(zmq.curve_public(secret.encode("ascii")).decode("ascii"), secret)

    def public(self) -> str:
        """This machine's public key, without a look at the secret.

        Raises:
            KeysInvalid: it has none, or the file holds no key.
        """
        try:
            return _read(self.public_file)
        except FileNotFoundError:
            raise KeysInvalid(self.public_file, "this machine has no key", "make one with: aigc keys new") from None

    def allowed(self) -> dict[str, str]:
        """The machines that may connect: public keys by name, in the order of the names.

        Raises:
            KeysInvalid: a file holds no key.
        """
        if not self.allowed_folder.is_dir():
            return {}
        found: dict[str, str] = {}
        for file in sorted(self.allowed_folder.glob("*.pub")):
            with contextlib.suppress(FileNotFoundError):  # revoked at this moment
                found[file.stem] = _read(file)
        return found

    def allow(self, name: str, key: str) -> None:
        """The machine `name` may connect with the public `key`, and with no other.

        Raises:
            KeysInvalid: the name or the key is none.
            OSError: the file cannot be written.
        """
        file = self._file_of(name)
        if not is_key(key):
            remedy = "give what `aigc keys show` prints there, in single quotes"
            raise KeysInvalid(file, f"{key!r} is not a public key", remedy)
        self.allowed_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(file, key, 0o644)

    def revoke(self, name: str) -> None:
        """The machine `name` may not connect any more.

        Raises:
            KeysInvalid: no machine of that name may.
        """
        file = self._file_of(name)
        try:
            file.unlink()
        except FileNotFoundError:
            known = ", ".join(self.allowed()) or "none"
            raise KeysInvalid(file, f"no machine {name} is allowed", f"name one of those that are: {known}") from None

    def _file_of(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            remedy = "write 1 to 64 letters, digits, dots, '_' or '-', as in a host name"
            raise KeysInvalid(self.allowed_folder, f"{name!r} is not the name of a machine", remedy)
        return self.allowed_folder / f"{name}.pub"


def _read(file: Path) -> str:
    try:
        text = file.read_text("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    except PermissionError:
        raise _unreadable(file) from None
    if not is_key(text):
        raise KeysInvalid(file, "does not hold a key of 40 characters", "copy it again, or make another")
    return text


def _unreadable(file: Path) -> KeysInvalid:
    remedy = f"run as the owner of the folder, or: chown -R {os.geteuid()} {file.parent}"
    return KeysInvalid(file, f"user {os.geteuid()} may not read it", remedy)


def _write(file: Path, text: str, mode: int, *, replace: bool = True) -> bool:
    """`text` is in `file`, durably, or nothing has changed. False: the file exists and was not to be replaced."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as out:
            out.write(text + "\n")
            out.flush()
            os.fsync(out.fileno())
        if replace:
            fresh.replace(file)
        else:
            os.link(fresh, file)  # unlike a rename it fails if the file is there
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
