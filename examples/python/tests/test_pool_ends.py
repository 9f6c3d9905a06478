"""Every way in which a dispenser, the interpreter and forked children end."""

from __future__ import annotations

import gc
import resource
import threading
import tracemalloc
import warnings

import wsrt
from wsrt import _callbacks

from .pools import Full, PoolCase, Thing, Things
from .support import program


class Ending(PoolCase):
    def test_dropped(self) -> None:
        driver = Things()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            pool = wsrt.Dispenser(driver)
            pool.free(pool.alloc("a"))
            used = pool.alloc("b")
            del pool
            self.assertEqual(driver.calls, ["create", "create", "destroy", "release"])
            self.assertEqual(_callbacks.table, {})
            # One that was closed is no loss.
            pool = wsrt.Dispenser(driver)
            pool.close()
            del pool
        self.assertEqual([one.category for one in warned], [ResourceWarning])
        self.assertEqual(used.of, "b")

    def test_dropped_by_the_collector_inside_a_callback(self) -> None:
        other = Things(destroy=OSError)

        class Dropping(Things):
            def destroy(self, resource: Thing) -> None:
                pool: wsrt.Dispenser[object, Thing] = wsrt.Dispenser(other)
                pool.free(pool.alloc("a"))
                cycle: list[object] = [pool]
                cycle.append(cycle)
                del pool, cycle
                gc.collect()

        with wsrt.Dispenser(Dropping()) as pool, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pool.destroy_resource(pool.alloc("a"))
        self.assertEqual(other.calls, ["create", "destroy", "release"])
        # It is not what the call that it came into has failed for.
        self.assertEqual([where for where, _ in self.unseen], ["destroy"])

    def test_inside_a_callback(self) -> None:
        for end in ("close", "destroy"):
            answers: list[wsrt.Code] = []

            class Ending(Things):
                def create(self, type: object) -> Thing:
                    answers.append(getattr(pool, end)())
                    return Thing(type)

            driver = Ending()
            pool = wsrt.Dispenser(driver)
            self.refused(wsrt.E_CLOSED, pool.alloc, "a")
            self.assertEqual(answers, [wsrt.S_DEFERRED])
            # What came too late is destroyed, and then the driver is given back.
            self.assertEqual(driver.calls, ["destroy", "release"])
            self.nothing_is_known(pool)

    def test_a_close_waits_without_the_gil(self) -> None:
        inside, leave = threading.Event(), threading.Event()

        class Slow(Things):
            def create(self, type: object) -> Thing:
                inside.set()
                leave.wait(20)
                return Thing(type)

        driver = Slow()
        pool = wsrt.Dispenser(driver)
        thread = threading.Thread(target=lambda: self.refused(wsrt.E_CLOSED, pool.alloc, "a"))
        thread.start()
        inside.wait(20)
        self.assertEqual(pool.close(wait=False), wsrt.S_DEFERRED)
        threading.Timer(0.05, leave.set).start()
        self.assertEqual(pool.destroy(), wsrt.S_OK)
        self.assertEqual(driver.calls, ["destroy", "release"])
        thread.join()

    def test_memory_is_flat(self) -> None:
        with wsrt.Dispenser(Full(), manual_sweep=True) as pool:

            def churn(count: int) -> None:
                for step in range(count):
                    with pool.lease(f"type {step}") as one:
                        pool.track(f"string {step}")
                        pool.untrack(f"string {step}")
                        pool.destroy_resource(one)

            driver = pool.driver
            assert isinstance(driver, Full)
            driver.note = lambda _: None  # type: ignore[assignment]

            def resident() -> int:
                with open("/proc/self/statm") as statm:
                    return int(statm.read().split()[1]) * resource.getpagesize()

            churn(2_000)
            gc.collect()
            before = resident()
            churn(10_000)
            self.assertLess(resident() - before, 2 << 20, "bytes of the process, over 10,000 resources")
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            churn(500)
            gc.collect()
            traced = tracemalloc.get_traced_memory()[0]
            churn(3_000)
            gc.collect()
            self.assertLess(tracemalloc.get_traced_memory()[0] - traced, 20_000, "bytes, over 3,000 resources")
            self.nothing_is_known(pool)


_BEGIN = """
import os, sys, threading, time, warnings, wsrt
def say(*what): print(*what, sep='\\n', flush=True)
class Things(wsrt.Driver):
    idle = None
    def create(self, type): return (object(), self.idle)
    def destroy(self, resource): say('destroyed')
    def release(self): say('released')
"""


