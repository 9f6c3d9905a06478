"""What becomes of the library's answers: a code, an exception, or nothing where an object has ended already."""

from __future__ import annotations

from ctypes import c_void_p
from types import TracebackType
from typing import Any, Self

from . import _callbacks
from ._callbacks import new_key, table
from ._codes import Code, E_CLOSED, E_FORKED, E_HANDLE, E_INVALIDARG, S_OK
from ._errors import failure

# What the library says of an object that has ended, for whatever reason.
ENDED = (E_HANDLE, E_INVALIDARG, E_FORKED, E_CLOSED)


class Closes:
    """What is closed at the end of a with block."""

    __slots__ = ()

    def close(self, *, wait: bool = True) -> Code:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def succeeded(hr: int) -> Code:
    if hr < 0:
        raise failure(hr)
    return Code(hr) if hr else S_OK


def closed(end: Any, *names: object) -> Code:
    hr: int = end(*names)
    return S_OK if hr in ENDED else succeeded(hr)


def visiting(visit: _callbacks.Visit, call: Any, *arguments: object) -> int:
    """Makes a call that shows things, and raises what the visitor raised."""
    key = new_key()
    table[key] = visit
    try:
        hr: int = call(*arguments, c_void_p(_callbacks.VISIT), c_void_p(key))
    finally:
        del table[key]
    if visit.raised is not None:
        raise visit.raised
    return hr
