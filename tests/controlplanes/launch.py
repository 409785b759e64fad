"""
Become another program that dies with the process that started it.

Run as a script, `launch.py PARENT PROGRAM ARGUMENT...`: it asks the kernel to be killed
when its parent goes, however that happens, and replaces itself by the program. The
process id stays. Where the kernel can't do that (it is a Linux call) it only starts the
program, which then relies on being stopped.

NB: a `preexec_fn` would do the same with one process less, but forks a process that has
threads, which Python warns of from 3.12 on.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)  # the parent was gone before the call
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
