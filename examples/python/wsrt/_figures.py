"""What the library shows of a dispenser, as values of Python."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from . import _layout
from ._codes import AUTO_RECLAIM, Code, DispenserState, MANUAL_SWEEP, NO_POOLING, ResourceState
from ._pooled import Pool

T = TypeVar("T")
R = TypeVar("R")


class PooledResource(NamedTuple, Generic[T, R]):
    """A resource of a dispenser as it was at one moment."""

    resource: R | None
    """The resource; None if a string names it, while it is being created, and when it has been destroyed."""
    type: T | None
    """The type that it was last allocated for; None for a tracked one."""
    sresid: str | None
    """The string that names a tracked resource."""
    state: ResourceState
    idle_seconds: int | None
    """How long it may lie idle; None: for ever."""
    age_ms: int
    """Since when it is there."""
    state_age_ms: int
    """How long it has been in that state, as sweeps saw it; 0 before the first that did."""
    uses: int
    """How often it has been allocated."""
    thread_id: int
    """Who allocated or tracked it last: threading.get_native_id() of that thread."""
    resid: int
    """What the library calls it, also in its log; 0 if a string names it."""
    restypid: int
    """What the library calls its type; 0 for a tracked one."""
    instid: int
    """The object that has it; 0: none."""
    transid: int
    """The transaction that it is enlisted in; 0: none."""


class DispenserStats(NamedTuple):
    """Figures of a dispenser."""

    state: DispenserState
    free_unenlisted: int
    """Resources in stock, in no transaction."""
    free_enlisted: int
    """Resources in stock for their transactions only."""
    used_unenlisted: int
    """Resources allocated, in no transaction; being reset counts."""
    used_enlisted: int
    """Resources allocated and enlisted; being reset counts."""
    tracked: int
    awaiting_transaction: int
    """Resources given up that are destroyed when their transaction ends."""
    creating: int
    """Calls of create that run."""
    destroying: int
    """Calls of destroy that run."""
    written_off: int
    """Callbacks written off that have not returned."""
    peak_used: int
    """The most resources in use at once, as seen when one was created and when this was asked."""
    last_create_result: Code
    """What create answered last."""
    allocs: int
    """Resources handed out."""
    frees: int
    """Resources that came back, also by auto_reclaim."""
    creates: int
    create_failures: int
    destroys: int
    destroy_failures: int
    reset_failures: int
    enlist_failures: int
    longest_hold_ms: int
    """How long the resource that is in use longest has been so, as sweeps saw it."""
    longest_hold_thread: int
    """Who allocated that one: threading.get_native_id() of that thread."""


class DispenserOptions(NamedTuple):
    """Settings of a dispenser, with the defaults filled in."""

    auto_reclaim: bool
    no_pooling: bool
    manual_sweep: bool
    sweep_interval_ms: int
    callback_deadline_ms: int
    drain_timeout_ms: int


def pooled_at(address: int, pool: Pool) -> PooledResource[Any, Any]:
    return pooled(_layout.DispenserResourceInfo.from_address(address), pool)


def pooled(info: _layout.DispenserResourceInfo, pool: Pool) -> PooledResource[Any, Any]:
    held = pool.held.get(info.resid)
    kind = pool.numbered.get(info.restypid)
    return PooledResource(
        None if held is None else held.resource,
        None if kind is None else kind.type,
        None if info.sresid is None else info.sresid.decode(),
        ResourceState(info.state),
        None if info.secs_free_before_destroy < 0 else info.secs_free_before_destroy,
        info.age_ms,
        info.state_age_ms,
        info.uses,
        info.thread_id,
        info.resid,
        info.restypid,
        info.instid,
        info.transid,
    )


def stats_of(stats: _layout.DispenserStats) -> DispenserStats:
    figures = {name: getattr(stats, name) for name in DispenserStats._fields}
    figures["state"] = DispenserState(stats.state)
    figures["last_create_result"] = Code(stats.last_create_result)
    return DispenserStats(**figures)


def options_of(options: _layout.DispenserOptions) -> DispenserOptions:
    return DispenserOptions(
        bool(options.flags & AUTO_RECLAIM),
        bool(options.flags & NO_POOLING),
        bool(options.flags & MANUAL_SWEEP),
        options.sweep_interval_ms,
        options.callback_deadline_ms,
        options.drain_timeout_ms,
    )
