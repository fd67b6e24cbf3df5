"""Whether the ports that we need are free, and who has them if not: asked before anything starts."""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class PortError(Exception):
    """A port cannot be used; the message says whose it is and how to take another."""


class Port(NamedTuple):
    role: str
    number: int
    variable: str
    option: str


def check_ports(host: str, ports: list[Port]) -> None:
    """Raises PortError naming every port that cannot be used."""
    faults = [fault for port in ports if (fault := _fault(host, port))]
    for index, port in enumerate(ports):
        faults += [
            f"port {port.number} is given to both the {port.role} and the {other.role}: set {other.variable}"
            for other in ports[index + 1 :]
            if port.number == other.number
        ]
    if faults:
        raise PortError("\n".join(faults))


def _fault(host: str, port: Port) -> str | None:
    way_out = f"set {port.variable} or {port.option}"
    try:
        address = socket.getaddrinfo(host, port.number, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # as the servers do: old connections don't count
            probe.bind(address[4])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            owner = owner_of(port.number)
            return f"port {port.number} for the {port.role} is taken{f' by {owner}' if owner else ''}: {way_out}"
        return f"port {port.number} on {host} cannot be used for the {port.role} ({error.strerror or error}): {way_out}"
    return None


def owner_of(port: int) -> str | None:
    """Name and id of the process that listens on it, where /proc tells us."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:  # not ours to look at, or gone meanwhile
            continue
    return None


def _listening(port: int) -> Iterator[str]:
    """Inodes of the listening sockets, from the kernel's table: local address in hex, state 0A, inode in column 9."""
    for table in ("tcp", "tcp6"):
        try:
            rows = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, rows):
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]
