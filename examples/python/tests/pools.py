"""What the tests of dispensers share."""

from __future__ import annotations

import gc

import wsrt

from .support import Case


class Fault(Exception):
    """Raised by drivers here."""


class Thing:
    """A resource, and the type it was made for."""

    def __init__(self, of: object) -> None:
        self.of = of


class Things(wsrt.Driver[object, Thing]):
    """Makes things and notes what it is asked. What `fails` names raises what it names."""

    def __init__(self, **fails: type[BaseException]) -> None:
        self.fails = fails
        self.calls: list[str] = []

    def note(self, what: str) -> None:
        self.calls.append(what)
        if what in self.fails:
            raise self.fails[what](what)

    def create(self, type: object) -> Thing | tuple[Thing, float | None]:
        self.note("create")
        return Thing(type)

    def destroy(self, resource: Thing) -> int | None:
        self.note("destroy")
        return None

    def release(self) -> None:
        self.note("release")


class Full(Things):
    """Answers to everything."""

    def rate(self, type: object, resource: Thing, requires_enlistment: bool) -> int:
        self.note("rate")
        return resource.of == type

    def enlist(self, resource: Thing, transid: int) -> bool | int | None:
        self.note("enlist" if transid else "clear")
        return None

    def reset(self, resource: Thing) -> int | None:
        self.note("reset")
        return None

    def destroy_named(self, sresid: str) -> int | None:
        self.note("destroy_named")
        return None


class PoolCase(Case):
    """A test after which no thread of it runs in a context."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(lambda: self.assertEqual(wsrt.get_context(), (0, 0)))

    def nothing_is_known(self, pool: wsrt.Dispenser[object, Thing]) -> None:
        """The table of a dispenser is empty, once nothing holds what was raised: a traceback has all that its frames
        name."""
        self.unseen.clear()
        self.logged.clear()
        gc.collect()
        self.assertEqual((pool._pool.held, pool._pool._known), ({}, {}))
        self.assertEqual((pool._pool.kinds(), len(pool._pool.numbered)), (0, 0))
