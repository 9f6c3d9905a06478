"""The resource dispenser: a pool, and the driver that fills it."""

from __future__ import annotations

import warnings
from ctypes import byref, c_int32, c_size_t, c_uint64, c_void_p
from types import TracebackType
from typing import Any, Callable, Generic, Self

from . import _callbacks, _errors, _exit, _figures, _layout
from ._callbacks import Visit, new_key, table
from ._codes import (
    AUTO_RECLAIM,
    Code,
    E_CLOSED,
    E_FAIL,
    E_FORKED,
    E_HANDLE,
    E_INVALIDARG,
    E_OVERDUE,
    MANUAL_SWEEP,
    NO_POOLING,
)
from ._driver import Call, Driver, callbacks, here, overrides
from ._errors import Error, failure
from ._figures import DispenserOptions, DispenserStats, PooledResource, R, T
from ._library import lib
from ._pooled import NO_KIND, Held, Pool
from ._results import Closes, closed, succeeded, visiting
from ._values import function, text, u32, word

_alloc_resource = lib.dispenser_alloc_resource
_free_resource = lib.dispenser_free_resource

_MAKES = ("create", "enlist")
_RESETS = ("reset",)

# A free that finds its resource gone: with a dispenser that has ended, or by itself.
_NO_DISPENSER = (E_CLOSED, E_HANDLE)
_NOT_THEIRS = (E_INVALIDARG, E_OVERDUE, E_FORKED)


