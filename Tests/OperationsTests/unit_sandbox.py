#!/usr/bin/env python3
"""Runs a command in what this machine can do of a systemd unit's sandbox, without systemd.

    unit_sandbox.py UNIT COMMAND...    as root

Needs libseccomp, and systemd-analyze, which knows the sets of system calls. Applied are the read-only root with a /tmp
of its own (ProtectSystem=strict, PrivateTmp), another user without capabilities (User, CapabilityBoundingSet,
NoNewPrivileges), SystemCallFilter, RestrictAddressFamilies, MemoryDenyWriteExecute and LimitNOFILE. A setting of the
unit that is not in the expected form ends the program: it must not look applied when it is not.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
LAST_CAPABILITY = 40
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EPERM
EQUAL, MASKED_EQUAL, NOT_EQUAL = 4, 7, 1
PROT_WRITE, PROT_EXEC = 2, 4
NOBODY = 65534
# What systemd allows whatever the unit says.
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"}

libc = ctypes.CDLL(None, use_errno=True)


class Comparison(ctypes.Structure):
    """An argument of a system call, as libseccomp compares it."""

    _fields_ = [
        ("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("one", ctypes.c_uint64), ("two", ctypes.c_uint64),
    ]


def settings(unit: Path) -> dict[str, list[str]]:
    """The values of each setting of [Service], in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def expect(found: dict[str, list[str]], name: str, *values: str) -> None:
    if found.get(name) not in [[value] for value in values]:
        raise SystemExit(f"{name} is {found.get(name)}, this program applies {' or '.join(values)}")


def check(result: int, what: str) -> None:
    if result != 0:
        raise SystemExit(f"{what}: {os.strerror(ctypes.get_errno() or abs(result))}")


def system_call_sets() -> dict[str, list[str]]:
    """What each set names: system calls and other sets."""
    listing = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True).stdout
    sets: dict[str, list[str]] = {}
    name = ""
    for line in listing.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif name and line.startswith("    ") and not line.strip().startswith("#"):
            sets[name].append(line.strip())
    return sets


def allowed_calls(filters: list[str]) -> set[str]:
    sets = system_call_sets()

    def members(name: str) -> set[str]:
        return set().union(*map(members, sets[name])) if name.startswith("@") else {name}

    allowed = set(ALWAYS)
    for line in filters:
        names = set().union(*map(members, line.removeprefix("~").split()))
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def isolate_files() -> None:
    """A read-only view of all there is, with a /tmp of its own."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount / private")
    # A clone that lies there itself stays in sight, and is read-only as all else is.
    has_own_tmp = not Path(__file__).resolve().is_relative_to("/tmp")
    if has_own_tmp:
        check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, b"size=16m"), "mount /tmp")
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in points:
        if has_own_tmp and (point == "/tmp" or point.startswith("/tmp/")) or point.startswith(("/dev", "/proc", "/sys")):
            continue
        # Those below another mount can no longer be reached.
        libc.mount(None, point.encode(), None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)
    try:
        Path("/usr/.written").touch()
    except OSError as error:
        if error.errno == errno.EROFS:
            return
    raise SystemExit("the root is not read-only")


def drop_privileges() -> None:
    for capability in range(LAST_CAPABILITY + 1):
        check(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), f"capability {capability}")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


class Filter:
    """A filter of system calls: an allow list, or denials of single arguments."""

    def __init__(self, default: int) -> None:
        self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.seccomp_init(default))

    def add(self, action: int, call: str, *comparisons: Comparison) -> None:
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # Not of this processor, or newer than the library.
        array = (Comparison * len(comparisons))(*comparisons)
        add = self.library.seccomp_rule_add_array
        check(add(self.context, ctypes.c_uint32(action), number, len(comparisons), array), f"filter {call}")

    def load(self) -> None:
        check(self.library.seccomp_load(self.context), "seccomp_load")


def filter_calls(found: dict[str, list[str]]) -> None:
    denials = Filter(ALLOW)
    writes = Comparison(2, MASKED_EQUAL, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC)
    executes = Comparison(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC)
    denials.add(DENY, "mmap", writes)
    for call in ("mprotect", "pkey_mprotect"):
        denials.add(DENY, call, executes)
    families = [getattr(socket, name) for name in found["RestrictAddressFamilies"][0].split()]
    denials.add(DENY, "socketpair", Comparison(0, NOT_EQUAL, socket.AF_UNIX, 0))
    for family in range(64):
        if family not in families:
            denials.add(DENY, "socket", Comparison(0, EQUAL, family, 0))
    calls = Filter(DENY)
    for call in sorted(allowed_calls(found["SystemCallFilter"])):
        calls.add(ALLOW, call)
    # The second is loaded by calls that the first one allows.
    denials.load()
    calls.load()


def main() -> None:
    unit, command = Path(sys.argv[1]), sys.argv[2:]
    found = settings(unit)
    for name in ("NoNewPrivileges", "PrivateTmp", "MemoryDenyWriteExecute"):
        expect(found, name, "yes")
    expect(found, "ProtectSystem", "strict")
    expect(found, "CapabilityBoundingSet", "")
    expect(found, "SystemCallErrorNumber", "EPERM")
    limit = int(found["LimitNOFILE"][0])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), min(limit, hard)))
    os.umask(int(found["UMask"][0], 8))
    isolate_files()
    os.chdir("/")
    drop_privileges()
    filter_calls(found)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
