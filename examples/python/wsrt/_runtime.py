"""The runtime, and what is made in it: registrations and subscriptions."""

from __future__ import annotations

import uuid
import warnings
from ctypes import byref, c_uint32, c_void_p
from typing import Any, Callable

from . import _callbacks, _exit, _layout
from ._callbacks import Call, Client, Observer, new_key, table
from ._codes import Change, Code, DISCONNECT_ALL, RUNTIME_EMBEDDED, S_OK
from ._errors import Error, failure
from ._library import lib
from ._results import Closes, closed, succeeded, visiting
from ._values import Report, Resource, function, guid, text, u32

_add = lib.ws_add_resource
_remove = lib.ws_remove_resource
_remove_nowait = lib.ws_remove_resource_nowait


class Registration(Closes):
    """A registered connection. Made by Runtime.add().

    Close it when the connection is gone: `with`, close() or Runtime.remove(). One that is dropped without that is
    removed by its finalizer, which never waits. It names its registration and does not keep the runtime alive; the
    callables that were given to add() live until the library has released them, whether this object does or not.
    """

    __slots__ = ("cookie", "_runtime", "_open", "__weakref__")

    cookie: int
    """The number that names the registration, in this runtime and for ever."""

    def __init__(self, runtime: c_void_p, cookie: int) -> None:
        """For Runtime.add() only."""
        self._runtime = runtime
        self.cookie = cookie
        self._open = True

    def close(self, *, wait: bool = True) -> Code:
        """Says that the connection is gone; does nothing if the registration has ended already.

        S_OK: no callback of it runs or will, and release has run: outside callbacks it waits for that, so do not call
        it while holding a lock that a callback takes, nor on a thread that a callback waits for; there use wait=False.
        S_DEFERRED: a callback of it still runs (maybe this very one), and the last to leave releases. Any thread.
        """
        if not self._open:
            return S_OK
        self._open = False
        return closed(_remove if wait else _remove_nowait, self._runtime, c_uint32(self.cookie))

    def disconnect(self) -> Code:
        """Disconnects this connection, as Runtime.disconnect_resource() does."""
        return _disconnect_resource(self._runtime, self.cookie)

    def __repr__(self) -> str:
        return f"<wsrt.Registration {self.cookie}>"

    # Bound early: at the end of the interpreter names of modules are gone before the last objects are.
    def __del__(self, nowait: Any = _remove_nowait, warn: Any = warnings.warn) -> None:
        if getattr(self, "_open", False):
            self._open = False
            if nowait(self._runtime, c_uint32(self.cookie)) >= 0:
                warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)


class Subscription(Closes):
    """An observer of a runtime. Made by Runtime.subscribe(); ends like a Registration does."""

    __slots__ = ("number", "_runtime", "_open", "__weakref__")

    number: int
    """Names the subscription in its runtime."""

    def __init__(self, runtime: c_void_p, number: int) -> None:
        """For Runtime.subscribe() only."""
        self._runtime = runtime
        self.number = number
        self._open = True

    def close(self, *, wait: bool = True) -> Code:
        """Ends the subscription; does nothing if it has ended already. Changes not yet delivered are dropped.

        Waits and answers as Registration.close() does. Any thread, also in the observer itself.
        """
        if not self._open:
            return S_OK
        self._open = False
        end = lib.ws_unsubscribe if wait else lib.ws_unsubscribe_nowait
        return closed(end, self._runtime, c_uint32(self.number))

    def __repr__(self) -> str:
        return f"<wsrt.Subscription {self.number}>"

    def __del__(self, nowait: Any = lib.ws_unsubscribe_nowait, warn: Any = warnings.warn) -> None:
        if getattr(self, "_open", False):
            self._open = False
            if nowait(self._runtime, c_uint32(self.number)) >= 0:
                warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)