class Dispenser(Closes, Generic[T, R]):
    """A pool of resources that its owner's driver makes, judges and ends.

    Types and resources may be any objects but None. Types that are equal are one type, those that cannot be hashed only
    if they are the same object; a resource is known by itself, whatever it is equal to (numbers by their value). The
    library has a reference to a resource from create() until it lets go of it, and to a type as long as one of its
    resources was last allocated for it.

    Every method may be called on any thread and inside any callback. Methods raise Error where the library refuses;
    what a method of the driver raised is its cause.

    Close it (`with`, close()) to destroy the stock and give the driver back. One that is dropped is ended by its
    finalizer, which never waits; but a driver that refers to its dispenser keeps it alive. Used after its end it is
    known as such: E_CLOSED after close(), E_HANDLE after destroy().
    """

    __slots__ = ("driver", "name", "_handle", "_key", "_pool", "_quick", "_closed", "__weakref__")

    def __init__(
        self,
        driver: Driver[T, R],
        name: str = "",
        *,
        auto_reclaim: bool = False,
        no_pooling: bool = False,
        manual_sweep: bool = False,
        sweep_interval_ms: int = 0,
        callback_deadline_ms: int = 0,
        drain_timeout_ms: int = 0,
    ) -> None:
        """Makes a dispenser. Nothing of the driver is called.

        driver                what makes and ends the resources; may serve several dispensers
        name                  for people, in the library's log
        auto_reclaim          what an object has allocated goes back when the object ends: instance_ended()
        no_pooling            an alloc always creates, a free destroys
        manual_sweep          no thread of the library: only sweep() destroys what is idle for too long
        sweep_interval_ms     how often a thread of the library sweeps; 0: 10,000
        callback_deadline_ms  after how long a callback is written off, as sweeps see it; 0 or INFINITE: never
        drain_timeout_ms      how long close() waits for running callbacks; 0 or INFINITE: without limit
        """
        self._handle = c_void_p()
        self._key = 0
        self._closed = False
        if not isinstance(driver, Driver):
            raise TypeError(f"driver must be a wsrt.Driver, not {type(driver).__name__}")
        called = text("name", name)
        self.driver = driver
        self.name = name
        flags = (AUTO_RECLAIM if auto_reclaim else 0) | (NO_POOLING if no_pooling else 0)
        options = _layout.sized(
            _layout.DispenserOptions,
            flags=flags | (MANUAL_SWEEP if manual_sweep else 0),
            sweep_interval_ms=u32("sweep_interval_ms", sweep_interval_ms),
            callback_deadline_ms=u32("callback_deadline_ms", callback_deadline_ms),
            drain_timeout_ms=u32("drain_timeout_ms", drain_timeout_ms),
        )
        key = new_key()
        functions = _layout.sized(
            _layout.DispenserDriver, user_data=key, release=_callbacks.RELEASE, **callbacks(driver)
        )
        _exit.refuse_when_exiting()
        self._pool = Pool(driver)
        # A free that calls nothing needs nobody to hear what is raised.
        self._quick = not overrides(driver, "reset") and not no_pooling
        table[key] = self._pool
        hr = lib.dispenser_create(byref(functions), called, byref(options), byref(self._handle))
        if hr < 0:
            table.pop(key, None)
            raise failure(hr)
        self._key = self._handle.value or 0
        _exit.dispensers[self._key] = self._handle

    def alloc(self, type: T) -> R:
        """Allocates a resource of a type: a free one that will do, else a new one. It is the caller's until free(), on
        any thread, or destroy_resource().

        In a transaction (context()) it is enlisted unless it is already. Better is lease(), which gives it back.
        """
        resource: R = self._alloc(type).resource
        return resource

    def _alloc(self, type: T) -> Held:
        pool = self._pool
        kind = pool.kind(type)
        # Before the call: a close on another thread takes its resources away from the pool, but not from who has them.
        held = pool.held
        resid = c_size_t()
        call = Call(_MAKES, kind)
        call.outer = here.newest
        here.newest = call
        try:
            hr = _alloc_resource(self._handle, kind.name, byref(resid))
        finally:
            here.newest = call.outer
        got = held.get(resid.value)
        if hr < 0 or got is None or call.raised:
            if got is not None:
                self._give_back(got, call)
            call.conclude(hr)
            raise Error(E_FAIL, "another thread destroyed the resource before it was handed over")
        got.kind = kind
        return got

    def lease(self, type: T) -> Lease[T, R]:
        """with pool.lease(type) as resource: allocates a resource for the length of the block."""
        return Lease(self, type)

    def free(self, resource: R) -> Code:
        """Gives an allocated resource back, from any thread.

        What is enlisted stays in stock for its transaction alone until that ends. Raises Error: E_FAIL if the driver
        could not reset it (it is still allocated), E_INVALIDARG if it is none that is in use, E_CLOSED if the dispenser
        is closed: it is the caller's to destroy then.
        """
        name = self._pool.name(resource)
        if self._quick:
            return succeeded(_free_resource(self._handle, name))
        with Call(_RESETS) as call:
            hr = _free_resource(self._handle, name)
        return call.conclude(hr)

    def _give_back(self, held: Held, call: Call) -> int:
        with call:
            hr: int = _free_resource(self._handle, held.name)
        return hr

    def destroy_resource(self, resource: R) -> Code:
        """Takes a resource out of the pool, in use or not, and has it destroyed: for example because it is broken.

        One that is enlisted is destroyed when its transaction ends. If the driver cannot destroy it, it is as before.
        """
        held = self._pool.find(resource)
        with Call(("destroy",), destroys=0 if held is None else held.number) as call:
            hr = lib.dispenser_destroy_resource(self._handle, self._pool.name(resource))
        if held is not None and hr == E_OVERDUE:
            self._pool.drop(held)
        return call.conclude(hr)

    def _discard(self, held: Held, call: Call) -> int:
        call.destroys, call.lets_go = held.number, True
        with call:
            hr: int = lib.dispenser_destroy_resource(self._handle, held.name)
        return hr

    def track(self, resource: R | str, *, instid: int | None = None, transid: int | None = None) -> Code:
        """Watches a resource that the program made itself, for an object: it never comes into stock, and is destroyed
        when its object ends or when it is untracked so, but not before its transaction has ended.

        Object and transaction are those of the thread (context()) unless one is named. A str stands for a resource that
        it describes: it is compared by its characters, is never enlisted, and goes to destroy_named().
        """
        if isinstance(resource, str):
            if instid is not None or transid is not None:
                raise TypeError("a resource that a string describes is tracked for the thread's own object")
            return succeeded(lib.dispenser_track_resource_s(self._handle, text("resource", resource)))
        owner = None
        if instid is not None or transid is not None:
            owner = c_size_t(word("instid", instid or 0)), c_size_t(word("transid", transid or 0))
        pool = self._pool
        name, held = pool.name(resource), None
        if resource is not None:
            held = pool.hold(resource, NO_KIND)
            if held is None:
                raise Error(E_INVALIDARG, "dispenser_track_resource: this dispenser knows the resource already")
            name = held.name
        with Call(("enlist",)) as call:
            if owner is None:
                hr = lib.dispenser_track_resource(self._handle, name)
            else:
                hr = lib.dispenser_track_resource_ex(self._handle, name, *owner)
        if hr < 0 and held is not None:
            pool.drop(held)
        return call.conclude(hr)

    def untrack(self, resource: R | str, *, destroy: bool = False) -> Code:
        """Ends the watch over a resource; destroy: and has it destroyed, when its transaction ends if it is in one.
        Raises Error (E_FAIL) if that fails; it is not tracked any more all the same."""
        flag = c_int32(bool(destroy))
        if isinstance(resource, str):
            with Call(("destroy_named",)) as call:
                hr = lib.dispenser_untrack_resource_s(self._handle, text("resource", resource), flag)
            return call.conclude(hr)
        held = self._pool.find(resource)
        with Call(("destroy",)) as call:
            hr = lib.dispenser_untrack_resource(self._handle, self._pool.name(resource), flag)
        if hr >= 0 and held is not None and not destroy:
            self._pool.drop(held)
        return call.conclude(hr)

    def sweep(self, now_ms: int = 0) -> Code:
        """Destroys what has been idle for too long, and writes off callbacks that are overdue.

        now_ms is what time it is, with manual_sweep only; 0: the system's clock. S_FALSE: inside a callback, where it
        does nothing.
        """
        with Call() as call:
            hr = lib.dispenser_sweep(self._handle, c_uint64(word("now_ms", now_ms)))
        return call.conclude(hr)

    def stats(self) -> DispenserStats:
        """The figures of the dispenser, open or closed."""
        stats = _layout.sized(_layout.DispenserStats)
        succeeded(lib.dispenser_get_stats(self._handle, byref(stats)))
        return _figures.stats_of(stats)

    def options(self) -> DispenserOptions:
        """The settings of the dispenser, with the defaults filled in."""
        options = _layout.sized(_layout.DispenserOptions)
        succeeded(lib.dispenser_get_options(self._handle, byref(options)))
        return _figures.options_of(options)

    def info(self, resource: R) -> PooledResource[T, R]:
        """What the library knows of a resource, pooled or tracked."""
        info = _layout.sized(_layout.DispenserResourceInfo)
        succeeded(lib.dispenser_get_resource_info(self._handle, self._pool.name(resource), byref(info)))
        return _figures.pooled(info, self._pool)

    def visit(self, visitor: Callable[[PooledResource[T, R]], object]) -> Code:
        """Shows every resource, oldest first, from one snapshot.

        visitor is called on this thread, with no lock held, and may call everything. It stops the showing by returning
        False (the result is then S_FALSE) or by raising, which comes out here.
        """
        function("visitor", visitor)
        pool = self._pool
        visit = Visit(lambda address: visitor(_figures.pooled_at(address, pool)))
        return succeeded(visiting(visit, lib.dispenser_enum_resources, self._handle))

    def resources(self) -> list[PooledResource[T, R]]:
        """Every resource, oldest first, as visit() shows them."""
        resources: list[PooledResource[T, R]] = []
        self.visit(resources.append)
        return resources

    def close(self, *, wait: bool = True) -> Code:
        """Closes the dispenser: destroys what is in stock, and forgets what is in use or tracked, which is its users'
        to destroy. Does nothing if it is closed already. Figures and settings stay.

        S_OK: no callback of it runs or will; waits for that outside callbacks, up to drain_timeout_ms, unless wait is
        false. S_DEFERRED: a callback still runs. Do not call it while holding a lock that a callback takes.
        """
        self._closed = True
        end = lib.dispenser_close if wait else lib.dispenser_close_nowait
        with Call() as call:
            hr = closed(end, self._handle)
        return call.conclude(hr)

    def destroy(self, *, wait: bool = True) -> Code:
        """Ends the dispenser, and closes it first if it is still open. Raises Error (E_HANDLE) if it has ended."""
        self._closed = True
        _exit.dispensers.pop(self._key, None)
        end = lib.dispenser_destroy if wait else lib.dispenser_destroy_nowait
        with Call() as call:
            hr = end(self._handle)
        return call.conclude(hr)

    def __repr__(self) -> str:
        return f"<wsrt.Dispenser {self.name!r} {self._key:#x}>"

    def __del__(
        self,
        nowait: Any = lib.dispenser_destroy_nowait,
        warn: Any = warnings.warn,
        dispensers: Any = _exit.dispensers,
        call: Any = Call,
    ) -> None:
        if dispensers.pop(getattr(self, "_key", 0), None) is not None:
            with call():  # What its driver raises is not for the call that this finalizer has come into.
                hr = nowait(self._handle)
            if hr >= 0 and not self._closed:
                warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)


