"""What every method of a dispenser does with the library, and what is refused before it."""

from __future__ import annotations

from typing import Any, Callable

import wsrt
from wsrt import DispenserState, ResourceState

from .pools import Fault, Full, PoolCase, Thing, Things


class Calls(PoolCase):
    def test_the_same_one_again(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver, "things", manual_sweep=True) as pool:
            one = pool.alloc("a")
            two = pool.alloc("b")
            self.assertEqual((one.of, two.of), ("a", "b"))
            self.assertEqual(pool.free(one), wsrt.S_OK)
            self.assertIs(pool.alloc("a"), one)
            self.assertIn("rate", driver.calls)
            pool.free(two), pool.free(one)
        self.assertEqual(driver.calls.count("create"), 2)
        self.assertEqual(driver.calls[-3:], ["destroy", "destroy", "release"])
        self.nothing_is_known(pool)

    def test_types_are_values(self) -> None:
        with wsrt.Dispenser(Things()) as pool:
            unhashable = ["list"]
            types: list[tuple[object, object, object]] = [
                ("a" * 50, "aa" * 25, "b"),
                ((1, "x"), (1, "x"), (2, "x")),
                (unhashable, unhashable, ["list"]),
            ]
            for of, same, other in types:
                with pool.lease(of) as one:
                    pass
                with pool.lease(other) as another:
                    self.assertIsNot(another, one)
                with pool.lease(same) as again:
                    self.assertIs(again, one)

    def test_figures(self) -> None:
        with wsrt.Dispenser(Full(), auto_reclaim=True, manual_sweep=True, callback_deadline_ms=7) as pool:
            one = pool.alloc("a")
            pool.track("a string")
            self.assertEqual(pool.options(), (True, False, True, 10_000, 7, 0))
            info = pool.info(one)
            self.assertEqual((info.resource, info.type, info.sresid), (one, "a", None))
            self.assertEqual((info.state, info.uses), (ResourceState.USED_UNENLISTED, 1))
            self.assertEqual((info.idle_seconds, info.instid, info.transid), (None, 0, 0))
            first, second = pool.resources()
            self.assertEqual(first.resource, one)
            self.assertEqual((second.resource, second.sresid, second.state), (None, "a string", ResourceState.TRACKED))
            stats = pool.stats()
            self.assertEqual((stats.state, stats.used_unenlisted, stats.tracked), (DispenserState.OPEN, 1, 1))
            self.assertEqual((stats.allocs, stats.creates, stats.last_create_result), (1, 1, wsrt.S_OK))
            seen: list[object] = []

            def stop(of: object) -> bool:
                seen.append(of)
                return False

            self.assertEqual(pool.visit(stop), wsrt.S_FALSE)
            self.assertEqual(len(seen), 1)

            def fail(_: object) -> None:
                raise Fault

            with self.assertRaises(Fault):
                pool.visit(fail)
        self.assertEqual(pool.stats().state, DispenserState.CLOSED)
        self.refused(wsrt.E_CLOSED, pool.info, one)
        self.refused(wsrt.E_CLOSED, pool.alloc, "a")
        self.refused(wsrt.E_CLOSED, pool.free, one)
        self.refused(wsrt.E_CLOSED, pool.sweep)
        pool.destroy()
        ends: list[Callable[[], object]] = [pool.stats, pool.options, pool.resources, pool.destroy]
        for call in ends:
            self.refused(wsrt.E_HANDLE, call)
        self.assertEqual(pool.close(), wsrt.S_OK)

    def test_idle(self) -> None:
        class Idle(Things):
            def create(self, type: object) -> tuple[Thing, float | None]:
                seconds: Any = type
                return Thing(type), seconds[1]

        driver = Idle()
        with wsrt.Dispenser(driver, manual_sweep=True) as pool:
            for seconds, known in ((0, 0), (1.5, 2), (None, None), (float("inf"), None), (-5, None)):
                of: object = ("as a type", seconds)
                with pool.lease(of) as one:
                    self.assertEqual(pool.info(one).idle_seconds, known)
            pool.sweep(1_000)
            self.assertEqual(driver.calls, ["destroy"])
            pool.sweep(2_000)
            self.assertEqual(driver.calls, ["destroy"])
            pool.sweep(3_000)
            self.assertEqual(driver.calls, ["destroy", "destroy"])
            self.refused(wsrt.E_INVALIDARG, pool.sweep, 2_000)

    def test_destroy_resource(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver, manual_sweep=True) as pool:
            one = pool.alloc("a")
            self.assertEqual(pool.destroy_resource(one), wsrt.S_OK)
            self.nothing_is_known(pool)
            self.refused(wsrt.E_INVALIDARG, pool.free, one)
            self.refused(wsrt.E_INVALIDARG, pool.destroy_resource, one)
            # In a transaction it waits for the end of that.
            with wsrt.context(transid=5):
                two = pool.alloc("a")
                pool.destroy_resource(two)
            self.assertEqual(pool.resources()[0].state, ResourceState.AWAITING_TRANSACTION)
            self.assertEqual(driver.calls.count("destroy"), 1)
            wsrt.transaction_ended(5)
            self.assertEqual(driver.calls.count("destroy"), 2)
            self.nothing_is_known(pool)

    def test_objects(self) -> None:
        for auto_reclaim in (False, True):
            driver = Full()
            with wsrt.Dispenser(driver, auto_reclaim=auto_reclaim, manual_sweep=True) as pool:
                with wsrt.context(instid=3):
                    one = pool.alloc("a")
                    pool.track("named")
                    tracked = Thing("t")
                    pool.track(tracked)
                self.assertEqual(wsrt.instance_ended(3), wsrt.S_OK)
                self.assertEqual(driver.calls.count("reset"), auto_reclaim)
                self.assertEqual([call for call in driver.calls if "destroy" in call], ["destroy_named", "destroy"])
                free = ResourceState.FREE_UNENLISTED if auto_reclaim else ResourceState.USED_UNENLISTED
                self.assertEqual([of.state for of in pool.resources()], [free])
                self.assertIs(pool.resources()[0].resource, one)

    def test_transactions(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver, manual_sweep=True) as pool:
            with wsrt.context(1, 2):
                self.assertEqual(wsrt.get_context(), (1, 2))
                one = pool.alloc("a")
                pool.free(one)
                with wsrt.context():
                    self.assertIsNot(pool.alloc("a"), one)
                self.assertIs(pool.alloc("a"), one)
                with wsrt.context(7, 8):
                    self.assertEqual(wsrt.get_context(), (7, 8))
                    wsrt.transaction_aborting(8)
                    self.refused(wsrt.E_TX_ABORTING, pool.alloc, "a")
                    # Ended inside: it does not begin again by being restored.
                    wsrt.transaction_ended(2)
                    wsrt.transaction_ended(8, False)
                self.assertEqual(wsrt.get_context(), (1, 0))
            self.assertEqual(pool.info(one).state, ResourceState.USED_UNENLISTED)
        inside = wsrt.context(1)
        with inside, self.assertRaises(RuntimeError):
            with inside:
                pass
        self.refused(wsrt.E_INVALIDARG, wsrt.transaction_ended, 0)
        self.refused(wsrt.E_INVALIDARG, wsrt.instance_ended, 0)

    def test_tracking(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver, manual_sweep=True) as pool:
            thing = Thing("t")
            # Numbers by their value, objects by themselves, strings by their characters.
            big = 1 << 70
            tracked: list[Any] = [thing, big, "a string", ["unhashable"]]
            for one in tracked:
                self.assertEqual(pool.track(one), wsrt.S_OK)
                self.refused(wsrt.E_INVALIDARG, pool.track, one)
            anything: Any = pool
            self.assertEqual(anything.untrack(int(str(big))), wsrt.S_OK)
            self.refused(wsrt.E_INVALIDARG, pool.untrack, Thing("t"))
            self.assertEqual(pool.untrack("".join(["a", " string"]), destroy=True), wsrt.S_OK)
            self.assertEqual(pool.untrack(thing, destroy=True), wsrt.S_OK)
            self.assertEqual(pool.untrack(tracked[3]), wsrt.S_OK)
            self.nothing_is_known(pool)
            self.assertEqual(driver.calls, ["destroy_named", "destroy"])
            self.assertEqual(pool.track(thing, instid=4, transid=9), wsrt.S_OK)
            info = pool.info(thing)
            self.assertEqual((info.instid, info.transid, info.state), (4, 9, ResourceState.TRACKED_ENLISTED))
            wsrt.instance_ended(4)
            self.assertEqual(driver.calls[-1], "enlist")
            wsrt.transaction_ended(9)
            self.assertEqual(driver.calls[-1], "destroy")
            self.nothing_is_known(pool)

    def test_without_pooling(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver, no_pooling=True) as pool:
            pool.free(pool.alloc("a"))
            self.assertEqual(driver.calls, ["create", "destroy"])
            self.nothing_is_known(pool)


