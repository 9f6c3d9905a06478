"""Real SQLite connections in a dispenser: two database files are its two types.

    WSRT_LIBRARY=target/release/libwsrt.so python3 examples/python/sqlite_pool.py

A connection is opened once, with what this program wants of every connection, and used again. On its way back it is
reset: what its user has left open is rolled back, settings that the user has changed are set again, and a probe shows
that it still answers. In a transaction a connection stays with that transaction until it ends, whoever uses it
meanwhile. One that is idle for too long is closed.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import wsrt

ROUNDS = 300
IDLE_SECONDS = 30
SETTINGS = {"foreign_keys": 1, "synchronous": 1, "cache_size": -256, "busy_timeout": 2000}


def connect(path: Path) -> sqlite3.Connection:
    """What a program without a pool does each time."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for name, value in SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {value}")
    probe(connection)
    return connection


def probe(connection: sqlite3.Connection) -> None:
    """Reads the file, which opening alone does not do."""
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


class Connections(wsrt.Driver[Path, sqlite3.Connection]):
    """Opens, judges and closes connections, and is the coordinator of the transactions that they are enlisted in."""

    def __init__(self) -> None:
        self.path: dict[sqlite3.Connection, Path] = {}
        self.work: dict[sqlite3.Connection, int] = {}
        self.opened = self.closed = 0

    def create(self, type: Path) -> tuple[sqlite3.Connection, float | None]:
        connection = connect(type)
        self.path[connection] = type
        self.opened += 1
        return connection, IDLE_SECONDS

    def rate(self, type: Path, resource: sqlite3.Connection, requires_enlistment: bool) -> int:
        return wsrt.RATING_PERFECT if self.path[resource] == type else wsrt.RATING_UNUSABLE

    def enlist(self, resource: sqlite3.Connection, transid: int) -> None:
        if transid:
            resource.execute("BEGIN IMMEDIATE")
            self.work[resource] = transid
        elif self.work.pop(resource, 0):
            resource.rollback()

    def reset(self, resource: sqlite3.Connection) -> None:
        if resource not in self.work:  # The work of a transaction is left alone.
            if resource.in_transaction:
                resource.rollback()
            for name, value in SETTINGS.items():
                if resource.execute(f"PRAGMA {name}").fetchone() != (value,):
                    resource.execute(f"PRAGMA {name} = {value}")
        probe(resource)

    def destroy(self, resource: sqlite3.Connection) -> None:
        del self.path[resource]
        resource.close()
        self.closed += 1

    def broken(self, resource: sqlite3.Connection, raised: BaseException) -> bool:
        """A connection that does not answer raises this, also in the middle of a block."""
        return isinstance(raised, sqlite3.Error) and not answers(resource)

    def end(self, transid: int, commit: bool) -> None:
        """Ends the work on every connection, then the transaction."""
        for connection in [one for one, of in self.work.items() if of == transid]:
            del self.work[connection]
            connection.execute("COMMIT" if commit else "ROLLBACK")
        wsrt.transaction_ended(transid, commit)


def answers(connection: sqlite3.Connection) -> bool:
    try:
        probe(connection)
    except sqlite3.Error:
        return False
    return True


Pool = wsrt.Dispenser[Path, sqlite3.Connection]


def count(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("SELECT count(*) FROM line").fetchone()[0]
    return number


def compare(pool: Pool, path: Path) -> None:
    """The same question, asked of a new connection each time and of a pooled one."""

    def unpooled() -> None:
        with closing(connect(path)) as connection:
            connection.execute("SELECT text FROM line WHERE id = 1").fetchone()

    def pooled() -> None:
        with pool.lease(path) as connection:
            connection.execute("SELECT text FROM line WHERE id = 1").fetchone()

    best: dict[str, float] = {}
    for what in (unpooled, pooled) * 3:
        begin = time.perf_counter()
        for _ in range(ROUNDS // 3):
            what()
        took = (time.perf_counter() - begin) / (ROUNDS // 3) * 1e6
        best[what.__name__] = min(took, best.get(what.__name__, took))
    print(f"a question on a connection of its own {best['unpooled']:>6.0f} us")
    print(f"the same on a pooled connection       {best['pooled']:>6.0f} us, probed and checked on its way back")
    assert best["pooled"] < best["unpooled"], "a pooled connection costs less than a new one"


def use_and_reset(pool: Pool, driver: Connections, path: Path) -> None:
    with pool.lease(path) as connection:
        connection.execute("PRAGMA foreign_keys = 0")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO line (text) VALUES ('half of the work')")
        left = connection
    with pool.lease(path) as connection:
        assert connection is left, "the same connection"
        assert count(connection) == 1, "what was left open is rolled back"
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,), "what was changed is set again"
    print("a user left a transaction open and a setting changed: the next one saw neither")

    closed = driver.closed
    try:
        with pool.lease(path) as connection:
            broken = connection
            connection.close()
            connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        pass
    with pool.lease(path) as connection:
        assert connection is not broken and driver.closed == closed + 1, "another connection"
    print("a connection that broke in use was destroyed: the next user got a new one")


def transact(pool: Pool, driver: Connections, orders: Path, stock: Path) -> None:
    for transid, commit in ((1, True), (2, False)):
        with wsrt.context(transid=transid):
            with pool.lease(orders) as connection:
                connection.execute("INSERT INTO line (text) VALUES ('an order')")
                first = connection
            with pool.lease(stock) as connection:
                connection.execute("INSERT INTO line (text) VALUES ('a movement')")
            assert pool.stats().free_enlisted == 2, "both are kept for the transaction"
            with pool.lease(orders) as connection:
                assert connection is first, "the transaction sees its own connection again"
                connection.execute("INSERT INTO line (text) VALUES ('another order')")
        with pool.lease(orders) as connection:
            assert connection is not first, "nobody else gets it"
            assert count(connection) == (1 if commit else 3), "nor sees its work"
        driver.end(transid, commit)
        with pool.lease(orders) as connection:
            assert count(connection) == 3, "committed as a whole, or not at all"
        with pool.lease(stock) as connection:
            assert count(connection) == 2
    assert pool.stats().free_enlisted == 0
    print("two transactions over both files kept their connections: one was committed, one rolled back")


def main() -> int:
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        orders, stock = Path(directory, "orders.db"), Path(directory, "stock.db")
        for path in (orders, stock):
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("CREATE TABLE line (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
                connection.execute("INSERT INTO line (text) VALUES ('the first')")
                connection.commit()
        driver = Connections()
        with Pool(driver, "sqlite", manual_sweep=True) as pool:
            compare(pool, orders)
            assert (driver.opened, driver.closed) == (1, 0), "one connection has done all of that"
            use_and_reset(pool, driver, orders)
            transact(pool, driver, orders, stock)

            live = driver.opened - driver.closed
            pool.sweep(1_000)
            pool.sweep(1_000 + (IDLE_SECONDS - 1) * 1_000)
            assert driver.opened - driver.closed == live, "nothing goes early"
            with pool.lease(stock):
                pool.sweep(1_000 + IDLE_SECONDS * 1_000)
                assert driver.opened - driver.closed == 1, "what is in use stays"
            print(f"a sweep closed {live - 1} connections that were idle for {IDLE_SECONDS} s, and not the one in use")

            stats = pool.stats()
            assert (stats.creates, stats.destroys) == (driver.opened, driver.closed)
            assert stats.allocs == stats.frees + 1, "all but the broken one came back"
            print(f"{stats.allocs} times a connection was asked for, {stats.creates} were opened")
        assert driver.opened == driver.closed and not driver.path, "the end of the pool closed the last"
    assert time.perf_counter() - begin < 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
