"""The RemoteApp and Desktop Connection workspace runtime and the COM+ resource dispenser, from Python.

A client registers its live connection and gets a cookie; when it disconnects it says so; and the runtime can
disconnect it by calling it back: one connection, or every connection of a workspace.

    with wsrt.Runtime() as runtime:
        with runtime.add("office", lambda cookie: print("end the connection")):
            runtime.disconnect_workspace("office")

A dispenser is a pool of anything, whose owner supplies a driver that creates, rates, enlists, resets and destroys. It
keeps what is enlisted in a transaction for that transaction, and takes back what belongs to an object that has ended.

    class Connections(wsrt.Driver[str, sqlite3.Connection]):
        def create(self, type: str) -> sqlite3.Connection:
            return sqlite3.connect(type, check_same_thread=False)

    with wsrt.Dispenser(Connections(), "connections") as pool:
        with pool.lease("one.db") as connection:
            connection.execute("select 1")

The library is looked for when this module is imported: where WSRT_LIBRARY says, and then nowhere else; else beside this
file (libwsrt.so.0); else where the loader finds libwsrt.so.0. If it is not found, or offers another interface than this
package needs, the import raises ImportError and says what was tried.

What holds everywhere:

* Failures raise Error, with the code, its name and the library's own words. Wrong types are TypeError, strings with a
  NUL inside and numbers out of range ValueError, both before the library is called.
* Callables live until the library has released them, and no longer. Objects that are dropped without close() are ended
  by their finalizers, with a ResourceWarning.
* Any thread may call anything, inside callbacks too. Callbacks come on the calling thread or on threads of the library.
  Waiting calls do not hold the GIL.
* What a callback raises is logged (logger "wsrt"), and goes to who caused it: a visitor's exception comes out of the
  call, that of resource_id and issue_disconnect is the cause of the Error, and so is that of a driver's create, enlist,
  reset or destroy where the call fails for it. All others go to set_exception_hook().
* At exit every runtime and every dispenser ends and running callbacks are waited for: set_exit_timeout().
* A child of fork() inherits names only: E_FORKED, and close() does nothing. It may make new objects.
"""

from ._codes import (
    CO_E_OBJNOTCONNECTED,
    E_ABORT,
    E_ACCESSDENIED,
    E_ALREADY_EXISTS,
    E_CANCELLED,
    E_CLOSED,
    E_FAIL,
    E_FORKED,
    E_HANDLE,
    E_INVALIDARG,
    E_MORE_DATA,
    E_NOINTERFACE,
    E_NOT_FOUND,
    E_NOTIMPL,
    E_OUTOFMEMORY,
    E_OVERDUE,
    E_POINTER,
    E_TIMEOUT,
    E_TX_ABORTING,
    E_UNEXPECTED,
    INFINITE,
    MTXDM_E_ENLISTRESOURCEFAILED,
    RATING_PERFECT,
    RATING_UNUSABLE,
    RPC_E_DISCONNECTED,
    S_DEFERRED,
    S_FALSE,
    S_OK,
    Change,
    Code,
    DispenserState,
    Event,
    Level,
    Outcome,
    ResourceState,
    State,
)
from ._context import context, get_context, instance_ended, set_context, transaction_aborting, transaction_ended
from ._dispenser import Dispenser, Lease
from ._driver import Driver
from ._errors import Error, set_exception_hook
from ._exit import set_exit_timeout
from ._figures import DispenserOptions, DispenserStats, PooledResource
from ._library import ABI_VERSION, library_version
from ._log import Log, log
from ._runtime import Registration, Runtime, Subscription
from ._values import Report, Resource

__all__ = [
    "ABI_VERSION",
    "CO_E_OBJNOTCONNECTED",
    "Change",
    "Code",
    "Dispenser",
    "DispenserOptions",
    "DispenserState",
    "DispenserStats",
    "Driver",
    "E_ABORT",
    "E_ACCESSDENIED",
    "E_ALREADY_EXISTS",
    "E_CANCELLED",
    "E_CLOSED",
    "E_FAIL",
    "E_FORKED",
    "E_HANDLE",
    "E_INVALIDARG",
    "E_MORE_DATA",
    "E_NOINTERFACE",
    "E_NOTIMPL",
    "E_NOT_FOUND",
    "E_OUTOFMEMORY",
    "E_OVERDUE",
    "E_POINTER",
    "E_TIMEOUT",
    "E_TX_ABORTING",
    "E_UNEXPECTED",
    "Error",
    "Event",
    "INFINITE",
    "Lease",
    "Level",
    "Log",
    "MTXDM_E_ENLISTRESOURCEFAILED",
    "Outcome",
    "PooledResource",
    "RATING_PERFECT",
    "RATING_UNUSABLE",
    "RPC_E_DISCONNECTED",
    "Registration",
    "Report",
    "Resource",
    "ResourceState",
    "Runtime",
    "S_DEFERRED",
    "S_FALSE",
    "S_OK",
    "State",
    "Subscription",
    "context",
    "get_context",
    "instance_ended",
    "library_version",
    "log",
    "set_context",
    "set_exception_hook",
    "set_exit_timeout",
    "transaction_aborting",
    "transaction_ended",
]
