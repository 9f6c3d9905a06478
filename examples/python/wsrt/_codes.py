"""The numbers of wsrt_codes.h: result codes, flags, and what states, changes and outcomes there are."""

from __future__ import annotations

import enum
from typing import Any, Self

from ._library import lib


class Code(int):
    """A result: negative is failure.

    An int, so it compares with any other; its name is the library's. Calls that succeed give one back (mostly S_OK,
    which is 0), calls that fail raise an Error that has one, and a callback that answers may return one.
    """

    __slots__ = ()

    def __new__(cls, value: int) -> Self:
        """Takes a code signed, or unsigned as it is printed: Code(0x80070005) == E_ACCESSDENIED."""
        if not -0x8000_0000 <= value <= 0xFFFF_FFFF:
            raise ValueError(f"a result code has 32 bits: {value!r}")
        return super().__new__(cls, (value + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000)

    @property
    def name(self) -> str:
        """Such as "WSRT_E_HANDLE", or "unknown"."""
        name: bytes = lib.wsrt_hresult_name(int(self))
        return name.decode()

    def __str__(self) -> str:
        return f"{self.name} 0x{self & 0xFFFF_FFFF:08X}"

    def __repr__(self) -> str:
        return f"<{self}>"


S_OK = Code(0x00000000)
S_FALSE = Code(0x00000001)
S_DEFERRED = Code(0x00040200)
E_NOTIMPL = Code(0x80004001)
E_NOINTERFACE = Code(0x80004002)
E_POINTER = Code(0x80004003)
E_ABORT = Code(0x80004004)
E_FAIL = Code(0x80004005)
E_UNEXPECTED = Code(0x8000FFFF)
E_ACCESSDENIED = Code(0x80070005)
E_HANDLE = Code(0x80070006)
E_OUTOFMEMORY = Code(0x8007000E)
E_INVALIDARG = Code(0x80070057)
E_ALREADY_EXISTS = Code(0x800700B7)
E_MORE_DATA = Code(0x800700EA)
E_CANCELLED = Code(0x800704C7)
E_NOT_FOUND = Code(0x80070490)
E_TIMEOUT = Code(0x800705B4)
RPC_E_DISCONNECTED = Code(0x80010108)
CO_E_OBJNOTCONNECTED = Code(0x800401FD)
MTXDM_E_ENLISTRESOURCEFAILED = Code(0x8004E100)
E_CLOSED = Code(0x80040200)
E_OVERDUE = Code(0x80040205)
E_TX_ABORTING = Code(0x80040206)
E_FORKED = Code(0x80040207)

INFINITE = 0xFFFFFFFF
"""Milliseconds: without limit."""

RUNTIME_EMBEDDED = 0x00000001
DISCONNECT_ALL = 0x00000001

AUTO_RECLAIM = 0x00000001
NO_POOLING = 0x00000002
MANUAL_SWEEP = 0x00000004

RATING_UNUSABLE = 0
"""A rating: not of that type, and cannot be made so."""
RATING_PERFECT = 100
"""A rating: nothing can be better; the search stops."""


class _Open(enum.IntEnum):
    """An enumeration that a later library may add to: what it adds is kept as a number."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


class State(_Open):
    """What a registration is doing."""

    CONNECTED = 1
    """Registered, not told to disconnect."""
    DISCONNECTING = 2
    """Told to disconnect, not yet removed."""
    LEAVING = 3
    """Removed, a callback still running."""


class Change(_Open):
    """What an observer is told of."""

    ADDED = 1
    """Registered."""
    DISCONNECTING = 2
    """Told to disconnect."""
    REMOVED = 3
    """Removed by its client."""
    LOST = 4
    """Found dead and dropped."""


class Outcome(_Open):
    """What became of one client in a disconnect."""

    OBEYED = 1
    """Answered with success."""
    FAILED = 2
    """Answered with a failure, or raised."""
    NO_ANSWER = 3
    """Did not answer before its deadline."""
    DROPPED = 4
    """Was dead, and its registration was dropped."""
    SKIPPED = 5
    """Was being told already by another call."""


class Level(_Open):
    """How much a message of the library matters."""

    ERROR = 1
    """Something is lost."""
    WARN = 2
    """A callback misbehaved."""
    INFO = 3
    """Worth knowing."""
    DEBUG = 4
    """For whoever looks for a fault."""
    TRACE = 5
    """Everything."""


class DispenserState(_Open):
    """Whether a dispenser is in use."""

    OPEN = 1
    """In use."""
    CLOSED = 2
    """Closed, perhaps with callbacks still running."""


class ResourceState(_Open):
    """Where a resource of a dispenser is."""

    FREE_UNENLISTED = 1
    """In stock, for anyone."""
    FREE_ENLISTED = 2
    """In stock, for objects of its transaction only."""
    USED_UNENLISTED = 3
    """Allocated, in no transaction."""
    USED_ENLISTED = 4
    """Allocated, enlisted in a transaction."""
    TRACKED = 5
    """Tracked, in no transaction."""
    TRACKED_ENLISTED = 6
    """Tracked, enlisted in a transaction."""
    AWAITING_TRANSACTION = 7
    """Given up; destroyed when its transaction ends."""
    CREATING = 8
    """In Driver.create()."""
    RATING = 9
    """Free, and reserved for an allocation that rates."""
    ENLISTING = 10
    """In Driver.enlist()."""
    RESETTING = 11
    """In Driver.reset(), on its way back."""
    DESTROYING = 12
    """In Driver.destroy()."""
    WRITTEN_OFF = 13
    """In a callback that has been written off."""


class Event(_Open):
    """What a driver is told of."""

    WRITTEN_OFF = 3
    """A callback took longer than callback_deadline_ms."""
    WRITTEN_OFF_RETURNED = 4
    """A callback that was written off has returned after all."""