class Leases(PoolCase):
    def test_returned(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver) as pool:
            with pool.lease("a") as one:
                pass
            with self.assertRaises(Fault), pool.lease("a") as again:
                self.assertIs(again, one)
                raise Fault
            self.assertEqual(pool.stats().free_unenlisted, 1)
            lease = pool.lease("a")
            with lease:
                with self.assertRaises(RuntimeError), lease:
                    pass
                with pool.lease("a") as other:
                    self.assertIsNot(other, one)
            with lease as again:  # One after another.
                pass
            self.assertEqual(pool.stats().free_unenlisted, 2)

    def test_destroyed(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver) as pool:
            lease = pool.lease("a")
            with lease:
                lease.discard()
            self.assertEqual(driver.calls.count("destroy"), 1)
            with self.assertRaises(ConnectionResetError), pool.lease("a"):
                raise ConnectionResetError
            self.assertEqual(driver.calls.count("destroy"), 2)
            with pool.lease("a") as one:
                pool.destroy_resource(one)
            self.assertEqual(driver.calls.count("destroy"), 3)
            anything: Any = driver
            anything.broken = lambda *_: 1 / 0
            with self.assertRaises(Fault), pool.lease("a"):
                raise Fault
            self.assertEqual(driver.calls.count("destroy"), 4)
            self.assertEqual([where for where, _ in self.unseen], ["broken"])
            self.nothing_is_known(pool)

    def test_what_cannot_be_reset_or_destroyed_is_let_go(self) -> None:
        driver = Full(reset=Fault, destroy=Fault)
        with wsrt.Dispenser(driver) as pool:
            with pool.lease("a"):
                pass
            self.assertEqual([where for where, _ in self.unseen], ["reset", "destroy"])
            self.nothing_is_known(pool)
            self.assertEqual(pool.resources(), [])

    def test_closed_meanwhile(self) -> None:
        driver = Full()
        with wsrt.Dispenser(driver) as pool:
            with pool.lease("a"):
                pool.close()
                self.assertEqual(driver.calls, ["create", "release"])
        self.assertEqual(driver.calls[2:], ["destroy"])

    def test_closed_in_its_own_reset(self) -> None:
        class Closing(Full):
            def reset(self, resource: Thing) -> int | None:
                pool.close()
                return None

        driver = Closing()
        with wsrt.Dispenser(driver) as pool, pool.lease("a"):
            pass
        self.assertEqual(driver.calls, ["create", "destroy", "release"])


