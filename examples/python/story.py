"""The stories of five connections in two workspaces and of a pool of sessions, in Python: what examples/c/story.c
tells, line by line.

    WSRT_LIBRARY=target/release/libwsrt.so python3 examples/python/story.py

Every line is printed by what the library did: by a callback that it made, or from what it returned.
"""

from __future__ import annotations

import sys
from typing import Callable

import wsrt


class Client:
    """A connection of this program, and what it answers."""

    def __init__(self, name: str, workspace: str, answer: wsrt.Code = wsrt.S_OK, removes_itself: bool = False) -> None:
        self.name = name
        self.workspace = workspace
        self.answer = answer
        self.removes_itself = removes_itself
        self.registration: wsrt.Registration | None = None

    @property
    def cookie(self) -> int:
        return self.registration.cookie if self.registration else 0

    def register(self, runtime: wsrt.Runtime) -> None:
        self.registration = runtime.add(
            self.get_resource_id,
            self.issue_disconnect,
            display_name=self.get_display_name,
            release=lambda: print(f"    {self.name} is released"),
        )

    def get_resource_id(self) -> str:
        print(f"    {self.name} is asked for its workspace: {self.workspace}")
        return self.workspace

    def get_display_name(self) -> str:
        print(f"    {self.name} is asked for its display name")
        return self.name

    def issue_disconnect(self, cookie: int) -> int:
        known = "its own cookie" if cookie == self.cookie else "a cookie that it does not know"
        print(f"    {self.name} is told to disconnect, by {known}")
        if self.removes_itself and self.registration:
            # Inside a callback nothing waits: the release comes when this callback has returned.
            attempt(f"    remove {self.name}", self.registration.close)
        print_result(f"    answer of {self.name}", self.answer)
        return self.answer


def print_result(what: str, code: wsrt.Code) -> None:
    print(f"{what}: {code}")


def attempt(what: str, call: Callable[..., wsrt.Code | None], *arguments: object) -> str:
    """Prints what came of a call; gives back the library's reason if it failed. What returns no code says by returning
    that the library answered S_OK."""
    try:
        code, reason = call(*arguments) or wsrt.S_OK, ""
    except wsrt.Error as error:
        code, reason = error.code, error.text
    print_result(what, code)
    return reason


def print_all(runtime: wsrt.Runtime) -> None:
    shown = []

    def show(resource: wsrt.Resource) -> None:
        shown.append(resource)
        state = resource.state.name.lower()
        last = resource.last_result.name
        print(f"    {resource.display_name} in {resource.workspace_id} is {state}, last result {last}")

    attempt("list", runtime.visit, show)
    print(f"registered: {len(shown)}")


def tell_of_connections() -> int:
    terminal = Client("Terminal", "lab")
    plotter = Client("Plotter", "lab")
    mail = Client("Mail", "office", removes_itself=True)
    sheets = Client("Sheets", "office", answer=wsrt.E_ACCESSDENIED)
    viewer = Client("Viewer", "office", answer=wsrt.RPC_E_DISCONNECTED)

    try:
        runtime = wsrt.Runtime()
    except wsrt.Error as error:
        print_result("create the runtime", error.code)
        return 1
    print_result("create the runtime", wsrt.S_OK)

    # Five connections open.
    for client in (terminal, mail, sheets, viewer, plotter):
        attempt(f"add {client.name}", client.register, runtime)
    print_all(runtime)

    # One is disconnected alone. It stays registered until its connection is closed and it says so.
    attempt(f"disconnect {terminal.name}", runtime.disconnect_resource, terminal.cookie)
    print_all(runtime)
    attempt(f"remove {terminal.name}", runtime.remove, terminal.cookie)

    # A workspace is disconnected. Each is told, whatever the others answer: Mail removes itself, Sheets refuses, and
    # Viewer, which is dead, is dropped. The refusal is the result.
    attempt("disconnect workspace office", runtime.disconnect_workspace, "office")
    print_all(runtime)

    # Who has not gone is told again.
    sheets.answer = wsrt.S_OK
    sheets.removes_itself = True
    attempt("disconnect workspace office", runtime.disconnect_workspace, "office")

    # Nobody is left in that workspace, which is what was asked. But no name at all is no question.
    attempt("disconnect workspace office", runtime.disconnect_workspace, "office")
    reason = attempt('disconnect workspace ""', runtime.disconnect_workspace, "")
    print(f"    reason: {reason}")

    # Cookies of those who are gone name nothing, and never come to name somebody else.
    attempt(f"remove again {mail.name}", runtime.remove, mail.cookie)
    attempt(f"disconnect again {viewer.name}", runtime.disconnect_resource, viewer.cookie)
    print_all(runtime)

    # The end of the runtime releases who is left, without disconnecting.
    attempt("destroy the runtime", runtime.destroy)

    # A handle is a name: after its end it is known to be stale, in every method.
    reason = attempt(f"disconnect workspace {plotter.workspace}", runtime.disconnect_workspace, plotter.workspace)
    print(f"    reason: {reason}")
    print_all(runtime)
    attempt("destroy the runtime", runtime.destroy)
    return 0


