"""What a driver does for its dispenser, and how the library calls it.

The thunks are made as those of _callbacks: one per kind, for ever, with a number as user_data, and no exception leaves
one.
"""

from __future__ import annotations

import math
import os
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int32, c_size_t, c_uint32, c_void_p, cast
from threading import local
from typing import Any, Callable, Generic

from . import _errors
from ._callbacks import table
from ._codes import Code, E_INVALIDARG, Event, RATING_PERFECT, RATING_UNUSABLE, S_FALSE, S_OK
from ._errors import Error, failure
from ._figures import PooledResource, R, T, pooled_at
from ._pooled import NO_KIND, Kind


class Driver(Generic[T, R]):
    """What the owner of a pool does for it: make a subclass, with create() at least.

    Each method comes with no lock held, on the thread of the call that needs it or, in a sweep, on a thread of the
    library; each may call everything, also its own dispenser. Several may run at once, but only one for one resource.

    What a method raises is a failure to the library: E_FAIL, or the code of an Error. It comes out of the call that
    fails for it, as the cause of the Error there; where no call does, the exception hook is told. reset, destroy and
    destroy_named may also return a code, and nothing for success.
    """

    def create(self, type: T) -> R | tuple[R, float | None]:
        """Makes a resource of a type: any object but None, and none that this dispenser has already.

        (resource, seconds) also says how long it may lie idle; 0: until the next sweep; None: for ever, as without. A
        tuple is always taken so: a resource that is one itself comes as (resource, None).
        """
        raise NotImplementedError(f"{self.__class__.__name__} has no create()")

    def rate(self, type: T, resource: R, requires_enlistment: bool) -> int:
        """Says how well a free resource would do for a type: from 0 (or False), unusable, to RATING_PERFECT (or True),
        which ends the search. What it raises counts as 0. Every free resource is offered, of whatever type.

        Without it, a resource does for types that are equal to its own.
        """
        raise NotImplementedError

    def enlist(self, resource: R, transid: int) -> bool | int | None:
        """Enlists a resource in a transaction; 0: sees to it that it is in none. False: it is not one for transactions,
        and is handed out all the same. After a failure it is called again with 0; if that fails too, the resource is
        destroyed.

        Without it, resources are not for transactions.
        """
        raise NotImplementedError

    def reset(self, resource: R) -> int | None:
        """Makes a resource as good as new on its way back. A transaction that it is enlisted in goes on: its work must
        be left alone. A failure fails the free, and the resource stays its user's."""
        raise NotImplementedError

    def destroy(self, resource: R) -> int | None:
        """Ends a resource. After a failure it is forgotten all the same; only destroy_resource() keeps it then.

        Without it, resources end with the last reference to them.
        """
        return None

    def destroy_named(self, sresid: str) -> int | None:
        """Ends a resource that is tracked by a string. Without it, that fails with E_NOTIMPL."""
        raise NotImplementedError

    def report(self, event: Event, info: PooledResource[T, R]) -> None:
        """Sees what becomes of callbacks that take longer than callback_deadline_ms."""
        raise NotImplementedError

    def release(self) -> None:
        """Called once, when the dispenser is closed and no other call of the library comes any more."""

    def broken(self, resource: R, raised: BaseException) -> bool:
        """Whether a lease whose body raised is destroyed instead of returned. Not called by the library.

        Without it, what raises a ConnectionError is broken.
        """
        return isinstance(raised, ConnectionError)


def overrides(driver: Driver[Any, Any], name: str) -> bool:
    return getattr(getattr(driver, name), "__func__", None) is not getattr(Driver, name)


class Call:
    """A call of the library that may make callbacks of drivers on this thread."""

    __slots__ = ("kind", "expects", "destroys", "lets_go", "raised", "outer")

    def __init__(
        self,
        expects: tuple[str, ...] = (),
        kind: Kind = NO_KIND,
        destroys: int = 0,
        lets_go: bool = False,
    ) -> None:
        # The callbacks whose failure is the call's.
        self.expects = expects
        # What is allocated.
        self.kind = kind
        # The resource that stays as it is if it cannot be destroyed.
        self.destroys = destroys
        # Whether nobody is left to have one that cannot be destroyed.
        self.lets_go = lets_go
        self.raised: list[BaseException] | None = None

    def __enter__(self) -> Call:
        self.outer = here.newest
        here.newest = self
        return self

    def __exit__(self, *_: object) -> None:
        here.newest = self.outer

    def conclude(self, hr: int) -> Code:
        """What the call comes to that has just returned hr."""
        if hr >= 0 and not self.raised:
            return Code(hr) if hr else S_OK
        error = failure(hr) if hr < 0 else None
        raised, self.raised = self.raised or [], None
        ends = [one for one in raised if not isinstance(one, Exception)]
        causes = [one for one in raised if isinstance(one, Exception)]
        try:
            if ends:
                raise ends[0]
            if error is None:
                return Code(hr)
            if len(causes) > 1:
                raise error from ExceptionGroup("several callbacks raised", causes)
            raise error from (causes[0] if causes else None)
        finally:
            # What is raised knows this frame: it must not be known here, or both would wait for the collector.
            del error, raised, ends, causes


class _Here(local):
    newest: Call | None = None


here = _Here()


def _failed(where: str, raised: BaseException) -> int:
    """Gives an exception to the call that fails for it, or that has to end for it; else to the hook."""
    try:
        call = here.newest
        if call is not None and (where in call.expects or not isinstance(raised, Exception)):
            if call.raised is None:
                call.raised = []
            call.raised.append(raised)
            _errors.record(where, raised)
        else:
            _errors.unseen(where, raised)
    except BaseException as worse:
        _errors.unseen(where, worse)
    return _errors.answer_of(raised)


