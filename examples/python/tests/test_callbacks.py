"""Callbacks that raise, that come on other threads, and that are collected or not."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import weakref
from typing import Any, Callable, NoReturn

import wsrt
from wsrt import _callbacks, aio

from .support import Case, Collecting, complain, obey, wait_for


class Fault(Exception):
    """Raised by callbacks here."""


def fail(*_: object) -> NoReturn:
    raise Fault("planted")


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


class Raising(Case):
    def test_resource_id(self) -> None:
        with wsrt.Runtime() as runtime:
            error = self.refused(wsrt.E_FAIL, runtime.add, fail, obey)
            self.assertIsInstance(error.__cause__, Fault)
            self.assertEqual([record.levelno for record in self.logged], [logging.ERROR])

            def answer() -> NoReturn:
                raise wsrt.Error(wsrt.E_ACCESSDENIED)

            self.refused(wsrt.E_ACCESSDENIED, runtime.add, answer, obey)
            wrong: Any = lambda: b"bytes"
            self.assertIsInstance(self.refused(wsrt.E_FAIL, runtime.add, wrong, obey).__cause__, TypeError)
            with self.assertRaises(KeyboardInterrupt):
                runtime.add(interrupt, obey)
            self.assertEqual(runtime.resources(), [])

    def test_display_name(self) -> None:
        with wsrt.Runtime() as runtime:
            with runtime.add("w", obey, display_name=fail):
                self.assertEqual([resource.display_name for resource in runtime.resources()], [""])
            self.assertEqual([where for where, _ in self.unseen], ["display_name"])
            with self.assertRaises(KeyboardInterrupt):
                runtime.add("w", obey, display_name=interrupt)
            self.assertEqual(runtime.resources(), [])

    def test_issue_disconnect(self) -> None:
        for threads in (0, 2):
            with self.subTest(threads=threads), wsrt.Runtime(disconnect_threads=threads) as runtime:
                one = runtime.add("w", fail, display_name="n")
                for call in (
                    one.disconnect,
                    lambda: runtime.disconnect_resource(one.cookie),
                    lambda: runtime.disconnect_workspace("w"),
                    lambda: runtime.disconnect_workspace_by_friendly_name("n"),
                    lambda: runtime.disconnect(everyone=True),
                    lambda: runtime.disconnect(friendly_name="n"),
                    lambda: runtime.disconnect(workspace_id="w"),
                    lambda: runtime.disconnect(cookie=one.cookie),
                ):
                    self.assertIsInstance(self.refused(wsrt.E_FAIL, call).__cause__, Fault)
                self.assertEqual(len(self.logged), 8)
                self.logged.clear()
        self.assertEqual(self.unseen, [])

    def test_several_raise(self) -> None:
        for threads in (0, 2):
            with self.subTest(threads=threads), wsrt.Runtime(disconnect_threads=threads) as runtime:
                answers: list[Callable[[int], None]] = [fail, obey, fail]
                held = [runtime.add("w", answer) for answer in answers]
                error = self.refused(wsrt.E_FAIL, runtime.disconnect_workspace, "w")
                assert isinstance(error.__cause__, ExceptionGroup)
                self.assertEqual([type(one) for one in error.__cause__.exceptions], [Fault, Fault])
                error = self.refused(wsrt.E_FAIL, runtime.disconnect, workspace_id="w")
                self.assertEqual([report.cookie for report in error.reports], [one.cookie for one in held])
                self.assertEqual([type(report.exception) for report in error.reports], [Fault, type(None), Fault])

    def test_answers(self) -> None:
        def denied(_: int) -> NoReturn:
            raise wsrt.Error(wsrt.E_ACCESSDENIED, "not now")

        answers: list[tuple[Any, int]] = [
            (lambda _: None, wsrt.S_OK),
            (lambda _: 0x80070005, wsrt.E_ACCESSDENIED),
            (lambda _: wsrt.E_ABORT, wsrt.E_ABORT),
            (denied, wsrt.E_ACCESSDENIED),
            (lambda _: True, wsrt.E_FAIL),
            (lambda _: "no code", wsrt.E_FAIL),
            (lambda _: 1 << 40, wsrt.E_FAIL),
            (lambda: None, wsrt.E_FAIL),
        ]
        with wsrt.Runtime() as runtime:
            for answer, code in answers:
                with runtime.add("w", answer) as one:
                    if code >= 0:
                        self.assertEqual(one.disconnect(), code)
                    else:
                        self.refused(code, one.disconnect)

    def test_dead_by_raising(self) -> None:
        def gone(_: int) -> NoReturn:
            raise wsrt.Error(wsrt.RPC_E_DISCONNECTED)

        with wsrt.Runtime() as runtime:
            one = runtime.add("w", gone)
            self.assertEqual(runtime.disconnect_workspace("w"), wsrt.S_OK)
            self.assertEqual(runtime.resources(), [])
            self.assertEqual(one.close(), wsrt.S_OK)

    def test_what_ends_programs_is_raised_itself(self) -> None:
        with wsrt.Runtime() as runtime:
            held = [runtime.add("w", what) for what in (fail, interrupt)]
            with self.assertRaises(KeyboardInterrupt):
                runtime.disconnect_workspace("w")
            self.assertEqual(len(held), 2)

    def test_only_who_caused_it_is_told(self) -> None:
        with wsrt.Runtime() as runtime:
            inner = runtime.add("inner", fail)
            seen: list[wsrt.Error] = []

            def nested(_: int) -> None:
                seen.append(self.refused(wsrt.E_FAIL, runtime.disconnect_workspace, "inner"))

            outer = runtime.add("outer", nested)
            self.assertEqual(outer.disconnect(), wsrt.S_OK)
            self.assertIsInstance(seen[0].__cause__, Fault)
            inner.close()

    def test_on_library_threads_only_who_asked_for_it_is_told(self) -> None:
        with wsrt.Runtime(disconnect_threads=2) as runtime:
            leave = threading.Event()
            waits = runtime.add("waits", lambda _: wsrt.E_ABORT if leave.wait(20) else wsrt.E_FAIL)
            fails = runtime.add("fails", fail)
            causes: list[object] = []

            def elsewhere() -> None:
                causes.append(self.refused(wsrt.E_ABORT, runtime.disconnect_workspace, "waits").__cause__)

            other = threading.Thread(target=elsewhere)
            other.start()
            wait_for(lambda: runtime.resources()[0].state is wsrt.State.DISCONNECTING)
            error = self.refused(wsrt.E_FAIL, runtime.disconnect_workspace, "fails")
            self.assertIsInstance(error.__cause__, Fault)
            leave.set()
            other.join()
            self.assertEqual(causes, [None])
            waits.close(), fails.close()

    def test_too_late_for_anybody(self) -> None:
        with wsrt.Runtime(disconnect_threads=1, disconnect_deadline_ms=20) as runtime:
            leave = threading.Event()

            def late(_: int) -> None:
                leave.wait(20)
                fail()

            one = runtime.add("w", late)
            self.refused(wsrt.E_TIMEOUT, one.disconnect)
            leave.set()
            one.close()
            self.assertEqual([where for where, _ in self.unseen], ["issue_disconnect"])

    def test_visitor(self) -> None:
        with wsrt.Runtime() as runtime, runtime.add("w", obey):
            with self.assertRaises(Fault):
                runtime.visit(fail)
            with self.assertRaises(KeyboardInterrupt):
                runtime.visit(interrupt)

    def test_observer_and_release(self) -> None:
        with wsrt.Runtime() as runtime:
            with runtime.subscribe(fail, release=fail):
                runtime.add("w", obey, release=fail).close()
        self.assertEqual(sorted({where for where, _ in self.unseen}), ["changed", "release"])
        self.assertTrue(all(isinstance(raised, Fault) for _, raised in self.unseen))

    def test_log(self) -> None:
        with wsrt.log(fail), wsrt.Runtime() as runtime:
            complain(runtime)
        self.assertEqual([where for where, _ in self.unseen], ["write"])

    def test_log_to_logging(self) -> None:
        with wsrt.log(), wsrt.Runtime() as runtime:
            complain(runtime)
        (record,) = self.logged
        self.assertEqual((record.name, record.levelno), ("wsrt.library", logging.WARNING))
        self.assertIn("0x80004004", record.getMessage())

    def test_a_raising_hook_is_logged(self) -> None:
        wsrt.set_exception_hook(fail)
        with wsrt.Runtime() as runtime:
            runtime.add("w", obey, release=fail).close()
        self.assertEqual(len(self.logged), 1)
        self.assertIn("hook", self.logged[0].getMessage())


class Threads(Case):
    def test_collecting_garbage_while_registered(self) -> None:
        with Collecting() as collecting, wsrt.Runtime(disconnect_threads=2) as runtime:
            told: list[int] = []
            changes: list[object] = []
            # Bound methods and lambdas that nothing else holds.
            held = [runtime.add(lambda: "w", lambda cookie: told.append(cookie)) for _ in range(50)]
            with runtime.subscribe(lambda change, of: changes.append(of.cookie)):
                for _ in range(20):
                    self.assertEqual(runtime.disconnect_workspace("w"), wsrt.S_OK)
            self.assertEqual(len(told), 1000)
            self.assertEqual(set(told), {one.cookie for one in held})
            self.assertGreaterEqual(len(changes), 100)
            wait_for(lambda: collecting.rounds > 3)

    def test_python_threads(self) -> None:
        with Collecting(), wsrt.Runtime() as runtime:
            failed: list[BaseException] = []

            def work(number: int) -> None:
                try:
                    for _ in range(200):
                        told: list[int] = []
                        with runtime.add(f"w{number}", told.append) as one:
                            runtime.disconnect_workspace(f"w{number}")
                            assert told == [one.cookie]
                except BaseException as raised:
                    failed.append(raised)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])

    def test_a_fan_out_does_not_hold_the_gil(self) -> None:
        with wsrt.Runtime(disconnect_threads=2) as runtime:
            started, go_on = threading.Event(), threading.Event()

            def wait(_: int) -> None:
                started.set()
                if not go_on.wait(20):
                    fail()

            one = runtime.add("w", wait)
            # Only another Python thread, which runs while this one waits in the library, lets the client answer.
            steps: list[int] = []

            def elsewhere() -> None:
                started.wait(20)
                steps.extend(range(1000))
                go_on.set()

            thread = threading.Thread(target=elsewhere)
            thread.start()
            self.assertEqual(one.disconnect(), wsrt.S_OK)
            thread.join()
            self.assertEqual(len(steps), 1000)

    def test_a_loop_runs_while_a_fan_out_waits(self) -> None:
        async def main() -> None:
            with wsrt.Runtime(disconnect_threads=2) as runtime:
                ticks = 0

                async def close(_: int) -> None:
                    nonlocal ticks
                    for _ in range(10):
                        await asyncio.sleep(0.001)
                        ticks += 1

                held = [runtime.add("w", aio.on_loop(close)) for _ in range(3)]
                self.assertEqual(await asyncio.to_thread(runtime.disconnect_workspace, "w"), wsrt.S_OK)
                self.assertEqual(ticks, 30)
                raising = runtime.add("x", aio.on_loop(self.raising))
                with self.assertRaises(wsrt.Error) as caught:
                    await asyncio.to_thread(raising.disconnect)
                self.assertIsInstance(caught.exception.__cause__, Fault)
                held.append(raising)
            with wsrt.Runtime() as runtime, runtime.add("w", aio.on_loop(close)) as one:
                # On the loop's own thread it would wait for itself.
                self.assertIsInstance(self.refused(wsrt.E_FAIL, one.disconnect).__cause__, RuntimeError)

        asyncio.run(main())

    async def raising(self, _: int) -> None:
        fail()


class Alive(Case):
    """Callables live from add to release: not shorter, not longer."""

    class Target:
        def __init__(self) -> None:
            self.told = 0

        def tell(self, *_: object) -> None:
            self.told += 1

    def test_as_long_as_needed(self) -> None:
        with wsrt.Runtime() as runtime:
            target = self.Target()
            alive = weakref.ref(target)
            one = runtime.add("w", target.tell)
            del target
            self.assertEqual(one.disconnect(), wsrt.S_OK)
            kept = alive()
            assert kept is not None
            self.assertEqual(kept.told, 1)
            del kept
            one.close()
            # At once, by its count: no cycle waits for the collector.
            self.assertIsNone(alive())

            target = self.Target()
            alive = weakref.ref(target)
            subscription = runtime.subscribe(target.tell)
            log = wsrt.log(target.tell)
            del target
            subscription.close()
            self.assertIsNotNone(alive())
            log.close()
            self.assertIsNone(alive())

    def test_failed_calls_keep_nothing(self) -> None:
        runtime = wsrt.Runtime()
        runtime.close()
        target = self.Target()
        alive = weakref.ref(target)
        self.refused(wsrt.E_HANDLE, runtime.add, "w", target.tell)
        self.refused(wsrt.E_HANDLE, runtime.subscribe, target.tell)
        self.refused(wsrt.E_HANDLE, runtime.visit, target.tell)
        del target
        self.assertIsNone(alive())
        self.assertEqual(_callbacks.table, {})

    def test_until_the_last_callback_has_left(self) -> None:
        with wsrt.Runtime(disconnect_threads=1, disconnect_deadline_ms=20) as runtime:
            leave = threading.Event()
            released = threading.Event()
            one = runtime.add("w", lambda _: None if leave.wait(20) else wsrt.E_FAIL, release=released.set)
            self.refused(wsrt.E_TIMEOUT, one.disconnect)
            self.assertEqual(one.close(wait=False), wsrt.S_DEFERRED)
            time.sleep(0.02)
            self.assertFalse(released.is_set())
            self.assertEqual(len(_callbacks.table), 1)
            leave.set()
            self.assertTrue(released.wait(20))