class Interpreter(PoolCase):
    def ends(self, source: str, *printed: str, code: int = 0) -> str:
        ended = program(_BEGIN + source)
        self.assertEqual(ended.returncode, code, ended.stderr)
        self.assertEqual(ended.stdout.split(), list(printed), ended.stderr)
        return ended.stderr

    def test_open_pools(self) -> None:
        for options in ("", ", manual_sweep=True"):
            said = self.ends(
                f"pool = wsrt.Dispenser(Things(), 'x'{options})\n"
                "pool.free(pool.alloc('a'))\n"
                "used = pool.alloc('b')\n"
                "closed = wsrt.Dispenser(Things())\n"
                "closed.close()\n",
                "released",
                "destroyed",
                "released",
            )
            self.assertEqual(said, "")

    def test_a_driver_that_keeps_its_pool(self) -> None:
        said = self.ends(
            "driver = Things()\n"
            "driver.pool = wsrt.Dispenser(driver)\n"
            "with driver.pool.lease('a'): pass\n",
            "destroyed",
            "released",
        )
        self.assertEqual(said, "")

    def test_sweepers_at_work(self) -> None:
        """Threads of the library are in destroy while the interpreter ends: none comes back too late."""
        self.ends(
            "class Slow:\n"
            "    def __del__(self, sleep=time.sleep): sleep(0.3)\n"
            "slow = Slow()\n"
            "begun = threading.Event()\n"
            "class Sweeping(Things):\n"
            "    idle = 0\n"
            "    def destroy(self, resource):\n"
            "        assert threading.get_native_id() != main\n"
            "        begun.set()\n"
            "        time.sleep(0.2)\n"
            "        ended.append(1)\n"
            "    def release(self): say('released', len(ended))\n"
            "ended, main = [], threading.get_native_id()\n"
            "pool = wsrt.Dispenser(Sweeping(), sweep_interval_ms=5)\n"
            "with pool.lease('a'): pass\n"
            "begun.wait(20)\n"
            "say('ending')\n",
            "ending",
            "released",
            "1",
        )

    def test_sweepers_and_daemon_threads(self) -> None:
        self.ends(
            "class Quiet(Things):\n"
            "    idle = 0\n"
            "    def reset(self, resource): pass\n"
            "    def rate(self, type, resource, enlist): return 100\n"
            "    def destroy(self, resource): pass\n"
            "    def release(self): pass\n"
            "pool = wsrt.Dispenser(Quiet(), sweep_interval_ms=1)\n"
            "def work():\n"
            "    while True:\n"
            "        with pool.lease('a'): pass\n"
            "for _ in range(3): threading.Thread(target=work, daemon=True).start()\n"
            "time.sleep(0.1)\n"
            "threading.excepthook = lambda _: None\n"
            "say('ending' if pool.stats().allocs else 'nothing done')\n",
            "ending",
        )

    def test_a_callback_that_never_returns(self) -> None:
        said = self.ends(
            "wsrt.set_exit_timeout(0.1)\n"
            "class Hanging(Things):\n"
            "    idle = 0\n"
            "    def destroy(self, resource):\n"
            "        begun.set()\n"
            "        time.sleep(3600)\n"
            "begun = threading.Event()\n"
            "pool = wsrt.Dispenser(Hanging(), sweep_interval_ms=5)\n"
            "with pool.lease('a'): pass\n"
            "begun.wait(20)\n"
        )
        self.assertIn("callbacks running", said)

    def test_nothing_new_at_exit(self) -> None:
        self.ends(
            "import atexit\n"
            "wsrt._exit.atexit.unregister(wsrt._exit._end)\n"
            "def late():\n"
            "    try: wsrt.Dispenser(Things())\n"
            "    except RuntimeError: say('refused')\n"
            "atexit.register(late)\n"
            "atexit.register(wsrt._exit._end)\n",
            "refused",
        )

    def test_fork(self) -> None:
        said = self.ends(
            "def told(call, *arguments):\n"
            "    try: call(*arguments)\n"
            "    except wsrt.Error as error: say(error.name)\n"
            "    else: say('no', call)\n"
            "class Thing:\n"
            "    def __del__(self, here=os.getpid(), pid=os.getpid, say=say):\n"
            "        if pid() != here: say('finalized')\n"
            "class Making(Things):\n"
            "    def create(self, type): return Thing()\n"
            "pool = wsrt.Dispenser(Making(), sweep_interval_ms=5)\n"
            "used = pool.alloc('a')\n"
            "with pool.lease('a'): pass\n"
            "dropped = wsrt.Dispenser(Making())\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    warnings.simplefilter('always')\n"
            "    del dropped\n"
            "    for call in (pool.alloc, pool.free, pool.track, pool.destroy_resource, pool.info):\n"
            "        told(call, used)\n"
            "    told(pool.stats), told(pool.sweep)\n"
            "    pool.close()\n"
            "    del pool\n"
            "    with wsrt.Dispenser(Things()) as own, own.lease('a'): pass\n"
            "    sys.exit(3)\n"
            "say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
            "dropped.close()\n"
            "pool.free(used)\n"
            "del used\n",
            *["WSRT_E_FORKED"] * 7,
            "destroyed",
            "released",
            "3",
            "released",
            "destroyed",
            "destroyed",
            "released",
        )
        self.assertEqual(said, "")

    def test_fork_while_others_work(self) -> None:
        """No lock of the package stays taken in a child."""
        self.ends(
            "class Quiet(Things):\n"
            "    def destroy(self, resource): pass\n"
            "    def release(self): pass\n"
            "pool = wsrt.Dispenser(Quiet(), no_pooling=True)\n"
            "stop = False\n"
            "def work(number):\n"
            "    while not stop:\n"
            "        with pool.lease((number, time.monotonic())): pass\n"
            "threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]\n"
            "for thread in threads: thread.start()\n"
            "codes = set()\n"
            "for _ in range(20):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        with wsrt.Dispenser(Quiet()) as own, own.lease(1): pass\n"
            "        os._exit(3)\n"
            "    codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
            "stop = True\n"
            "for thread in threads: thread.join()\n"
            "say(codes)\n",
            "{3}",
        )
