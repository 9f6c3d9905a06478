"""What the library calls: one thunk per kind of callback, shared by everything and there for ever.

The library is given no Python object, but a number as user_data, which leads to the object through `table`. That entry
is the only thing that keeps callables alive for the library: it is made before the table of callbacks is handed over
and taken out by the release callback, so it holds exactly as long as a callback may come. Nothing is made per object
that would have to be kept, and no cycle through a thunk keeps anything.

No exception leaves a thunk: ctypes would print it and answer with whatever lies in memory.
"""

from __future__ import annotations

import os
from ctypes import CFUNCTYPE, c_char_p, c_int32, c_size_t, c_uint32, c_void_p, cast
from itertools import count
from threading import get_ident
from typing import Any, Callable

from . import _errors
from ._codes import Change, Code, E_ABORT, E_FAIL, Level
from ._library import lib
from ._values import report_at, resource_at, text

# By user_data. Numbers are never given twice, so a callback can never reach another object than its own.
table: dict[int, Any] = {}
new_key = count(1).__next__

# Kept for ever in a child of fork(): nothing of the parent's is called or released there, so nothing may be finalized.
_inherited: list[Any] = []


def _after_fork() -> None:
    for one in table.values():
        _inherited.append(one)
        if hasattr(one, "forked"):
            one.forked()
    table.clear()
    active.clear()


class Call:
    """A disconnect that is at work, and what callbacks raised for it."""

    __slots__ = ("runtime", "selects", "thread", "raised")

    def __init__(self, runtime: int, selects: Callable[[Client, int], bool]) -> None:
        self.runtime = runtime
        self.selects = selects
        self.thread = get_ident()
        self.raised: dict[int, BaseException] = {}

    def __enter__(self) -> Call:
        active.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        active.remove(self)


# Newest last.
active: list[Call] = []


class Client:
    """What a registration answers with."""

    __slots__ = ("runtime", "resource_id", "display_name", "issue_disconnect", "on_release", "refused")

    # Bytes are an answer that never changes; what a callable has answered is kept as bytes.
    resource_id: bytes | Callable[[], str]
    display_name: bytes | Callable[[], str] | None

    def __init__(
        self,
        runtime: int,
        resource_id: bytes | Callable[[], str],
        display_name: bytes | Callable[[], str] | None,
        issue_disconnect: Callable[[int], int | None],
        on_release: Callable[[], object] | None,
    ) -> None:
        self.runtime = runtime
        self.resource_id = resource_id
        self.display_name = display_name
        self.issue_disconnect = issue_disconnect
        self.on_release = on_release
        self.refused: BaseException | None = None


class Observer:
    """Who is told of changes."""

    __slots__ = ("changed", "on_release")

    def __init__(self, changed: Callable[..., object], on_release: Callable[[], object] | None) -> None:
        self.changed = changed
        self.on_release = on_release


class Writer:
    """Where messages go."""

    __slots__ = ("write", "on_release")

    def __init__(self, write: Callable[..., object], on_release: Callable[[], object] | None) -> None:
        self.write = write
        self.on_release = on_release


class Visit:
    """A visitor for the length of one call, and what it raised."""

    __slots__ = ("show", "raised")

    def __init__(self, show: Callable[[int], object]) -> None:
        self.show = show
        self.raised: BaseException | None = None


class Text(c_void_p):
    """Takes a string of a callback. A subclass, because ctypes gives plain pointers as ints, to be wrapped again."""


_UP_TO_ITS_NUL = c_size_t(-1)


def _get_resource_id(key: int, out: Text) -> int:
    client = None
    try:
        client = table[key]
        if type(client.resource_id) is not bytes:
            client.resource_id = text("resource_id", client.resource_id())
        return int(lib.wsrt_text_set(out, client.resource_id, _UP_TO_ITS_NUL))
    except BaseException as raised:
        return _refuse("resource_id", client, raised)