REPORTS, ORDERS = 1, 2


class Session:
    """What is pooled. Its type is what it is good for."""

    def __init__(self, number: int, type: int) -> None:
        self.number = number
        self.type = type

    def __str__(self) -> str:
        return f"session {self.number}"


def type_name(type: int | None) -> str:
    return "reports" if type == REPORTS else "orders"


class Sessions(wsrt.Driver[int | None, Session]):
    """What the driver of the sessions answers to."""

    made = 0

    def create(self, type: int | None) -> tuple[Session, float | None]:
        self.made += 1
        session = Session(self.made, type or 0)
        print(f"    {session} is created for {type_name(type)}")
        return session, 60  # It may be idle for so long.

    def rate(self, type: int | None, session: Session, requires_enlistment: bool) -> int:
        rating = wsrt.RATING_PERFECT if session.type == type else wsrt.RATING_UNUSABLE
        enlisted = ", to be enlisted" if requires_enlistment else ""
        print(f"    {session} is rated for {type_name(type)}{enlisted}: {rating}")
        return rating

    def enlist(self, session: Session, transaction: int) -> None:
        print(f"    {session} is enlisted in transaction {transaction}")

    def reset(self, session: Session) -> None:
        print(f"    {session} is reset")

    def destroy(self, session: Session) -> None:
        print(f"    {session} is destroyed")

    def release(self) -> None:
        print("    the driver is released")


Pool = wsrt.Dispenser[int | None, Session]


def alloc(pool: Pool, type: int | None) -> tuple[Session | None, str]:
    """Allocates a session and tells of it; gives back the library's reason if there is none."""
    got: list[Session] = []
    reason = attempt(f"alloc for {type_name(type)}", lambda: got.append(pool.alloc(type)))
    for session in got:
        print(f"    it is {session}")
    return (got[0] if got else None), reason


def give_back(pool: Pool, session: Session | None) -> None:
    attempt("free", pool.free, session)


def show_session(shown: wsrt.PooledResource[int | None, Session]) -> None:
    states = {
        wsrt.ResourceState.FREE_UNENLISTED: "free",
        wsrt.ResourceState.FREE_ENLISTED: "free, but enlisted",
    }
    state = states.get(shown.state, "in use")
    print(f"    {shown.resource} for {type_name(shown.type)} is {state}, uses {shown.uses}")


def tell_of_sessions() -> int:
    try:
        # Time passes only when this program says so.
        pool = Pool(Sessions(), "sessions", manual_sweep=True)
    except wsrt.Error as error:
        print_result("create the dispenser", error.code)
        return 1
    print_result("create the dispenser", wsrt.S_OK)

    # The first is created, and kept when it comes back. The next that wants one of its type gets it.
    first, _ = alloc(pool, REPORTS)
    give_back(pool, first)
    first, _ = alloc(pool, REPORTS)

    # What is in use is offered to nobody; what does not fit is rated 0.
    second, _ = alloc(pool, ORDERS)
    give_back(pool, first)
    give_back(pool, second)
    first, _ = alloc(pool, REPORTS)
    give_back(pool, first)

    # In a transaction a session is enlisted once, and then is for that transaction alone.
    attempt("enter transaction 7", wsrt.set_context, 0, 7)
    for _again in range(2):
        first, _ = alloc(pool, REPORTS)
        give_back(pool, first)
    attempt("leave transaction 7", wsrt.set_context)
    second, _ = alloc(pool, REPORTS)
    attempt("list", pool.visit, show_session)
    attempt("end transaction 7", wsrt.transaction_ended, 7)
    give_back(pool, second)
    attempt("list", pool.visit, show_session)

    # Nothing is given back twice, and no type is None.
    give_back(pool, second)
    _, reason = alloc(pool, None)
    print(f"    reason: {reason}")

    # A broken one is taken out; what is idle for too long goes by itself.
    attempt("destroy the session", pool.destroy_resource, second)
    attempt("sweep", pool.sweep, 1_000)
    attempt("sweep, 60 s later", pool.sweep, 61_000)
    first, _ = alloc(pool, ORDERS)
    give_back(pool, first)
    counts: list[wsrt.DispenserStats] = []
    attempt("count", lambda: counts.append(pool.stats()))
    for count in counts:
        print(
            f"    allocs {count.allocs}, frees {count.frees}, created {count.creates}, destroyed {count.destroys}"
        )

    # The close destroys what is in stock and gives the driver back.
    attempt("close the dispenser", pool.close)
    _, reason = alloc(pool, REPORTS)
    print(f"    reason: {reason}")
    attempt("destroy the dispenser", pool.destroy)
    _, reason = alloc(pool, REPORTS)
    print(f"    reason: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(tell_of_connections() or tell_of_sessions())
