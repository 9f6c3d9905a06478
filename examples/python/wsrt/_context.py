"""For which object, and in which transaction, a thread runs; and what the dispensers of this process are told of both.

Objects and transactions are numbers of the program's own, best the id() of an object that it keeps; 0 is none.
"""

from __future__ import annotations

from ctypes import byref, c_int32, c_size_t
from types import TracebackType
from typing import Self

from ._codes import Code
from ._driver import Call
from ._library import lib
from ._results import succeeded
from ._values import word

# Those that are entered, on any thread.
_entered: dict[int, context] = {}


def get_context() -> tuple[int, int]:
    """The object and the transaction that the calling thread runs for: (instid, transid)."""
    instid, transid = c_size_t(), c_size_t()
    succeeded(lib.dispenser_get_context(byref(instid), byref(transid)))
    return instid.value, transid.value


def set_context(instid: int = 0, transid: int = 0) -> Code:
    """Sets for which object, and in which transaction, the calling thread runs from now on.

    What it allocates or tracks belongs to that object and is enlisted in that transaction. A transaction begins when it
    is first named and must be ended by transaction_ended(); the same number later is another one.
    """
    return succeeded(
        lib.dispenser_set_context(c_size_t(word("instid", instid)), c_size_t(word("transid", transid)))
    )


class context:
    """with context(instid, transid): sets the context of this thread, and at the end the one that was there before.

    If the transaction before has ended meanwhile, the thread then runs in none. A thread has one context, whatever
    coroutines run on it: do not await inside.
    """

    __slots__ = ("_own", "_before")

    def __init__(self, instid: int = 0, transid: int = 0) -> None:
        self._own = (word("instid", instid), word("transid", transid))
        self._before: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        if self._before is not None:
            raise RuntimeError("this context is entered already")
        before = get_context()
        set_context(*self._own)
        self._before = before
        _entered[id(self)] = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        _entered.pop(id(self), None)
        before, self._before = self._before, None
        if before is not None:
            set_context(*before)

    def _ended(self, transid: int) -> None:
        if self._before is not None and self._before[1] == transid:
            self._before = (self._before[0], 0)


def instance_ended(instid: int) -> Code:
    """Says that an object has ended: every dispenser gives up what it tracks for it, and those with auto_reclaim take
    back what was allocated for it. What cannot be reset is destroyed."""
    with Call() as call:
        hr = lib.dispenser_instance_ended(c_size_t(word("instid", instid)))
    return call.conclude(hr)


def transaction_aborting(transid: int) -> Code:
    """Says that a transaction is about to be aborted: allocating and tracking in it is refused from now on."""
    return succeeded(lib.dispenser_transaction_aborting(c_size_t(word("transid", transid))))


def transaction_ended(transid: int, committed: bool = True) -> Code:
    """Says that a transaction has ended: what was enlisted in it is free of it, what waited for that is destroyed.

    Call it when the work of the transaction has been committed or rolled back on every resource. Threads still set to
    it run in no transaction.
    """
    ended = word("transid", transid)
    for one in list(_entered.values()):
        one._ended(ended)
    with Call() as call:
        hr = lib.dispenser_transaction_ended(c_size_t(ended), c_int32(bool(committed)))
    return call.conclude(hr)
