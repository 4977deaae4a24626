"""How a child behaves as a process: polite, mortal, and first to go when memory runs out."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
from pathlib import Path

NICER_BY = 10
EARLIER_VICTIM = 500  # of the kernel's −1000 to 1000
_PR_SET_PDEATHSIG = 1
_MOST_THREADS = 4


def thread_count() -> int:
    """How many threads a model computes with: a core stays free for the radio and the sound."""
    return max(1, min(_MOST_THREADS, len(os.sched_getaffinity(0)) - 1))


def environment() -> dict[str, str]:
    """What the numeric libraries must find when they are loaded: one pool of threads, whose
    members sleep while they wait; and no library looks for a model on the network."""
    return {
        "OMP_NUM_THREADS": str(thread_count()),
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }


def settle(parent_pid: int) -> None:
    """Call it first in the child. Ends the process when the parent is already gone.

    The kernel then kills the child in the moment in which the parent's thread that started it
    ends (prctl(2), PR_SET_PDEATHSIG), even when the child is stopped or hangs.
    """
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the daemon
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)
    os.nice(NICER_BY)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(EARLIER_VICTIM), encoding="ascii")
    except OSError:
        return  # some containers forbid it
