"""Every way in which objects, the interpreter and forked children end."""

from __future__ import annotations

import gc
import resource
import tracemalloc
import warnings

import wsrt

from .support import Case, complain, ignore, obey, program, wait_for


class Closing(Case):
    def test_twice(self) -> None:
        released: list[str] = []
        runtime = wsrt.Runtime()
        one = runtime.add("w", obey, release=lambda: released.append("client"))
        subscription = runtime.subscribe(ignore, release=lambda: released.append("observer"))
        log = wsrt.log(ignore, release=lambda: released.append("log"))
        for closes in (one, subscription, log, runtime):
            for _ in range(2):
                self.assertEqual(closes.close(), wsrt.S_OK)  # type: ignore[attr-defined]
        self.assertEqual(released, ["client", "observer", "log"])
        self.refused(wsrt.E_HANDLE, runtime.destroy)

    def test_runtime_first(self) -> None:
        with wsrt.Runtime() as runtime:
            with runtime.add("w", obey), runtime.subscribe(lambda *_: None):
                self.assertEqual(runtime.close(), wsrt.S_OK)

    def test_inside_a_callback(self) -> None:
        for threads in (0, 2):
            with self.subTest(threads=threads):
                answers: list[wsrt.Code] = []
                with wsrt.Runtime(disconnect_threads=threads) as runtime:
                    one = runtime.add("w", lambda _: answers.append(one.close()))
                    self.assertEqual(one.disconnect(), wsrt.S_OK)
                    self.assertEqual(answers, [wsrt.S_DEFERRED])
                    subscription = runtime.subscribe(lambda *_: answers.append(subscription.close()))
                    runtime.add("w", obey).close()
                    self.assertEqual(answers[1:], [wsrt.S_DEFERRED])
                    two = runtime.add("w", lambda _: answers.append(runtime.close()))
                    self.refused(wsrt.E_ABORT, two.disconnect)
                    # On a thread of the library it may be answered only after the disconnect has ended.
                    wait_for(lambda: len(answers) == 3)
                    self.assertEqual(answers[2:], [wsrt.S_DEFERRED])

    def test_log_inside_itself_and_replaced(self) -> None:
        seen: list[str] = []
        released: list[int] = []
        first = wsrt.log(lambda *_: None, release=lambda: released.append(1))
        second = wsrt.log(lambda *_: seen.append("second"), release=lambda: released.append(2))
        self.assertEqual(released, [1])
        first.close()  # Another's is there now: it stays.
        with wsrt.Runtime() as runtime:
            complain(runtime)
        self.assertTrue(seen)
        second.close()

        def end(*_: object) -> None:
            seen.append(str(third.close()))

        third = wsrt.log(end, release=lambda: released.append(3))
        with wsrt.Runtime() as runtime:
            complain(runtime)
        self.assertEqual(released, [1, 2, 3])
        self.assertEqual(seen[-1], str(wsrt.S_DEFERRED))

    def test_dropped(self) -> None:
        released: list[str] = []
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            runtime = wsrt.Runtime()
            runtime.add("w", obey, release=lambda: released.append("client"))
            self.assertEqual(released, ["client"])
            runtime.subscribe(lambda *_: None, release=lambda: released.append("observer"))
            wsrt.log(lambda *_: None, release=lambda: released.append("log"))
            self.assertEqual(released, ["client", "observer", "log"])
            held = runtime.add("w", obey, release=lambda: released.append("held"))
            del runtime
            self.assertEqual(released[3:], ["held"])
            del held
        self.assertEqual([one.category for one in warned], [ResourceWarning] * 3)

    def test_dropped_by_the_collector_inside_a_callback(self) -> None:
        released: list[str] = []
        with wsrt.Runtime() as runtime, warnings.catch_warnings():
            warnings.simplefilter("ignore")

            def drop(_: int) -> None:
                cycle: list[object] = [runtime.add("x", obey, release=lambda: released.append("x"))]
                cycle.append(cycle)
                del cycle
                gc.collect()

            with runtime.add("w", drop) as one:
                self.assertEqual(one.disconnect(), wsrt.S_OK)
        self.assertEqual(released, ["x"])


class Memory(Case):
    def test_flat_over_100_000(self) -> None:
        with wsrt.Runtime() as runtime:

            def churn(count: int) -> None:
                for _ in range(count):
                    runtime.add(lambda: "w", lambda _: None, release=lambda: None).close()

            def resident() -> int:
                with open("/proc/self/statm") as statm:
                    return int(statm.read().split()[1]) * resource.getpagesize()

            churn(10_000)
            gc.collect()
            before = resident()
            churn(100_000)
            grown = resident() - before
            self.assertLess(grown, 2 << 20, "bytes of the process, over 100,000 registrations")

            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            churn(1_000)
            gc.collect()
            traced = tracemalloc.get_traced_memory()[0]
            churn(10_000)
            gc.collect()
            self.assertLess(tracemalloc.get_traced_memory()[0] - traced, 20_000, "bytes, over 10,000 registrations")


