"""What a model may not do: write outside its folders, open TCP connections, signal other processes, fill the disk.

Landlock (Linux 5.13 and later, ABI 1) does the first three without privileges, and what descends from the process
inherits it. Each ABI adds something: 2 renaming between folders, 3 truncating, 4 TCP, 6 signals and abstract sockets.
UDP and reading are not restricted. Constants and structures are those of linux/landlock.h; the libc has no wrappers.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITE_FILE = 1 << 1
_MAKE_AND_REMOVE = sum(1 << bit for bit in range(4, 13))
_REFER = 1 << 13  # ABI 2
_TRUNCATE = 1 << 14  # ABI 3
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1  # ABI 4
_SCOPE_ABSTRACT_UNIX_SOCKET, _SCOPE_SIGNAL = 1 << 0, 1 << 1  # ABI 6

_OWN_PROCESS = "/proc/self"  # threads are named and peak memory is reset by writing there
_DEVICES = "/dev"


def limit_resources(*, file_bytes: int = 0, open_files: int = 0) -> None:
    """No core files; no file longer than `file_bytes`, no more than `open_files` open at once. 0: as it is.

    A longer write raises OSError (EFBIG), because Python ignores SIGXFSZ; other programs are ended by it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if file_bytes:
        _lower(resource.RLIMIT_FSIZE, file_bytes)
    if open_files:
        _lower(resource.RLIMIT_NOFILE, open_files)


def confine(writable: Iterable[str], *, network: bool) -> str:
    """From now on this thread, its children and all threads that it starts write beneath `writable` only.

    Folders that do not exist are left out. /dev and the process's own folder in /proc stay writable. Unless `network`,
    TCP connections and listeners, and abstract sockets of others, are refused. Call it before there are other threads.

    Returns: what is in force, in words: `landlock 7: writes, tcp, signals`; or `none: ` and why.
    """
    _call("prctl", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    abi = landlock_abi()
    if abi < 1:
        return "none: this kernel has no Landlock (5.13 and later have, if it is in its `lsm=` list)"
    writes = _writes(abi)
    tcp = 0 if network or abi < 4 else _BIND_TCP | _CONNECT_TCP
    scopes = 0 if abi < 6 else _SCOPE_SIGNAL | (0 if network else _SCOPE_ABSTRACT_UNIX_SOCKET)
    attributes = struct.pack("=QQQ", writes, tcp, scopes)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = _call("landlock_create_ruleset", _syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    try:
        for folder in (*writable, _DEVICES, _OWN_PROCESS):
            _allow(ruleset, folder, writes)
        _call("landlock_restrict_self", _syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return f"landlock {abi}: " + ", ".join(
        name for name, flag in (("writes", writes), ("tcp", tcp), ("signals", scopes)) if flag
    )


def landlock_abi() -> int:
    """Version of Landlock in this kernel; 0 where it is missing or switched off."""
    return max(_syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION), 0)


def _writes(abi: int) -> int:
    """Every right that changes a file system, as far as this ABI knows it."""
    return _WRITE_FILE | _MAKE_AND_REMOVE | (_REFER if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0)


def _allow(ruleset: int, folder: str, rights: int) -> None:
    try:
        fd = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(folder):
            rights &= _WRITE_FILE | _TRUNCATE  # the others are said of folders only
        rule = struct.pack("=Qi", rights, fd)
        _call("landlock_add_rule", _syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(fd)


def _lower(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (limit, limit))


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    # A bare int would be passed as 32 bits, with the upper half of its register undefined.
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *wide))


def _call(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