class Runtime(Closes):
    """A workspace runtime in this process: who is connected, and the way to disconnect them.

    Every method may be called on any thread and inside any callback. Callbacks come on the thread that calls, or with
    disconnect_threads on threads of the library; the GIL is not held while a call waits, so other Python threads and
    event loops go on. Methods raise Error where the library refuses, TypeError and ValueError where an argument cannot
    even be given to it.

    Close it (`with`, close()) to end it: that releases every client without disconnecting it. One that is dropped is
    ended by its finalizer, which never waits. A closed one is known as such by every method: E_HANDLE.
    """

    __slots__ = ("_handle", "_key", "__weakref__")

    def __init__(
        self,
        *,
        disconnect_threads: int = 0,
        disconnect_deadline_ms: int = 0,
        drain_timeout_ms: int = 0,
        embedded: bool = False,
    ) -> None:
        """Makes a runtime.

        disconnect_threads      how many threads of the library call issue_disconnect in one disconnect; 0: the caller's
        disconnect_deadline_ms  how long a disconnect on such threads waits for one client; 0: 5,000; INFINITE
        drain_timeout_ms        how long close() and remove() wait for running callbacks; 0 or INFINITE: without limit
        embedded                stay in this process whatever the environment says
        """
        self._handle = c_void_p()
        self._key = 0
        options = _layout.sized(
            _layout.RuntimeOptions,
            flags=RUNTIME_EMBEDDED if embedded else 0,
            disconnect_threads=u32("disconnect_threads", disconnect_threads),
            disconnect_deadline_ms=u32("disconnect_deadline_ms", disconnect_deadline_ms),
            drain_timeout_ms=u32("drain_timeout_ms", drain_timeout_ms),
        )
        _exit.refuse_when_exiting()
        hr = lib.ws_runtime_create(byref(options), byref(self._handle))
        if hr < 0:
            raise failure(hr)
        # A number that stands for the handle where Python compares: 0 where the library gave none.
        self._key = self._handle.value or 0
        _exit.runtimes[self._key] = self._handle

    def add(
        self,
        resource_id: str | Callable[[], str],
        issue_disconnect: Callable[[int], int | None],
        *,
        display_name: str | Callable[[], str] | None = None,
        release: Callable[[], object] | None = None,
        correlation_id: uuid.UUID | None = None,
        event_log_upload_address: str | None = None,
    ) -> Registration:
        """Registers a live connection. Keep what it returns: dropping it removes the registration again.

        resource_id       the id of the workspace, or a callable that is asked for it, once, during this call
        issue_disconnect  called with the cookie to end the connection, maybe before this call returns; on this
                          runtime's threads if it has some, and never twice at once. None is success; else a code, or
                          raise Error(code). RPC_E_DISCONNECTED: it is gone already, and the registration is dropped.
                          Any other exception is E_FAIL to the library, is logged, and reaches who disconnects as the
                          cause of the Error there. To end the registration is the client's task, in here or later
        display_name      the name to show, or a callable like resource_id; if that raises, the exception hook is told
                          and the name is empty
        release           called once, when the registration has ended and after the last callback, on any thread
        correlation_id    the session's id, shown in Resource
        event_log_upload_address  kept for diagnosis only

        If resource_id raises, nothing is registered and the Error has that as its cause.
        """
        function("issue_disconnect", issue_disconnect)
        if release is not None:
            function("release", release)
        client = Client(
            self._key,
            _text_or_function("resource_id", resource_id),
            None if display_name is None else _text_or_function("display_name", display_name),
            issue_disconnect,
            release,
        )
        key = new_key()
        packed = _layout.pack_client(
            _layout.CLIENT_SIZE,
            0,
            key,
            _callbacks.GET_RESOURCE_ID,
            0 if display_name is None else _callbacks.GET_DISPLAY_NAME,
            _callbacks.ISSUE_DISCONNECT,
            _callbacks.RELEASE,
            0,
            0,
        )
        cookie = c_uint32()
        if correlation_id is None and event_log_upload_address is None:
            table[key] = client
            hr = _add(self._handle, packed, byref(cookie))
        else:
            address = None
            if event_log_upload_address is not None:
                address = text("event_log_upload_address", event_log_upload_address)
            session = None if correlation_id is None else byref(guid(correlation_id))
            table[key] = client
            hr = lib.ws_add_resource_ex(self._handle, packed, address, session, byref(cookie))
        if hr < 0:
            # It stays ours: the library has not taken the key.
            table.pop(key, None)
        refused, client.refused = client.refused, None
        if refused is not None and not isinstance(refused, Exception):
            if hr >= 0:
                _remove_nowait(self._handle, cookie)
            raise refused
        if hr < 0:
            raise failure(hr) from refused
        return Registration(self._handle, cookie.value)

    def remove(self, cookie: int, *, wait: bool = True) -> Code:
        """Says that a registered connection is gone; for who has its cookie only. Waits and answers as
        Registration.close(), but raises Error (E_INVALIDARG) if the cookie names no live registration."""
        remove = _remove if wait else _remove_nowait
        return succeeded(remove(self._handle, c_uint32(u32("cookie", cookie))))

    def disconnect_resource(self, cookie: int) -> Code:
        """Disconnects one registered connection: calls its issue_disconnect. It stays registered until its client
        removes it, and may be told again.

        S_OK: it answered with success, or was dead and has been dropped. S_FALSE: it is being told already. Raises
        Error with the answer if that is a failure; E_TIMEOUT: it did not answer in time; E_INVALIDARG: no such
        registration.
        """
        return _disconnect_resource(self._handle, u32("cookie", cookie))

    def disconnect_workspace(self, workspace_id: str) -> Code:
        """Disconnects every registered connection of a workspace, oldest first, whatever each answers.

        S_OK: all answered with success, or were dead and have been dropped; or there is none. S_FALSE: all are being
        told already. S_DEFERRED: called inside an issue_disconnect of the same connections, whose disconnect goes on.
        Raises Error with the failure of the oldest that failed; its cause is what callbacks raised. KeyboardInterrupt
        and SystemExit of a callback are raised themselves, when the call is over.

        In a coroutine: await asyncio.to_thread(runtime.disconnect_workspace, "office").
        """
        wanted = text("workspace_id", workspace_id)
        with Call(self._key, lambda client, _: client.resource_id == wanted) as call:
            hr = lib.ws_disconnect_workspace(self._handle, wanted)
        return _disconnected(hr, call)

    def disconnect_workspace_by_friendly_name(self, friendly_name: str) -> Code:
        """Disconnects every registered connection with a display name, as disconnect_workspace() does."""
        wanted = text("friendly_name", friendly_name)
        with Call(self._key, lambda client, _: client.display_name == wanted) as call:
            hr = lib.ws_disconnect_workspace_by_friendly_name(self._handle, wanted)
        return _disconnected(hr, call)

    def disconnect(
        self,
        *,
        cookie: int = 0,
        workspace_id: str = "",
        friendly_name: str = "",
        everyone: bool = False,
        deadline_ms: int = 0,
    ) -> list[Report]:
        """Disconnects whom exactly one of the first four selects, and tells what became of each, oldest first.

        deadline_ms is for this call; 0: the runtime's. Raises as disconnect_workspace() does; the Error then has the
        reports.
        """
        workspace = text("workspace_id", workspace_id)
        name = text("friendly_name", friendly_name)
        selection = _layout.sized(
            _layout.Disconnect,
            flags=DISCONNECT_ALL if everyone else 0,
            cookie=u32("cookie", cookie),
            deadline_ms=u32("deadline_ms", deadline_ms),
            workspace_id=workspace,
            friendly_name=name,
        )

        def selects(client: Client, of: int) -> bool:
            named = bool(name) and name == client.display_name
            return everyone or of == cookie or workspace == client.resource_id or named

        reports: list[Report] = []
        with Call(self._key, selects) as call:
            visit = _callbacks.show_report(reports.append, call.raised)
            hr = visiting(visit, lib.ws_disconnect_ex, self._handle, byref(selection))
        _disconnected(hr, call, tuple(reports))
        return reports

    def visit(self, visitor: Callable[[Resource], object]) -> Code:
        """Shows every registration, oldest first, from one snapshot; one that is removed while a callback of it runs
        is shown as LEAVING.

        visitor is called on this thread, with no lock held, and may call everything. It stops the showing by returning
        False (the result is then S_FALSE) or by raising, which comes out here.
        """
        function("visitor", visitor)
        return succeeded(visiting(_callbacks.show_resource(visitor), lib.ws_enum_resources, self._handle))

    def resources(self) -> list[Resource]:
        """Every registration, oldest first, as visit() shows them."""
        resources: list[Resource] = []
        self.visit(resources.append)
        return resources

    def subscribe(
        self, changed: Callable[[Change, Resource], object], *, release: Callable[[], object] | None = None
    ) -> Subscription:
        """Has an observer told of every change. Keep what it returns: dropping it ends the subscription.

        changed is called first, during this call, with ADDED for each registration that is there, then with what
        happens, in order per registration: never twice at once, on any thread that changes something. What it raises
        goes to the exception hook. An observer that leaves 1,048,576 changes undelivered is unsubscribed. release is
        called once, after the last change.
        """
        function("changed", changed)
        if release is not None:
            function("release", release)
        key = new_key()
        observer = _layout.sized(
            _layout.Observer,
            user_data=key,
            changed=_callbacks.CHANGED,
            release=_callbacks.RELEASE,
        )
        number = c_uint32()
        table[key] = Observer(changed, release)
        hr = lib.ws_subscribe(self._handle, byref(observer), byref(number))
        if hr < 0:
            table.pop(key, None)
            raise failure(hr)
        return Subscription(self._handle, number.value)

    def destroy(self, *, wait: bool = True) -> Code:
        """Ends the runtime: its registrations and subscriptions end with it and are released, not disconnected.

        S_OK: no callback of it runs or will, every release has run; waits for that outside callbacks, up to
        drain_timeout_ms, unless wait is false. S_DEFERRED: a callback still runs; the last to leave releases. Raises
        Error (E_HANDLE) if it has ended already. Do not call it while holding a lock that a callback takes.
        """
        _exit.runtimes.pop(self._key, None)
        end = lib.ws_runtime_destroy if wait else lib.ws_runtime_destroy_nowait
        return succeeded(end(self._handle))

    def close(self, *, wait: bool = True) -> Code:
        """As destroy(), but does nothing if the runtime has ended already."""
        _exit.runtimes.pop(self._key, None)
        return closed(lib.ws_runtime_destroy if wait else lib.ws_runtime_destroy_nowait, self._handle)

    def __repr__(self) -> str:
        return f"<wsrt.Runtime {self._key:#x}>"

    def __del__(
        self, nowait: Any = lib.ws_runtime_destroy_nowait, warn: Any = warnings.warn, runtimes: Any = _exit.runtimes
    ) -> None:
        if runtimes.pop(getattr(self, "_key", 0), None) is not None and nowait(self._handle) >= 0:
            warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)


def _text_or_function(what: str, value: str | Callable[[], str]) -> bytes | Callable[[], str]:
    if isinstance(value, str):
        return text(what, value)
    if not callable(value):
        raise TypeError(f"{what} must be a str or callable, not {type(value).__name__}")
    return value


def _disconnect_resource(runtime: c_void_p, cookie: int) -> Code:
    with Call(runtime.value or 0, lambda _, of: of == cookie) as call:
        hr = lib.ws_disconnect_resource(runtime, c_uint32(cookie))
    return _disconnected(hr, call)


def _disconnected(hr: int, call: Call, reports: tuple[Report, ...] = ()) -> Code:
    if hr >= 0 and not call.raised:
        return Code(hr) if hr else S_OK
    error: Error | None = failure(hr) if hr < 0 else None
    raised = list(call.raised.values())
    for one in raised:
        if not isinstance(one, Exception):
            raise one
    if error is None:
        return Code(hr)
    error.reports = reports
    if len(raised) > 1:
        causes = [one for one in raised if isinstance(one, Exception)]
        raise error from ExceptionGroup("several clients raised in issue_disconnect", causes)
    raise error from (raised[0] if raised else None)