def _get_display_name(key: int, out: Text) -> int:
    client = None
    try:
        client = table[key]
        if type(client.display_name) is not bytes:
            client.display_name = text("display_name", client.display_name())
        return int(lib.wsrt_text_set(out, client.display_name, _UP_TO_ITS_NUL))
    except BaseException as raised:
        if client is not None:
            client.display_name = b""
        # The registration is made all the same, without a name. Only what ends programs ends that too.
        if isinstance(raised, Exception):
            _errors.unseen("display_name", raised)
            return E_FAIL
        return _refuse("display_name", client, raised)


def _refuse(where: str, client: Client | None, raised: BaseException) -> int:
    try:
        _errors.record(where, raised)
        if client is not None:
            client.refused = raised
    except BaseException as worse:
        _errors.unseen(where, worse)
    return _errors.answer_of(raised)


def _issue_disconnect(key: int, cookie: int) -> int:
    try:
        answer = table[key].issue_disconnect(cookie)
        if answer is None:
            return 0
        if isinstance(answer, int) and not isinstance(answer, bool):
            return Code(answer)
        raise TypeError(f"issue_disconnect must return None or a code, not {answer!r}")
    except BaseException as raised:
        try:
            _deliver(key, cookie, raised)
        except BaseException as worse:
            _errors.unseen("issue_disconnect", worse)
        return _errors.answer_of(raised)


def _deliver(key: int, cookie: int, raised: BaseException) -> None:
    """Gives an exception to the call that it happened for."""
    client = table.get(key)
    here = get_ident()
    mine = [call for call in active if call.thread == here]
    if mine:
        # On a thread that is in a disconnect, the newest made the callback.
        calls = mine[-1:]
    else:
        # On a thread of the library: whoever waits for this client. They are several only if they ask for the same.
        calls = [call for call in active if client and call.runtime == client.runtime and call.selects(client, cookie)]
    for call in calls:
        call.raised[cookie] = raised
    if calls:
        _errors.record("issue_disconnect", raised)
    else:
        _errors.unseen("issue_disconnect", raised)


def _changed(key: int, change: int, info: int) -> None:
    try:
        table[key].changed(Change(change), resource_at(info))
    except BaseException as raised:
        _errors.unseen("changed", raised)


def _write(key: int, level: int, target: bytes, message: bytes) -> None:
    try:
        table[key].write(Level(level), target.decode(errors="replace"), message.decode(errors="replace"))
    except BaseException as raised:
        _errors.unseen("write", raised)


def _visit(key: int, shown: int) -> int:
    visit = None
    try:
        visit = table[key]
        return 1 if visit.show(shown) is False else 0
    except BaseException as raised:
        if visit is not None:
            visit.raised = raised
        return E_ABORT


def _release(key: int) -> None:
    try:
        on_release = table.pop(key).on_release
        if on_release is not None:
            on_release()
    except BaseException as raised:
        _errors.unseen("release", raised)


def show_resource(visitor: Callable[..., object]) -> Visit:
    return Visit(lambda address: visitor(resource_at(address)))


def show_report(visitor: Callable[..., object], raised: dict[int, BaseException]) -> Visit:
    return Visit(lambda address: visitor(report_at(address, raised)))


# Kept here because ctypes frees a thunk with its last reference, whoever may still call it.
_thunks = [
    CFUNCTYPE(c_int32, c_void_p, Text)(_get_resource_id),
    CFUNCTYPE(c_int32, c_void_p, Text)(_get_display_name),
    CFUNCTYPE(c_int32, c_void_p, c_uint32)(_issue_disconnect),
    CFUNCTYPE(None, c_void_p)(_release),
    CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)(_changed),
    CFUNCTYPE(None, c_void_p, c_uint32, c_char_p, c_char_p)(_write),
    CFUNCTYPE(c_int32, c_void_p, c_void_p)(_visit),
]
GET_RESOURCE_ID, GET_DISPLAY_NAME, ISSUE_DISCONNECT, RELEASE, CHANGED, WRITE, VISIT = (
    cast(thunk, c_void_p).value for thunk in _thunks
)

os.register_at_fork(after_in_child=_after_fork)
