"""The story of five connections in two workspaces, in Python: what examples/c/story.c tells, line by line.

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


def main() -> int:
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


if __name__ == "__main__":
    sys.exit(main())
