"""Drivers that raise, what becomes of their resources' lives, and threads."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from typing import Any, Callable
from unittest import mock

import wsrt
from wsrt import Event, ResourceState, _callbacks, _dispenser

from .pools import Fault, Full, PoolCase, Thing, Things
from .support import Collecting, wait_for


class Denied(wsrt.Error):
    def __init__(self, _: str) -> None:
        super().__init__(wsrt.E_ACCESSDENIED, "not now")


class Raising(PoolCase):
    """Each callback: whoever asked is told, or the hook."""

    def test_create(self) -> None:
        for raises, code in ((Fault, wsrt.E_FAIL), (Denied, wsrt.E_ACCESSDENIED)):
            with wsrt.Dispenser(Things(create=raises)) as pool:
                for call in (pool.alloc, lambda of: pool.lease(of).__enter__()):
                    error = self.refused(code, call, "a")
                    self.assertIsInstance(error.__cause__, raises)
                    self.assertEqual(pool.stats().last_create_result, code)
                del error
                self.nothing_is_known(pool)
        self.assertEqual(self.unseen, [])

    def test_what_create_must_not_return(self) -> None:
        answer: Any = None

        class Wrong(Things):
            def create(self, type: object) -> Any:
                return answer

        with wsrt.Dispenser(Wrong()) as pool:
            self.assertIn("names nothing", self.refused(wsrt.E_INVALIDARG, pool.alloc, "a").text)
            for answer in ((1, 2, 3), (Thing(1), "soon"), (Thing(1), True), (Thing(1), 1 << 40)):
                self.assertIsInstance(self.refused(wsrt.E_FAIL, pool.alloc, "a").__cause__, (TypeError, ValueError))
            self.nothing_is_known(pool)
            answer = 5
            self.assertEqual(pool.alloc("a"), 5)
            for answer in (5, 10 - 5):
                cause = self.refused(wsrt.E_INVALIDARG, pool.alloc, "a").__cause__
                self.assertIn("already", str(cause))
            self.assertEqual([of.resource for of in pool.resources()], [5])
            answer = (("a", "tuple"), None)
            self.assertEqual(pool.alloc("a"), ("a", "tuple"))

    def test_rate(self) -> None:
        driver = Full()
        ratings: list[tuple[Any, bool]] = [(True, True), (100, True), (1, True), (False, False), (101, False),
                                           (-1, False), ("good", False), (1 << 40, False), (None, False)]
        for rating, same in ratings:
            anything: Any = driver
            anything.rate = lambda *_: rating
            with self.subTest(rating=rating), wsrt.Dispenser(driver) as pool:
                one = pool.alloc("a")
                pool.free(one)
                self.assertEqual(pool.alloc("b") is one, same)
        self.assertEqual({where for where, _ in self.unseen}, {"rate"})
        self.assertEqual(len(self.unseen), 4)

    def test_enlist(self) -> None:
        def enlist_failed(_: str) -> wsrt.Error:
            return wsrt.Error(wsrt.MTXDM_E_ENLISTRESOURCEFAILED)

        cases: list[tuple[Any, int]] = [(Fault, wsrt.E_FAIL), (enlist_failed, wsrt.MTXDM_E_ENLISTRESOURCEFAILED)]
        for raises, code in cases:
            driver = Full(enlist=raises)
            with wsrt.Dispenser(driver, manual_sweep=True) as pool, wsrt.context(transid=6):
                self.assertIsNotNone(self.refused(code, pool.alloc, "a").__cause__)
                self.assertEqual(driver.calls, ["create", "enlist", "clear"])
                # It is in stock for everybody, as of the type that it was wanted for.
                (info,) = pool.resources()
                self.assertEqual((info.type, info.state), ("a", ResourceState.FREE_UNENLISTED))
                tracked = Thing("t")
                self.assertIsNotNone(self.refused(wsrt.E_FAIL, pool.track, tracked).__cause__)
                self.assertEqual(len(pool._pool.held), 1)
                driver.fails["clear"] = Fault
                error = self.refused(code, pool.alloc, "a")
                assert isinstance(error.__cause__, ExceptionGroup)
                self.assertEqual(len(error.__cause__.exceptions), 2)
                del error, info
                self.nothing_is_known(pool)
            wsrt.transaction_ended(6)

    def test_the_type_of_one_that_was_not_enlisted(self) -> None:
        driver: Any = Full(enlist=Fault)
        driver.rate = lambda *_: 50
        with wsrt.Dispenser(driver, manual_sweep=True) as pool:
            pool.free(pool.alloc("a"))
            with wsrt.context(transid=6):
                self.refused(wsrt.E_FAIL, pool.alloc, "b")
            # Not because a traceback still has it.
            self.logged.clear()
            gc.collect()
            self.assertEqual([of.type for of in pool.resources()], ["b"])
        wsrt.transaction_ended(6)

    def test_enlist_answers(self) -> None:
        answers: list[tuple[Any, bool]] = [(None, True), (True, True), (wsrt.S_OK, True), (False, False),
                                           (wsrt.S_FALSE, False)]
        for answer, enlisted in answers:
            driver: Any = Full()
            driver.enlist = lambda *_: answer
            with wsrt.Dispenser(driver, manual_sweep=True) as pool, wsrt.context(transid=6):
                pool.alloc("a")
                self.assertEqual(pool.stats().used_enlisted, enlisted)
            wsrt.transaction_ended(6)

    def test_reset(self) -> None:
        driver = Full(reset=Fault)
        with wsrt.Dispenser(driver) as pool:
            one = pool.alloc("a")
            self.assertIsInstance(self.refused(wsrt.E_FAIL, pool.free, one).__cause__, Fault)
            anything: Any = driver
            anything.reset = lambda _: wsrt.E_ABORT
            self.assertIsNone(self.refused(wsrt.E_FAIL, pool.free, one).__cause__)
            self.assertEqual(pool.info(one).state, ResourceState.USED_UNENLISTED)
            anything.reset = lambda _: True
            self.assertIsInstance(self.refused(wsrt.E_FAIL, pool.free, one).__cause__, TypeError)

    def test_destroy(self) -> None:
        driver = Full(destroy=Fault)
        with wsrt.Dispenser(driver, manual_sweep=True) as pool:
            one = pool.alloc("a")
            self.assertIsInstance(self.refused(wsrt.E_FAIL, pool.destroy_resource, one).__cause__, Fault)
            # It is as before.
            self.assertEqual(pool.free(one), wsrt.S_OK)
            self.assertIs(pool.alloc("a"), one)
            pool.track(tracked := Thing("t"))
            self.assertIsInstance(self.refused(wsrt.E_FAIL, pool.untrack, tracked, destroy=True).__cause__, Fault)
            self.refused(wsrt.E_INVALIDARG, pool.untrack, tracked)
            driver.fails["destroy_named"] = Denied
            pool.track("s")
            self.assertIsInstance(self.refused(wsrt.E_FAIL, pool.untrack, "s", destroy=True).__cause__, Denied)
            # Nobody asked: the hook is told.
            pool.track(tracked, instid=4)
            self.assertEqual(wsrt.instance_ended(4), wsrt.S_OK)
            pool.free(one)
            self.assertEqual(len(self.unseen), 1)
        self.assertEqual([where for where, _ in self.unseen], ["destroy", "destroy"])
        with wsrt.Dispenser(Things()) as pool:
            pool.track("s")
            self.refused(wsrt.E_FAIL, pool.untrack, "s", destroy=True)

    def test_release(self) -> None:
        wsrt.Dispenser(Things(release=Fault)).close()
        self.assertEqual([where for where, _ in self.unseen], ["release"])

    def test_what_ends_programs_is_raised_itself(self) -> None:
        driver = Full()

        def interrupted(what: str, call: Callable[[], object]) -> None:
            driver.fails = {what: KeyboardInterrupt}
            with self.assertRaises(KeyboardInterrupt):
                call()
            driver.fails = {}

        with wsrt.Dispenser(driver, auto_reclaim=True, manual_sweep=True) as pool:
            interrupted("create", lambda: pool.alloc("a"))
            one = pool.alloc("a")
            interrupted("reset", lambda: pool.free(one))
            interrupted("destroy", lambda: pool.destroy_resource(one))
            pool.free(one)
            interrupted("rate", lambda: pool.alloc("b"))
            self.assertEqual(pool.stats().used_unenlisted, 0)

            def leased() -> None:
                with pool.lease("a"):
                    pass

            interrupted("reset", leased)
            with wsrt.context(instid=3):
                two = pool.alloc("a")
            interrupted("reset", lambda: wsrt.instance_ended(3))
            del two
            pool.free(pool.alloc("a"))
            interrupted("destroy", pool.close)
        self.assertEqual(self.unseen, [])
        self.assertTrue(all(record.levelno == logging.ERROR for record in self.logged))

    def test_only_who_caused_it_is_told(self) -> None:
        inner = wsrt.Dispenser(Things(create=Fault))

        class Outer(Things):
            def create(self, type: object) -> Thing:
                try:
                    return inner.alloc(type)
                except wsrt.Error as error:
                    seen.append(error.__cause__)
                return Thing(type)

        seen: list[object] = []
        with inner, wsrt.Dispenser(Outer()) as pool:
            pool.alloc("a")
        self.assertEqual([type(one) for one in seen], [Fault])


class Alive(PoolCase):
    """Objects live as long as the library knows them: not shorter, not longer."""

    class Type:
        """Equal to none but itself."""

    def test_by_counts_alone(self) -> None:
        gc.disable()
        self.addCleanup(gc.enable)
        with wsrt.Dispenser(Full(), manual_sweep=True) as pool:
            of, other = self.Type(), self.Type()
            types = weakref.ref(of), weakref.ref(other)
            one = pool.alloc(of)
            resource = weakref.ref(one)
            one.of = None
            pool.free(one)
            del one, of
            self.assertIsNotNone(resource())
            self.assertIsNotNone(types[0]())
            # Allocated for another type, it does not hold the first any more.
            anything: Any = pool.driver
            anything.rate = lambda *_: 50
            with pool.lease(other) as one:
                self.assertIs(one, resource())
            self.assertIsNone(types[0]())
            del other
            self.assertIsNotNone(types[1]())
            pool.destroy_resource(one)
            del one
            self.assertIsNone(resource())
            self.assertIsNone(types[1]())
            self.nothing_is_known(pool)

    def test_failed_calls_keep_nothing(self) -> None:
        gc.disable()
        self.addCleanup(gc.enable)
        with wsrt.Dispenser(Things(create=Fault)) as pool:
            of = self.Type()
            alive = weakref.ref(of)
            try:
                pool.alloc(of)
            except wsrt.Error:
                self.logged.clear()
            else:
                self.fail("the driver raised")
            del of
            self.assertIsNone(alive())
            self.nothing_is_known(pool)

    def test_a_close_lets_go_of_everything(self) -> None:
        for end in ("close", "destroy"):
            driver = Full()
            alive = weakref.ref(driver)
            pool = wsrt.Dispenser(driver)
            used, tracked = pool.alloc("a"), Thing("t")
            pool.track(tracked)
            things = weakref.ref(used), weakref.ref(tracked)
            getattr(pool, end)()
            self.assertEqual(driver.calls, ["create", "release"])
            self.nothing_is_known(pool)
            del used, tracked, driver
            self.assertEqual([thing() for thing in things], [None, None])
            pool.close()
            del pool
            self.assertIsNone(alive())

    def test_flat_over_many_types(self) -> None:
        with wsrt.Dispenser(Things(), no_pooling=True) as pool:
            for number in range(1000):
                pool.free(pool.alloc(("type", number)))
            self.nothing_is_known(pool)

    def test_given_out_again_while_it_is_destroyed(self) -> None:
        """A driver that keeps spare objects of its own."""
        spare = Thing("spare")
        again: list[Thing] = []

        class Recycling(Things):
            def create(self, type: object) -> Thing:
                return spare

            def destroy(self, resource: Thing) -> None:
                if not again:
                    again.append(pool.alloc("a"))

        with wsrt.Dispenser(Recycling()) as pool:
            pool.destroy_resource(pool.alloc("a"))
            self.assertEqual([of.resource for of in pool.resources()], [spare])
            self.assertEqual(pool.free(spare), wsrt.S_OK)
            pool.destroy_resource(spare)
            self.nothing_is_known(pool)


class Threads(PoolCase):
    def test_many_on_one_pool(self) -> None:
        driver = Full()
        failed: list[BaseException] = []
        with Collecting(), wsrt.Dispenser(driver, manual_sweep=True) as pool:

            def work(number: int) -> None:
                try:
                    for step in range(100):
                        with pool.lease(("type", step % 3)) as one:
                            assert not hasattr(one, "user"), "one user at a time"
                            one.user = number  # type: ignore[attr-defined]
                            del one.user  # type: ignore[attr-defined]
                            if step % 10 == 9:
                                pool.destroy_resource(one)
                        if step % 7 == 0:
                            pool.sweep()
                            pool.resources()
                            pool.stats()
                except BaseException as raised:
                    failed.append(raised)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])
            stats = pool.stats()
            self.assertEqual((stats.allocs, stats.used_unenlisted), (400, 0))
            # One number for one type, whoever named it first.
            self.assertLessEqual(pool._pool.kinds(), 3)
        self.assertEqual(driver.calls.count("create"), driver.calls.count("destroy"))
        self.nothing_is_known(pool)

    def test_the_sweeper_of_the_library_destroys(self) -> None:
        ended: list[int] = []

        class Idle(Things):
            def create(self, type: object) -> tuple[Thing, float | None]:
                return Thing(type), 0

            def destroy(self, resource: Thing) -> None:
                ended.append(threading.get_native_id())
                raise Fault

        with wsrt.Dispenser(Idle(), sweep_interval_ms=5) as pool, Collecting():
            for _ in range(5):
                pool.free(pool.alloc("a"))
                wait_for(lambda: not pool._pool.held)
            self.assertNotIn(threading.get_native_id(), ended)
            wait_for(lambda: len(self.unseen) == len(ended) == 5)
            self.nothing_is_known(pool)

    def test_overdue(self) -> None:
        leave, inside = threading.Event(), threading.Event()
        events: list[tuple[Event, object]] = []

        class Slow(Things):
            def reset(self, resource: Thing) -> None:
                inside.set()
                leave.wait(20)

            def report(self, event: Event, info: wsrt.PooledResource[object, Thing]) -> None:
                events.append((event, info.resource))

        with wsrt.Dispenser(Slow(), manual_sweep=True, callback_deadline_ms=10) as pool:
            one = pool.alloc("a")
            codes: list[int] = []

            def free() -> None:
                codes.append(self.refused(wsrt.E_OVERDUE, pool.free, one).code)

            thread = threading.Thread(target=free)
            thread.start()
            inside.wait(20)
            for now in (1_000, 1_005, 2_000, 3_000):
                pool.sweep(now)
            self.assertEqual(pool.stats().written_off, 1)
            leave.set()
            thread.join()
            self.assertEqual(codes, [wsrt.E_OVERDUE])
            self.assertEqual(events, [(Event.WRITTEN_OFF, one), (Event.WRITTEN_OFF_RETURNED, one)])
            self.nothing_is_known(pool)

    def test_closed_before_it_is_handed_over(self) -> None:
        def alloc_and_close(*arguments: Any) -> int:
            hr = int(alloc(*arguments))
            pool.close()
            return hr

        alloc = _dispenser._alloc_resource
        pool = wsrt.Dispenser(Things())
        with mock.patch.object(_dispenser, "_alloc_resource", alloc_and_close):
            self.assertEqual(pool.alloc("a").of, "a")

    def test_closed_while_others_allocate(self) -> None:
        """Who got a resource has it, whenever the close came."""
        for _ in range(20):
            pool = wsrt.Dispenser(Things(), manual_sweep=True)
            got: list[Thing] = []
            ends: list[wsrt.Error] = []
            begun = threading.Event()

            def work() -> None:
                try:
                    while True:
                        got.append(pool.alloc("a"))
                        begun.set()
                except wsrt.Error as error:
                    ends.append(error)

            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            begun.wait(20)
            pool.close()
            for thread in threads:
                thread.join()
            self.assertEqual([error.code for error in ends], [wsrt.E_CLOSED] * 2)
            self.assertEqual(pool.stats().allocs, len(got))
            pool.destroy()
        self.assertEqual(_callbacks.table, {})