class Border(PoolCase):
    def test_wrong_types(self) -> None:
        anything: Any = wsrt.Dispenser
        for arguments, named in (
            ((None,), {}),
            ((Things,), {}),
            ((Things(), b"name"), {}),
            ((Things(),), {"sweep_interval_ms": "1"}),
            ((Things(),), {"drain_timeout_ms": True}),
        ):
            with self.subTest(arguments=arguments, named=named), self.assertRaises(TypeError):
                anything(*arguments, **named)
        with self.assertRaises(ValueError):
            anything(Things(), "a\0b")
        with wsrt.Dispenser(Full(), manual_sweep=True) as pool:
            calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
                (pool.sweep, ("1",), {}),
                (pool.visit, (None,), {}),
                (pool.track, (Thing(1),), {"instid": "1"}),
                (pool.track, ("string",), {"instid": 1}),
                (wsrt.context, (1.0,), {}),
                (wsrt.set_context, (True,), {}),
                (wsrt.transaction_ended, (None,), {}),
            ]
            for call, arguments, named in calls:
                with self.subTest(call=call.__name__, arguments=arguments), self.assertRaises(TypeError):
                    call(*arguments, **named)
            for wide in (-1, 1 << 64):
                with self.assertRaises(ValueError):
                    wsrt.instance_ended(wide)
            nothing: Any = None
            takes: list[Callable[[Any], object]] = [pool.alloc, pool.free, pool.destroy_resource, pool.info]
            takes += [pool.track, pool.untrack]
            for refused in takes:
                self.assertIn("names nothing", self.refused(wsrt.E_INVALIDARG, refused, nothing).text)
            self.refused(wsrt.E_INVALIDARG, pool.track, "x" * 5000)
            self.nothing_is_known(pool)
        self.refused(wsrt.E_INVALIDARG, wsrt.Dispenser[object, Thing], Things(), "x" * 5000)
