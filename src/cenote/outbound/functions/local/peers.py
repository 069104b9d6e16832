"""Who is at the other end of a connection from this machine: read from Linux's own tables.

AWS's runtime clients send nothing that could be a secret: neither a path before the Runtime API's nor a header can
be given to them (a port follows the host, and `/2018-06-01/` follows that). Every user of the machine can find the
port. So a connection counts only if the socket at its other end is held by the process that the port was opened
for, or by one of its session.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

Address = tuple[str, int]


def is_of(session: int, peer: Address, own: Address) -> bool:
    """Whether a process of the session has the socket that is connected from `peer` to `own`."""
    inode = inode_of(peer, own)
    if inode is None:
        return False
    wanted = f"socket:[{inode}]"
    return any(wanted in files(process) for process in members(session))


def inode_of(peer: Address, own: Address) -> str | None:
    """The socket of a connection over IPv4, if it is this user's."""
    local, remote = written(peer), written(own)
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 (not a file that is kept anywhere)
        for line in table:
            if local in line:
                columns = line.split()
                if columns[1] == local and columns[2] == remote and columns[7] == str(os.geteuid()):
                    return columns[9]
    return None


def written(address: Address) -> str:
    """An address as the table has it: the machine's number for it, and the port, in hexadecimal."""
    number = int.from_bytes(socket.inet_aton(address[0]), sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"


def members(session: int) -> Iterator[int]:
    """Its processes, the leader first: that is nearly always the one."""
    yield session
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != session and session_of(int(entry.name)) == session:
            yield int(entry.name)


def session_of(process: int) -> int | None:
    try:
        return os.getsid(process)
    except OSError:
        return None


def files(process: int) -> Iterator[str]:
    """What its file descriptors are; nothing where it has ended or is another user's."""
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(entry.readlink())