def _code(where: str, answer: object) -> int:
    if answer is None:
        return 0
    if isinstance(answer, int) and not isinstance(answer, bool):
        return Code(answer)
    raise TypeError(f"{where} must return None or a code, not {answer!r}")


def _seconds(idle: Any) -> int:
    if idle is None or idle == math.inf:
        return -1
    if isinstance(idle, bool):
        raise TypeError("idle seconds must be a number or None, not bool")
    seconds: int = math.ceil(idle)
    if not -0x8000_0000 <= seconds <= 0x7FFF_FFFF:
        raise ValueError(f"idle seconds must have 32 bits: {idle}")
    return seconds


def _create(key: int, restypid: int, resid: Any, secs: Any) -> int:
    try:
        pool = table[key]
        kind = pool.numbered[restypid]
        made, seconds = pool.driver.create(kind.type), -1
        if type(made) is tuple:
            if len(made) != 2:
                raise TypeError(f"create must return a resource or (resource, idle seconds), not {made!r}")
            seconds = _seconds(made[1])
            made = made[0]
        if made is not None:  # None names nothing: the library says so.
            held = pool.hold(made, kind)
            if held is None:
                raise Error(E_INVALIDARG, "create returned a resource that this dispenser has already")
            resid[0] = held.number
        secs[0] = seconds
        return 0
    except BaseException as raised:
        return _failed("create", raised)


def _rate(key: int, restypid: int, resid: int, requires_enlistment: int, rating: Any) -> int:
    try:
        pool = table[key]
        answer = pool.driver.rate(
            pool.numbered[restypid].type, pool.held[resid].resource, bool(requires_enlistment)
        )
        if answer is True:
            answer = RATING_PERFECT
        elif answer is False:
            answer = RATING_UNUSABLE
        elif not isinstance(answer, int):
            raise TypeError(f"rate must return a rating, not {answer!r}")
        elif not 0 <= answer <= 0xFFFF_FFFF:
            raise ValueError(f"a rating must have 32 bits: {answer}")
        rating[0] = answer
        return 0
    except BaseException as raised:
        return _failed("rate", raised)


def _enlist(key: int, resid: int, transid: int) -> int:
    try:
        pool = table[key]
        held = pool.held[resid]
        call = here.newest
        if call is not None and call.kind is not NO_KIND:
            # It is of that type from now on, whatever becomes of the enlistment.
            held.kind = call.kind
        answer = pool.driver.enlist(held.resource, transid)
        if answer is True:
            return 0
        return S_FALSE if answer is False else _code("enlist", answer)
    except BaseException as raised:
        return _failed("enlist", raised)


def _reset(key: int, resid: int) -> int:
    try:
        pool = table[key]
        answer = pool.driver.reset(pool.held[resid].resource)
        return 0 if answer is None else _code("reset", answer)
    except BaseException as raised:
        return _failed("reset", raised)


def _destroy(key: int, resid: int) -> int:
    pool = held = None
    try:
        pool = table[key]
        held = pool.held[resid]
        held.gone = True
        pool.hide(held)
        code = _code("destroy", pool.driver.destroy(held.resource))
    except BaseException as raised:
        code = _failed("destroy", raised)
    try:
        if held is None or pool is None:
            return code
        call = here.newest
        if code < 0 and call is not None and call.destroys == resid:
            if not call.lets_go:
                held.gone = False
                pool.show(held)
                return code
            code = 0
        pool.held.pop(resid, None)
    except BaseException as raised:
        return _failed("destroy", raised)
    return code


def _destroy_named(key: int, sresid: bytes) -> int:
    try:
        return _code("destroy_named", table[key].driver.destroy_named(sresid.decode()))
    except BaseException as raised:
        return _failed("destroy_named", raised)


def _report(key: int, event: int, info: int) -> None:
    try:
        pool = table[key]
        pool.driver.report(Event(event), pooled_at(info, pool))
    except BaseException as raised:
        _failed("report", raised)


_thunks: list[tuple[str, Callable[..., object]]] = [
    ("create", CFUNCTYPE(c_int32, c_void_p, c_size_t, POINTER(c_size_t), POINTER(c_int32))(_create)),
    ("rate", CFUNCTYPE(c_int32, c_void_p, c_size_t, c_size_t, c_int32, POINTER(c_uint32))(_rate)),
    ("enlist", CFUNCTYPE(c_int32, c_void_p, c_size_t, c_size_t)(_enlist)),
    ("reset", CFUNCTYPE(c_int32, c_void_p, c_size_t)(_reset)),
    ("destroy", CFUNCTYPE(c_int32, c_void_p, c_size_t)(_destroy)),
    ("destroy_named", CFUNCTYPE(c_int32, c_void_p, c_char_p)(_destroy_named)),
    ("report", CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)(_report)),
]
_addresses = [(name, cast(thunk, c_void_p).value) for name, thunk in _thunks]  # type: ignore[arg-type]
_FIELDS = {
    "create": "create_resource",
    "rate": "rate_resource",
    "enlist": "enlist_resource",
    "reset": "reset_resource",
    "destroy": "destroy_resource",
    "destroy_named": "destroy_resource_s",
    "report": "report",
}
# What the base class does is done by the library without it, but for these.
_ALWAYS = ("create", "destroy")


def callbacks(driver: Driver[Any, Any]) -> dict[str, int | None]:
    """The thunks of what a driver does, by the names of their fields."""
    return {_FIELDS[name]: at for name, at in _addresses if name in _ALWAYS or overrides(driver, name)}


def _after_fork() -> None:
    here.newest = None


os.register_at_fork(after_in_child=_after_fork)
