"""How failures reach Python: the exception, and the hook for what no caller can be told."""

from __future__ import annotations

import logging
from ctypes import byref, c_int32, c_size_t, create_string_buffer
from typing import Callable

from ._codes import Code, E_FAIL
from ._library import lib
from ._values import Report

logger = logging.getLogger("wsrt")

ExceptionHook = Callable[[str, BaseException], object]


class Error(Exception):
    """A call of the library failed; or, raised by a callback, its answer to the library.

    Raise one in issue_disconnect to answer with its code: raise wsrt.Error(wsrt.E_ACCESSDENIED).

    If callbacks raised and the call failed for it, __cause__ is the callback's exception, or an ExceptionGroup of all
    of them if there are several.
    """

    code: Code
    """The result code."""
    text: str
    """The library's own words: the function, the argument or callback, and why. May be empty."""
    reports: tuple[Report, ...]
    """From Runtime.disconnect(): what became of each client before the call failed."""

    def __init__(self, code: int, text: str = "", reports: tuple[Report, ...] = ()) -> None:
        super().__init__(code, text)
        self.code = Code(code)
        self.text = text
        self.reports = reports

    @property
    def name(self) -> str:
        """The name of the code, such as "WSRT_E_HANDLE"."""
        return self.code.name

    def __str__(self) -> str:
        return f"{self.text} ({self.code})" if self.text else str(self.code)


def failure(hr: int) -> Error:
    """The error of the call that has just returned hr on this thread."""
    code, needed = c_int32(), c_size_t()
    room = 256
    while True:
        buffer = create_string_buffer(room)
        lib.wsrt_last_error(byref(code), buffer, c_size_t(room), byref(needed))
        if needed.value <= room:
            break
        room = needed.value
    # A finalizer that ran in between has called the library too: then the text is of that call, and not for here.
    return Error(hr, buffer.value.decode(errors="replace") if code.value == hr else "")


def answer_of(raised: BaseException) -> int:
    """What the library is told of a callback that raised."""
    code = int(raised.code) if isinstance(raised, Error) else int(E_FAIL)
    return code if code < 0 else int(E_FAIL)


def record(where: str, raised: BaseException) -> None:
    """Logs a callback's exception that a caller is going to see."""
    if isinstance(raised, Error):
        logger.info("%s answers %s", where, raised)
    else:
        logger.error("%s raised", where, exc_info=raised)


def _log(where: str, raised: BaseException) -> None:
    logger.error("%s raised", where, exc_info=raised)


_hook: ExceptionHook = _log


def set_exception_hook(hook: ExceptionHook | None) -> None:
    """Sets who is told of exceptions that no caller can see; None: the logger "wsrt", as at the beginning.

    Those of observers, of a log, of release and of display_name, and those of an issue_disconnect that nobody waits
    for any more. The hook gets the name of the callback and the exception, on the thread where it happened, and may
    call everything. What it raises itself is logged.
    """
    global _hook
    if hook is not None and not callable(hook):
        raise TypeError("the hook must be callable")
    _hook = hook or _log


def unseen(where: str, raised: BaseException) -> None:
    """Hands an exception to the hook. Never raises: the frame below is the library's."""
    try:
        _hook(where, raised)
    except BaseException as worse:
        try:
            _log("the exception hook, called for " + where, worse)
        except BaseException:
            pass  # Logging itself is broken: nobody is left to tell.
