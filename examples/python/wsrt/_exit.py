"""The end of the interpreter: after it nothing of Python may be called.

A thread of the library that came back into a finished interpreter would be ended by it in the middle of the library's
code. So at exit every runtime and every dispenser ends, the log is taken away, and callbacks that still run are waited
for.
"""

from __future__ import annotations

import atexit
import os
import time
from ctypes import c_void_p

from . import _callbacks, _log
from ._errors import logger
from ._library import lib

exit_timeout = 5.0

# Every live runtime and dispenser of this process, by the number of its handle.
runtimes: dict[int, c_void_p] = {}
dispensers: dict[int, c_void_p] = {}

_exiting = False


def set_exit_timeout(seconds: float) -> None:
    """Sets how long the interpreter, when it exits, waits for callbacks that still run; 5 at the beginning.

    They are callbacks on threads of the library or on daemon threads. One that lasts longer is logged and left behind;
    the process normally ends before it wakes up.
    """
    global exit_timeout
    exit_timeout = float(seconds)


def refuse_when_exiting() -> None:
    if _exiting:
        raise RuntimeError("the interpreter is exiting")


def _end() -> None:
    global _exiting
    _exiting = True
    for handle in list(runtimes.values()):
        lib.ws_runtime_destroy_nowait(handle)
    runtimes.clear()
    for handle in list(dispensers.values()):
        lib.dispenser_destroy_nowait(handle)
    dispensers.clear()
    _log.take_away()
    # What the library may still call is what it has not released.
    until = time.monotonic() + exit_timeout
    waited = False
    while _callbacks.table and time.monotonic() < until:
        waited = True
        time.sleep(0.005)
    if _callbacks.table:
        logger.warning("at exit %d objects still have callbacks running", len(_callbacks.table))
    elif waited:
        time.sleep(0.01)  # Their last step out of Python: from the release to the library.


atexit.register(_end)
os.register_at_fork(after_in_child=runtimes.clear)
os.register_at_fork(after_in_child=dispensers.clear)
