"""Runs a command that must not outlive its parent: gives up root if asked, asks the kernel for a signal, executes.

A program of its own, started by path with `python -I -S`, because the order matters and `preexec_fn` is not safe in
a process with threads: changing the user clears the parent-death signal, and the account that PostgreSQL runs under
may be unable to read this interpreter at all.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent, death_signal, uid, gid = map(int, arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew of our wish
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - executing what we were told is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
