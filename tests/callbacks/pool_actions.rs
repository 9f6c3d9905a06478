//! Every export of the dispenser as an action, with what it must answer in each callback.

use crate::books::{create_pool, fresh, room, visit};
use crate::play::Target::{self, *};
use crate::play::{Cast, Do, Expect};
use crate::pools::{ASKED, Pool, STOCKED};
use crate::scene::Kind::{self, *};
use crate::scene::Scene;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// What the call returns in whose callback the action was taken.
pub type Returned = fn(Kind, Target) -> i32;

fn pool(cast: Cast, aim: Target) -> Pool {
    match aim {
        Same => cast.pools.pool,
        Other => cast.pools.other,
        Closing => cast.closing.pool,
    }
}

/// As `pool`, for what ends a handle: the one that is closing must not be ended here.
fn ending(cast: Cast, aim: Target) -> *mut dispenser {
    if aim == Closing { cast.closing.ending.get() } else { pool(cast, aim).get() }
}

/// A closed pool keeps its name, and answers that it is closed; elsewhere `code`.
fn unless_closed(kind: Kind, aim: Target, code: i32) -> i32 {
    let is_closed = aim == Closing || aim == Same && kind == PoolRelease;
    if is_closed { WSRT_E_CLOSED } else { code }
}

fn open(kind: Kind, aim: Target) -> i32 {
    unless_closed(kind, aim, WSRT_S_OK)
}

fn always(_: Kind, _: Target) -> i32 {
    WSRT_S_OK
}

fn closing(kind: Kind, aim: Target) -> i32 {
    let runs = aim == Same && kind.is_of_pool();
    unless_closed(kind, aim, if runs { WSRT_S_DEFERRED } else { WSRT_S_OK })
}

fn destroying(kind: Kind, aim: Target) -> i32 {
    match aim {
        Same if kind.is_of_pool() => WSRT_S_DEFERRED,
        Closing => WSRT_E_HANDLE,
        _ => WSRT_S_OK,
    }
}

/// Whose work was undone when the pool was closed hears of it; what was given back is gone as it was to be.
fn closed_meanwhile(kind: Kind, aim: Target) -> i32 {
    let undone = aim == Same && matches!(kind, Create | Rate | Enlist);
    if undone { WSRT_E_CLOSED } else { WSRT_S_OK }
}

/// The actor's own resource: it is in its user's hands but where its own callback runs.
fn own(kind: Kind, aim: Target) -> i32 {
    let is_away = aim == Same && matches!(kind, Reset | Destroy);
    unless_closed(kind, aim, if is_away || aim == Other { WSRT_E_INVALIDARG } else { WSRT_S_OK })
}

