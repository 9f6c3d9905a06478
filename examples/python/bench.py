"""What calls cost from Python, in ns: make bench runs it.

    WSRT_LIBRARY=target/release/libwsrt.so python3 examples/python/bench.py

Each figure is the least of several rounds: what the machine does besides only adds.
"""

from __future__ import annotations

import time
from typing import Callable

import wsrt

ROUNDS = 15


def least(work: Callable[[int], object], count: int) -> float:
    """The cost of one of `count` steps that one call of work makes."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        work(count)
        best = min(best, (time.perf_counter_ns() - start) / count)
    return best


def empty_loop(count: int) -> None:
    for _ in range(count):
        pass


def smallest_call(count: int) -> None:
    tell = wsrt._library.lib.wsrt_abi_version
    for _ in range(count):
        tell()


def obey(_: int) -> None:
    pass


def add_and_remove(resource_id: str | Callable[[], str]) -> Callable[[int], None]:
    def work(count: int) -> None:
        with wsrt.Runtime() as runtime:
            for _ in range(count):
                runtime.add(resource_id, obey).close()

    return work


def told(threads: int, clients: int) -> float:
    with wsrt.Runtime(disconnect_threads=threads) as runtime:
        held = [runtime.add("office", obey) for _ in range(clients)]
        assert len(held) == clients
        return least(lambda _: runtime.disconnect_workspace("office"), clients)


class Plain(wsrt.Driver[str, object]):
    def create(self, type: str) -> object:
        return object()


class Judging(Plain):
    def rate(self, type: str, resource: object, requires_enlistment: bool) -> int:
        return wsrt.RATING_PERFECT

    def reset(self, resource: object) -> None:
        pass


def pooled(driver: Plain) -> float:
    with wsrt.Dispenser(driver, manual_sweep=True) as pool:

        def work(count: int) -> None:
            for _ in range(count):
                pool.free(pool.alloc("a type"))

        return least(work, 5_000)


def leased(driver: Plain) -> float:
    with wsrt.Dispenser(driver, manual_sweep=True) as pool:

        def work(count: int) -> None:
            for _ in range(count):
                with pool.lease("a type"):
                    pass

        return least(work, 5_000)


def main() -> None:
    print(f"from Python, ns (library {wsrt.library_version()}, least of {ROUNDS} rounds)")
    rows = [
        ("floor: a step of an empty loop", least(empty_loop, 20_000)),
        ("floor: the smallest call of the library", least(smallest_call, 20_000)),
        ("add + remove, id given as a str", least(add_and_remove("office"), 5_000)),
        ("add + remove, id asked of a callable", least(add_and_remove(lambda: "office"), 5_000)),
        ("disconnect of a workspace of one", told(0, 1)),
        ("disconnect of 5,000, per callback", told(0, 5_000)),
        ("the same on 2 threads of the library", told(2, 5_000)),
        ("alloc + free, driver without rate, reset", pooled(Plain())),
        ("alloc + free, with rate and reset", pooled(Judging())),
        ("a lease, driver without rate, reset", leased(Plain())),
        ("a lease, with rate and reset", leased(Judging())),
    ]
    for what, ns in rows:
        print(f"{what:<42}{ns:>10,.0f}")


if __name__ == "__main__":
    main()