class Interpreter(Case):
    """The end of the interpreter: no crash, no wait without limit, and callbacks that run come to their end."""

    def ends(self, source: str, *printed: str, code: int = 0) -> str:
        ended = program("import threading, time, wsrt\ndef obey(cookie): pass\n" + source)
        self.assertEqual(ended.returncode, code, ended.stderr)
        self.assertEqual(ended.stdout.split(), list(printed), ended.stderr)
        return ended.stderr

    def test_live_objects(self) -> None:
        said = self.ends(
            "runtime = wsrt.Runtime()\n"
            "held = runtime.add('w', obey, release=lambda: print('client', flush=True))\n"
            "also = runtime.subscribe(lambda *_: None, release=lambda: print('observer', flush=True))\n"
            "log = wsrt.log(lambda *_: None, max_level=wsrt.Level.TRACE, release=lambda: print('log', flush=True))\n",
            "client",
            "observer",
            "log",
        )
        self.assertEqual(said, "")

    def test_a_callback_that_runs_comes_to_its_end(self) -> None:
        # Something in the module lives on while the interpreter ends, so that a callback could come back too late.
        self.ends(
            "class Slow:\n"
            "    def __del__(self, sleep=time.sleep): sleep(0.6)\n"
            "slow = Slow()\n"
            "def answer(cookie):\n"
            "    time.sleep(0.3)\n"
            "    print('answered', flush=True)\n"
            "runtime = wsrt.Runtime(disconnect_threads=2, disconnect_deadline_ms=20)\n"
            "held = runtime.add('w', answer, release=lambda: print('released', flush=True))\n"
            "try: runtime.disconnect_workspace('w')\n"
            "except wsrt.Error as error: print(error.name)\n",
            "WSRT_E_TIMEOUT",
            "answered",
            "released",
        )

    def test_a_fan_out_on_a_daemon_thread(self) -> None:
        for threads in (0, 2):
            self.ends(
                "told = threading.Event()\n"
                "def answer(cookie):\n"
                "    told.set()\n"
                "    time.sleep(0.002)\n"
                f"runtime = wsrt.Runtime(disconnect_threads={threads})\n"
                "held = [runtime.add('w', answer) for _ in range(1000)]\n"
                "threading.Thread(target=runtime.disconnect_workspace, args=('w',), daemon=True).start()\n"
                "told.wait(20)\n"
                "print('ending')\n",
                "ending",
            )

    def test_a_callback_that_never_returns(self) -> None:
        said = self.ends(
            "wsrt.set_exit_timeout(0.1)\n"
            "runtime = wsrt.Runtime(disconnect_threads=1, disconnect_deadline_ms=20)\n"
            "held = runtime.add('w', lambda cookie: time.sleep(3600))\n"
            "try: held.disconnect()\n"
            "except wsrt.Error as error: print(error.name)\n",
            "WSRT_E_TIMEOUT",
        )
        self.assertIn("callbacks running", said)

    def test_observers_while_other_threads_change_things(self) -> None:
        self.ends(
            "runtime = wsrt.Runtime()\n"
            "seen = []\n"
            "subscription = runtime.subscribe(lambda *change: seen.append(change))\n"
            "def work():\n"
            "    while True: runtime.add('w', obey).close()\n"
            "for _ in range(3): threading.Thread(target=work, daemon=True).start()\n"
            "time.sleep(0.1)\n"
            "print('ending' if seen else 'nothing seen')\n",
            "ending",
        )

    def test_an_uncaught_exception_keeps_its_code(self) -> None:
        self.ends(
            "runtime = wsrt.Runtime()\nheld = runtime.add('w', obey)\nraise SystemExit(7)\n",
            code=7,
        )

    def test_nothing_new_at_exit(self) -> None:
        self.ends(
            "import atexit, sys\n"
            "wsrt._exit.atexit.unregister(wsrt._exit._end)\n"
            "def late():\n"
            "    try: wsrt.Runtime()\n"
            "    except RuntimeError: print('refused')\n"
            "atexit.register(late)\n"
            "atexit.register(wsrt._exit._end)\n",
            "refused",
        )

    def test_fork(self) -> None:
        said = self.ends(
            "import os, sys\n"
            "runtime = wsrt.Runtime()\n"
            "held = runtime.add('w', obey, release=lambda: print('released', flush=True))\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    try: runtime.disconnect_workspace('w')\n"
            "    except wsrt.Error as error: print(error.name, flush=True)\n"
            "    held.close()\n"
            "    with wsrt.Runtime() as own, own.add('w', obey) as mine: print(mine.disconnect().name, flush=True)\n"
            "    sys.exit(3)\n"
            "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)\n"
            "held.close()\n",
            "WSRT_E_FORKED",
            "WSRT_S_OK",
            "3",
            "released",
        )
        # The child does not wait at its end for what belongs to its parent.
        self.assertEqual(said, "")
