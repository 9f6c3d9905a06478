"""The library's log."""

from __future__ import annotations

import logging
from ctypes import byref, c_void_p, c_uint32
from types import TracebackType
from typing import Any, Callable, Self

from . import _callbacks, _layout
from ._callbacks import Client, Writer, new_key, table
from ._codes import Code, E_ABORT, Level, S_OK
from ._errors import failure
from ._library import lib
from ._values import function

# The key of the log that is set; 0: none that is known here.
_current = 0

_LEVELS = {
    Level.ERROR: logging.ERROR,
    Level.WARN: logging.WARNING,
    Level.INFO: logging.INFO,
    Level.DEBUG: logging.DEBUG,
}


def _to_logging(level: Level, target: str, message: str) -> None:
    logging.getLogger("wsrt.library").log(_LEVELS.get(level, 5), "%s: %s", target, message)


class Log:
    """Where the library's messages go, until it is closed. Made by log().

    There is one log for the whole process: a new one takes the place of the one before. Dropped without close(), it is
    taken away by its finalizer, which never waits.
    """

    __slots__ = ("_key", "__weakref__")

    def __init__(self, key: int) -> None:
        """For log() only."""
        self._key = key

    def close(self) -> Code:
        """Takes the log away if it is still the one that is set; release then runs.

        S_OK: no message of it is being written or will be. S_DEFERRED: called inside a callback while it was writing.
        Any thread; outside callbacks it waits for messages that are being written. Set and close logs from one thread:
        two that do it at once may take away each other's.
        """
        global _current
        if _current != self._key:
            return S_OK
        _current = 0
        hr = lib.wsrt_set_log(None)
        if hr < 0:
            raise failure(hr)
        return Code(hr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if _current and _current == getattr(self, "_key", 0):
            take_away()


def log(
    write: Callable[[Level, str, str], object] | None = None,
    *,
    max_level: Level = Level.INFO,
    release: Callable[[], object] | None = None,
) -> Log:
    """Sets where the library's messages go. Keep what it returns: dropping it takes the log away.

    write is called with level, target and message on the thread that caused the message, on several at once, with no
    lock held; None: the logger "wsrt.library". Messages that it causes itself are dropped, and what it raises goes to
    the exception hook. release is called once, after the last message. May be called on any thread, inside callbacks
    too; outside it waits until the log before is not writing any more.
    """
    global _current
    if write is not None:
        function("write", write)
    if release is not None:
        function("release", release)
    key = new_key()
    struct = _layout.sized(
        _layout.Log,
        max_level=Level(max_level),
        user_data=key,
        write=_callbacks.WRITE,
        release=_callbacks.RELEASE,
    )
    table[key] = Writer(write or _to_logging, release)
    hr = lib.wsrt_set_log(byref(struct))
    if hr < 0:
        table.pop(key, None)
        raise failure(hr)
    _current = key
    return Log(key)


def take_away() -> None:
    """Takes the log away without waiting. The library has one form only, which does not wait inside a callback: so a
    runtime is made for one callback."""
    global _current
    if not _current:
        return
    _current = 0
    runtime = c_void_p()
    if lib.ws_runtime_create(None, byref(runtime)) < 0:
        return

    def inside() -> str:
        lib.wsrt_set_log(None)
        return ""  # No id: nothing is registered.

    key = new_key()
    table[key] = Client(0, inside, None, lambda _: None, None)
    packed: Any = _layout.pack_client(
        _layout.CLIENT_SIZE, 0, key, _callbacks.GET_RESOURCE_ID, 0, _callbacks.ISSUE_DISCONNECT, 0, 0, 0
    )
    lib.ws_add_resource(runtime, packed, byref(c_uint32()))
    table.pop(key, None)
    lib.ws_runtime_destroy_nowait(runtime)