class Lease(Generic[T, R]):
    """A resource for the length of a with block. Made by Dispenser.lease(); one block at a time.

    At the end it is given back; or destroyed, if discard() was called, if the block raised and the driver calls that
    broken(), or if it cannot be reset, of which the exception hook is told. If the dispenser was closed meanwhile, the
    driver's destroy() is called directly.
    """

    __slots__ = ("_dispenser", "_type", "_held", "_discarded")

    def __init__(self, dispenser: Dispenser[T, R], type: T) -> None:
        """For Dispenser.lease() only."""
        self._dispenser = dispenser
        self._type = type
        self._held: Held | None = None
        self._discarded = False

    def discard(self) -> None:
        """Has the resource destroyed at the end of the block, because it is not fit for anybody else."""
        self._discarded = True

    def __enter__(self) -> R:
        if self._held is not None:
            raise RuntimeError("this lease is in use: each block takes a lease of its own")
        self._discarded = False
        self._held = held = self._dispenser._alloc(self._type)
        resource: R = held.resource
        return resource

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        pool, call = self._dispenser, Call()
        if self._discarded or raised is not None and self._broken(held.resource, raised):
            hr = pool._discard(held, call)
        else:
            hr = pool._give_back(held, call)
            if hr == E_FAIL:
                hr = pool._discard(held, call)
        if hr in _NO_DISPENSER:
            self._destroy(held)
            hr = 0
        if hr < 0 or call.raised:
            call.conclude(0 if hr in _NOT_THEIRS else hr)

    def _broken(self, resource: R, raised: BaseException) -> bool:
        try:
            return self._dispenser.driver.broken(resource, raised)
        except Exception as worse:
            _errors.unseen("broken", worse)
            return True

    def _destroy(self, held: Held) -> None:
        """The library has forgotten it."""
        if not held.gone:
            held.gone = True
            try:
                self._dispenser.driver.destroy(held.resource)
            except Exception as raised:
                _errors.unseen("destroy", raised)
