"""Runs a program under the system call filters that a systemd unit asks for: `python filtered.py UNIT -- COMMAND`.

systemd itself cannot be booted in a test. Its filters can: they are seccomp's, made here as systemd 252 makes them
(src/shared/seccomp-util.c), with the same library and with systemd's own lists of calls.
"""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

PERMISSION, NO_FAMILY, NOT_HERE = 1, 97, 38
ALLOW = 0x7FFF0000
NOT_EQUAL, LESS, EQUAL, MASKED_EQUAL = 1, 2, 4, 7
EXECUTE, WRITE_AND_EXECUTE, SHARED_EXECUTE = 4, 6, 0o100000
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
SUID, SGID = 0o4000, 0o2000

library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
library.seccomp_init.restype = ctypes.c_void_p
library.seccomp_load.argtypes = [ctypes.c_void_p]
library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]


class Argument(ctypes.Structure):
    """struct scmp_arg_cmp: which argument, compared how, with a mask or value, with a value."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


library.seccomp_rule_add_array.argtypes = [
    ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Argument),
]  # fmt: skip


def refuse(number: int) -> int:
    return 0x00050000 | number


class Filter:
    """One seccomp filter; what no rule is about is answered with `default`."""

    def __init__(self, default: int) -> None:
        self._context = library.seccomp_init(default)

    def add(self, action: int, call: str, *arguments: tuple[int, int, int, int]) -> None:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # else this machine has no such call
            given = (Argument * max(len(arguments), 1))(*(Argument(*argument) for argument in arguments))
            added = library.seccomp_rule_add_array(self._context, action, number, len(arguments), given)
            assert added == 0, (call, added)

    def load(self) -> None:
        loaded = library.seccomp_load(self._context)
        assert loaded == 0, loaded


def said(unit: Path) -> dict[str, list[str]]:
    """All that the unit and what is laid over it say, by key."""
    found: dict[str, list[str]] = {}
    shared = sorted((unit.parent / "aigc-.service.d").glob("*.conf")) if unit.name.startswith("aigc-") else []
    for file in (unit, *shared):
        for line in file.read_text().splitlines():
            key, is_one, value = line.partition("=")
            if is_one and not key.startswith("#"):
                found.setdefault(key, []).append(value)
    return found


def calls(group: str) -> set[str]:
    """The calls of one of systemd's groups, or the call itself."""
    if not group.startswith("@"):
        return {group}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    names = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return {call for name in names if name and not name.startswith("#") for call in calls(name)}


def confine(unit: Path) -> None:
    """From now on this process is as confined as the unit wants it."""
    wants = said(unit)
    assert wants["NoNewPrivileges"] == ["yes"]
    library.prctl(38, 1, 0, 0, 0)
    if "yes" in wants.get("MemoryDenyWriteExecute", []):
        forbidden = Filter(ALLOW)
        forbidden.add(refuse(PERMISSION), "mmap", (2, MASKED_EQUAL, WRITE_AND_EXECUTE, WRITE_AND_EXECUTE))
        for call in ("mprotect", "pkey_mprotect"):
            forbidden.add(refuse(PERMISSION), call, (2, MASKED_EQUAL, EXECUTE, EXECUTE))
        forbidden.add(refuse(PERMISSION), "shmat", (2, MASKED_EQUAL, SHARED_EXECUTE, SHARED_EXECUTE))
        forbidden.load()
    assert wants["RestrictNamespaces"] == wants["RestrictSUIDSGID"] == ["yes"]
    kinds = Filter(ALLOW)
    for flag in NAMESPACES:
        kinds.add(refuse(PERMISSION), "clone", (0, MASKED_EQUAL, flag, flag))
        kinds.add(refuse(PERMISSION), "unshare", (0, MASKED_EQUAL, flag, flag))
    kinds.add(refuse(PERMISSION), "setns")
    kinds.add(refuse(NOT_HERE), "clone3")  # its flags lie in memory, where a filter cannot look
    for call, position in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2)):
        for bit in (SUID, SGID):
            kinds.add(refuse(PERMISSION), call, (position, MASKED_EQUAL, bit, bit))
    kinds.load()
    allowed = {int(getattr(socket, name)) for name in " ".join(wants["RestrictAddressFamilies"]).split()}
    families = Filter(ALLOW)
    for family in set(range(46)) - allowed:
        families.add(refuse(NO_FAMILY), "socket", (0, EQUAL, family, 0))
    families.load()
    permitted = calls("@default")
    for line in wants["SystemCallFilter"]:
        for group in line.removeprefix("~").split():
            permitted = permitted - calls(group) if line.startswith("~") else permitted | calls(group)
    listed = Filter(refuse(PERMISSION))
    for call in permitted:
        listed.add(ALLOW, call)
    listed.load()


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execvp(sys.argv[3], sys.argv[3:])
