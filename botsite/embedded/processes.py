"""Child processes that do not outlive what started them."""

import ctypes
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def dies_with_parent(sent: signal.Signals) -> Callable[[], None]:
    """Return a function to run in a new child: the kernel sends it `sent` when its parent ends (Linux).

    It survives exec, but not a change of user: setpriv needs its own --pdeathsig.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: little is safe between fork and exec
    return lambda: prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