/// Every export, by name; some in several ways.
pub const POOL_ACTIONS: &[(&str, Do, Expect, Returned)] = &[
    (
        "dispenser_create",
        |s, _, _, _| {
            let (code, pool) = create_pool(s, &room());
            code | unsafe { dispenser_destroy(pool) }
        },
        always,
        always,
    ),
    ("dispenser_close", |_, c, t, _| unsafe { dispenser_close(pool(c, t).get()) }, closing, closed_meanwhile),
    (
        "dispenser_close_nowait",
        |_, c, t, _| unsafe { dispenser_close_nowait(pool(c, t).get()) },
        closing,
        closed_meanwhile,
    ),
    ("dispenser_destroy", |_, c, t, _| unsafe { dispenser_destroy(ending(c, t)) }, destroying, closed_meanwhile),
    (
        "dispenser_destroy_nowait",
        |_, c, t, _| unsafe { dispenser_destroy_nowait(ending(c, t)) },
        destroying,
        closed_meanwhile,
    ),
    ("dispenser_alloc_resource", |s, c, t, _| pool(c, t).alloc(s, STOCKED).0, open, always),
    ("dispenser_alloc_resource", |s, c, t, _| pool(c, t).alloc(s, ASKED).0, open, always),
    ("dispenser_free_resource", |s, c, t, _| pool(c, t).free(s, c.pools.used_of(t)), open, always),
    ("dispenser_free_resource", |s, c, t, _| pool(c, t).free(s, c.pools.used[0]), own, always),
    ("dispenser_destroy_resource", |s, c, t, _| pool(c, t).destroy_resource(s, c.pools.used_of(t)), open, always),
    (
        // The very one that the callback is about.
        "dispenser_destroy_resource",
        |s, c, t, _| pool(c, t).destroy_resource(s, s.about.load(Ordering::SeqCst)),
        |kind, aim| {
            let known = aim == Same && matches!(kind, Rate | Enlist | Reset | PoolVisit);
            unless_closed(kind, aim, if known { WSRT_S_OK } else { WSRT_E_INVALIDARG })
        },
        // An allocation that loses a candidate goes on without it.
        |kind, aim| if aim == Same && matches!(kind, Enlist | Reset) { WSRT_E_FAIL } else { WSRT_S_OK },
    ),
    (
        "dispenser_track_resource",
        |_, c, t, _| unsafe { dispenser_track_resource(pool(c, t).get(), fresh()) },
        open,
        always,
    ),
    (
        "dispenser_track_resource_ex",
        |_, c, t, _| unsafe {
            dispenser_track_resource_ex(pool(c, t).get(), fresh(), c.pools.instid, c.pools.transids[1])
        },
        open,
        always,
    ),
    (
        "dispenser_track_resource_s",
        |_, c, t, _| unsafe { dispenser_track_resource_s(pool(c, t).get(), c"new".as_ptr()) },
        open,
        always,
    ),
    (
        "dispenser_untrack_resource",
        |_, c, t, _| unsafe { dispenser_untrack_resource(pool(c, t).get(), c.pools.tracked_of(t), 1) },
        open,
        always,
    ),
    (
        "dispenser_untrack_resource",
        |_, c, t, _| unsafe { dispenser_untrack_resource(pool(c, t).get(), c.pools.tracked_of(t), 0) },
        open,
        always,
    ),
    (
        "dispenser_untrack_resource_s",
        |_, c, t, _| unsafe { dispenser_untrack_resource_s(pool(c, t).get(), c"1".as_ptr(), 1) },
        open,
        always,
    ),
    (
        // That of the callback, where it is about a string.
        "dispenser_untrack_resource_s",
        |_, c, t, _| unsafe { dispenser_untrack_resource_s(pool(c, t).get(), c"0".as_ptr(), 1) },
        |kind, aim| {
            let is_away = aim == Same && kind == DestroyS;
            unless_closed(kind, aim, if is_away { WSRT_E_INVALIDARG } else { WSRT_S_OK })
        },
        always,
    ),
    (
        "dispenser_sweep",
        |_, c, t, _| unsafe { dispenser_sweep(pool(c, t).get(), 2_000_000) },
        |_, _| WSRT_S_FALSE,
        always,
    ),
    (
        "dispenser_get_options",
        |_, c, t, _| unsafe { dispenser_get_options(pool(c, t).get(), &mut room()) },
        always,
        always,
    ),
    ("dispenser_get_stats", |_, c, t, _| unsafe { dispenser_get_stats(pool(c, t).get(), &mut room()) }, always, always),
    ("dispenser_get_resource_info", |_, c, t, _| pool(c, t).info(c.pools.used_of(t)).0, open, always),
    (
        "dispenser_enum_resources",
        |s, c, t, _| unsafe { dispenser_enum_resources(pool(c, t).get(), Some(visit), Arc::as_ptr(s) as *mut c_void) },
        always,
        always,
    ),
    ("dispenser_get_context", |_, _, _, _| unsafe { dispenser_get_context(&mut 0, &mut 0) }, always, always),
    (
        "dispenser_set_context",
        |_, c, _, _| unsafe { dispenser_set_context(c.pools.instid, c.pools.transids[1]) },
        always,
        always,
    ),
    ("dispenser_instance_ended", |s, c, _, _| instance_ended(s, c), always, always),
    (
        "dispenser_transaction_aborting",
        |_, c, _, _| unsafe { dispenser_transaction_aborting(c.pools.transids[0]) },
        always,
        always,
    ),
    (
        "dispenser_transaction_ended",
        |_, c, _, _| unsafe { dispenser_transaction_ended(c.pools.transids[0], 1) },
        always,
        always,
    ),
    (
        // That of the other thread, which is enlisting in it.
        "dispenser_transaction_ended",
        |_, c, _, _| unsafe { dispenser_transaction_ended(c.pools.transids[2], 0) },
        always,
        always,
    ),
];

/// What an object held goes back to a pool that is open.
fn instance_ended(scene: &Scene, cast: Cast) -> i32 {
    let code = unsafe { dispenser_instance_ended(cast.pools.instid) };
    let (known, info) = cast.pools.pool.info(cast.pools.used[1]);
    if known == WSRT_S_OK {
        assert_eq!((info.state, info.instid), (DISPENSER_RESOURCE_FREE_UNENLISTED, 0), "reclaimed");
        scene.books.lock().unwrap().held.remove(&cast.pools.used[1]);
        assert_eq!(cast.pools.pool.info(cast.pools.tracked).0, WSRT_E_INVALIDARG, "given up");
    } else {
        assert_eq!(known, WSRT_E_CLOSED);
    }
    code
}
