"""Objects of Python, and the numbers by which the library knows them.

A number is never given twice, so that a stale one names nothing. A resource is held here from the moment when it is
given to the library until the library has let go of it. A type is held by whoever has it in use: an allocation that
runs, and each resource that was last allocated for it; with the last of them its number ends.
"""

from __future__ import annotations

import os
from ctypes import c_size_t
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from ._driver import Driver

_new_number = count(1).__next__

# What names nothing, and what names no resource: the library says what is wrong with it.
NOTHING = c_size_t(0)
UNKNOWN = c_size_t(-1)

_BY_IDENTITY = object()


class Kind:
    """A type."""

    __slots__ = ("type", "number", "name", "__weakref__")

    def __init__(self, of: Any, number: int) -> None:
        self.type = of
        self.number = number
        self.name = c_size_t(number)


NO_KIND = Kind(None, 0)

# For a type that is seen for the first time: two threads must not give it two numbers. It may be entered again on its
# own thread, by a finalizer or a handler of signals.
_making = RLock()


class Held:
    """A resource that the library knows."""

    __slots__ = ("resource", "number", "name", "kind", "gone")

    def __init__(self, resource: Any, kind: Kind) -> None:
        self.resource = resource
        self.number = _new_number()
        self.name = c_size_t(self.number)
        self.kind = kind
        # Whether the driver has been told to destroy it.
        self.gone = False


def _key(resource: object) -> object:
    """What a resource is found by: itself, whatever it is equal to. Only numbers have no self but their value."""
    return (resource,) if type(resource) is int else id(resource)


class Pool:
    """What a dispenser of the library means to Python: its user_data leads here."""

    def __init__(self, driver: Driver[Any, Any]) -> None:
        self.driver = driver
        # By number. Never cleared but exchanged: a call that runs has taken hold of the one that it began with.
        self.held: dict[int, Held] = {}
        self._known: dict[object, Held] = {}
        self._kinds: WeakValueDictionary[object, Kind] = WeakValueDictionary()
        self.numbered: WeakValueDictionary[int, Kind] = WeakValueDictionary()

    def kind(self, of: Any) -> Kind:
        """A type by its value, or by itself where it cannot be hashed. It is to be kept as long as it is in use."""
        if of is None:
            return NO_KIND
        try:
            kind = self._kinds.get(of)
        except TypeError:
            of, unhashable = (_BY_IDENTITY, id(of)), of
            kind = self._kinds.get(of)
        else:
            unhashable = of
        if kind is None:
            with _making:
                kind = self._kinds.get(of)
                if kind is None:
                    kind = Kind(unhashable, _new_number())
                    self.numbered[kind.number] = kind
                    self._kinds[of] = kind
        return kind

    def kinds(self) -> int:
        """How many types there are, for tests."""
        return len(self._kinds)

    def hold(self, resource: Any, kind: Kind) -> Held | None:
        """Makes a resource known; None if it is known already."""
        held = Held(resource, kind)
        if self._known.setdefault(_key(resource), held) is not held:
            return None
        self.held[held.number] = held
        return held

    def find(self, resource: Any) -> Held | None:
        return self._known.get(_key(resource))

    def name(self, resource: Any) -> c_size_t:
        """What to call a resource; the library knows whether it is one."""
        if resource is None:
            return NOTHING
        held = self._known.get(_key(resource))
        return UNKNOWN if held is None else held.name

    def hide(self, held: Held) -> None:
        """While a resource is being destroyed its driver may give the same object out again, as a new resource."""
        if self._known.get(_key(held.resource)) is held:
            del self._known[_key(held.resource)]

    def show(self, held: Held) -> None:
        self._known.setdefault(_key(held.resource), held)

    def drop(self, held: Held) -> None:
        self.hide(held)
        self.held.pop(held.number, None)

    def on_release(self) -> None:
        """The library knows nothing any more."""
        self.held, self._known = {}, {}
        self.driver.release()

    def forked(self) -> None:
        """Nothing is known in a child, which is for the library to say; but nothing may be finalized there."""
        self._known = {}


def _after_fork() -> None:
    global _making
    _making = RLock()


os.register_at_fork(after_in_child=_after_fork)
