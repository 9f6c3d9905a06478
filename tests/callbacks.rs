//! The callback contract: from every callback every function may be called, on the same object, on another and on one
//! that is closing, with the exact code; and S_OK from a removal means that nothing of the object runs any more.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

#[path = "callbacks/books.rs"]
mod books;
#[path = "callbacks/clients.rs"]
mod clients;
#[path = "callbacks/mutual.rs"]
mod mutual;
#[path = "callbacks/play.rs"]
mod play;
#[path = "callbacks/pool_actions.rs"]
mod pool_actions;
#[path = "callbacks/pools.rs"]
mod pools;
#[path = "callbacks/scene.rs"]
mod scene;
mod support;
#[path = "support/watchdog.rs"]
mod watchdog;

use play::Target::*;
use play::*;
use pool_actions::POOL_ACTIONS;
use scene::Kind::*;
use scene::*;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use watchdog::Watchdog;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// The log is one per process, and these tests set it.
static LOG: Mutex<()> = Mutex::new(());

fn target(cast: Cast, target: Target) -> *mut ws_runtime {
    match target {
        Same => cast.runtime.get(),
        Other => cast.other.get(),
        Closing => cast.closing.runtime.get(),
    }
}

fn idle_of(cast: Cast, target: Target) -> ws_cookie {
    if target == Other { cast.other_cookie } else { cast.cookies[1] }
}

fn subscription_of(cast: Cast, target: Target) -> u32 {
    if target == Other { cast.other_subscription } else { cast.subscription }
}

/// A closing runtime has no name any more; elsewhere `code`.
fn unless_closing(target: Target, code: i32) -> i32 {
    if target == Closing { WSRT_E_HANDLE } else { code }
}

fn removing_own(kind: Kind, target: Target) -> i32 {
    match (kind, target) {
        (Issue | IssueInFanOut, Same) => WSRT_S_DEFERRED,
        // Its release runs: it has been removed. During Add there is no cookie yet.
        (Release | GetId | GetName, Same) => WSRT_E_INVALIDARG,
        (_, target) => unless_closing(target, WSRT_S_OK),
    }
}

fn ending(kind: Kind, target: Target) -> i32 {
    match target {
        // Neither the log nor the pool is the runtime's: nothing of the runtime runs.
        Same if kind == LogWrite || kind.is_of_pool() && kind != PoolRelease => WSRT_S_OK,
        Same => WSRT_S_DEFERRED,
        Other => WSRT_S_OK,
        Closing => WSRT_E_HANDLE,
    }
}

fn unsubscribing(kind: Kind, target: Target) -> i32 {
    match (kind, target) {
        (Changed, Same) => WSRT_S_DEFERRED,
        (ObserverRelease, Same) => WSRT_E_INVALIDARG,
        (_, target) => unless_closing(target, WSRT_S_OK),
    }
}

/// Every export, by name; some in several ways.
const ACTIONS: &[(&str, Do, Expect)] = &[
    ("wsrt_version", |_, _, _, _| unsafe { wsrt_version().is_null().into() }, |_, _| WSRT_S_OK),
    ("wsrt_abi_version", |_, _, _, _| unsafe { (wsrt_abi_version() != WSRT_ABI_VERSION).into() }, |_, _| WSRT_S_OK),
    ("wsrt_hresult_name", |_, _, _, _| unsafe { wsrt_hresult_name(0).is_null().into() }, |_, _| WSRT_S_OK),
    (
        "wsrt_last_error",
        |_, _, _, _| unsafe { wsrt_last_error(null_mut(), [0].as_mut_ptr(), 1, null_mut()) },
        |_, _| WSRT_S_OK,
    ),
    (
        "wsrt_text_set",
        |_, _, _, text| unsafe { wsrt_text_set(text, c"nowhere".as_ptr(), usize::MAX) },
        |kind, _| if matches!(kind, GetId | GetName) { WSRT_S_OK } else { WSRT_E_HANDLE },
    ),
    (
        "wsrt_set_log",
        |_, _, _, _| unsafe { wsrt_set_log(null()) },
        |kind, _| if kind == LogWrite { WSRT_S_DEFERRED } else { WSRT_S_OK },
    ),
    (
        "ws_runtime_create",
        |_, _, _, _| unsafe {
            let mut made = null_mut();
            ws_runtime_create(null(), &mut made) | ws_runtime_destroy(made)
        },
        |_, _| WSRT_S_OK,
    ),
    ("ws_runtime_destroy", |_, c, t, _| unsafe { ws_runtime_destroy(target(c, t)) }, ending),
    ("ws_runtime_destroy_nowait", |_, c, t, _| unsafe { ws_runtime_destroy_nowait(target(c, t)) }, ending),
    ("ws_add_resource", |s, c, t, _| add(Runtime(target(c, t) as usize), s).0, |_, t| unless_closing(t, WSRT_S_OK)),
    (
        "ws_add_resource_ex",
        |s, c, t, _| {
            let code = unsafe { ws_add_resource_ex(target(c, t), &client(s), null(), null(), &mut 0) };
            s.added.fetch_add((code == WSRT_S_OK).into(), Ordering::SeqCst);
            code
        },
        |_, t| unless_closing(t, WSRT_S_OK),
    ),
    (
        "ws_remove_resource",
        |_, c, t, _| unsafe { ws_remove_resource(target(c, t), idle_of(c, t)) },
        |_, t| unless_closing(t, WSRT_S_OK),
    ),
    (
        "ws_remove_resource",
        |_, c, t, _| unsafe {
            ws_remove_resource(target(c, t), if t == Other { c.other_cookie } else { c.cookies[0] })
        },
        removing_own,
    ),
    (
        "ws_remove_resource",
        |_, c, t, _| unsafe {
            ws_remove_resource(target(c, t), if t == Other { c.other_cookie } else { c.cookies[2] })
        },
        |kind, target| match (kind, target) {
            (Issue | IssueInFanOut | Changed | ObserverRelease | LogRelease | PoolRelease, Same) => WSRT_S_DEFERRED,
            (GetId | GetName | Release, Same) => WSRT_E_INVALIDARG,
            (_, target) => unless_closing(target, WSRT_S_OK),
        },
    ),
    (
        "ws_remove_resource_nowait",
        |_, c, t, _| unsafe {
            ws_remove_resource_nowait(target(c, t), if t == Other { c.other_cookie } else { c.cookies[0] })
        },
        removing_own,
    ),
    (
        "ws_remove_resource_ex",
        |_, c, t, _| unsafe {
            ws_remove_resource_ex(target(c, t), if t == Other { c.other_cookie } else { c.cookies[0] }, null())
        },
        removing_own,
    ),
    (
        "ws_disconnect_resource",
        |_, c, t, _| unsafe { ws_disconnect_resource(target(c, t), idle_of(c, t)) },
        |_, t| unless_closing(t, WSRT_S_OK),
    ),
    (
        "ws_disconnect_resource",
        |_, c, t, _| unsafe {
            ws_disconnect_resource(target(c, t), if t == Other { c.other_cookie } else { c.cookies[0] })
        },
        |kind, target| match (kind, target) {
            (Issue | IssueInFanOut, Same) => WSRT_S_FALSE,
            (GetId | GetName | Release, Same) => WSRT_E_INVALIDARG,
            (_, target) => unless_closing(target, WSRT_S_OK),
        },
    ),
    (
        "ws_disconnect_workspace",
        |_, c, t, _| unsafe { ws_disconnect_workspace(target(c, t), c"contoso".as_ptr()) },
        |kind, target| match (kind, target) {
            (IssueInFanOut, Same) => WSRT_S_DEFERRED,
            (_, target) => unless_closing(target, WSRT_S_OK),
        },
    ),
    (
        "ws_disconnect_workspace_by_friendly_name",
        |_, c, t, _| unsafe { ws_disconnect_workspace_by_friendly_name(target(c, t), c"Contoso".as_ptr()) },
        |_, t| unless_closing(t, WSRT_S_OK),
    ),
    (
        "ws_disconnect_ex",
        |s, c, t, _| disconnect_all(Runtime(target(c, t) as usize), s, 0),
        |_, t| unless_closing(t, WSRT_S_OK),
    ),
    (
        "ws_enum_resources",
        |s, c, t, _| unsafe { ws_enum_resources(target(c, t), Some(visit), Arc::as_ptr(s) as *mut c_void) },
        |_, t| unless_closing(t, WSRT_S_OK),
    ),
    ("ws_subscribe", |s, c, t, _| subscribe(Runtime(target(c, t) as usize), s).0, |_, t| unless_closing(t, WSRT_S_OK)),
    ("ws_unsubscribe", |_, c, t, _| unsafe { ws_unsubscribe(target(c, t), subscription_of(c, t)) }, unsubscribing),
    (
        "ws_unsubscribe_nowait",
        |_, c, t, _| unsafe { ws_unsubscribe_nowait(target(c, t), subscription_of(c, t)) },
        unsubscribing,
    ),
];

/// Whether closing has begun elsewhere: the one who does it waits.
fn wait_until(mut begun: impl FnMut() -> bool) {
    while !begun() {
        thread::yield_now();
    }
}

#[test]
fn every_export_from_every_callback_on_every_object() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    let exports = support::exports();
    let rows = || ACTIONS.iter().map(|row| row.0).chain(POOL_ACTIONS.iter().map(|row| row.0));
    assert!(exports.iter().all(|export| rows().any(|name| name == export)), "an export without a row in {exports:?}");

    let dog = Watchdog::new();
    // A runtime and two pools that are closing: their end waits for a callback.
    let leaving = [Issue, Create, Reset].map(|kind| stage(kind, kind, Leaving::NOTHING, None));
    let [runtime, pool, ending] = [0, 1, 2].map(|at: usize| leaving[at].cast);
    let closing = Leaving { runtime: runtime.runtime, pool: pool.pools.pool, ending: ending.pools.pool };
    let enders = [
        thread::spawn(move || unsafe { ws_runtime_destroy(closing.runtime.get()) }),
        thread::spawn(move || unsafe { dispenser_close(closing.pool.get()) }),
        thread::spawn(move || unsafe { dispenser_destroy(closing.ending.get()) }),
    ];
    wait_until(|| unsafe { ws_unsubscribe_nowait(closing.runtime.get(), u32::MAX) } == WSRT_E_HANDLE);
    wait_until(|| closing.pool.info(1).0 == WSRT_E_CLOSED);
    wait_until(|| closing.ending.info(1).0 == WSRT_E_HANDLE);

    for kind in KINDS {
        for aim in [Same, Other, Closing] {
            for (at, &(export, act, expect)) in ACTIONS.iter().enumerate() {
                let what = format!("{export} (row {at}) on {aim:?} from {kind:?}");
                dog.watch(&what);
                let returned = act_in(kind, aim, closing, act, expect, &what);
                let ended = export.starts_with("ws_runtime_destroy") && aim == Same;
                let expected = match kind {
                    GetId | GetName if ended => WSRT_E_HANDLE,
                    Issue | IssueInFanOut | LogWrite | Visit if ended => WSRT_E_ABORT,
                    _ => WSRT_S_OK,
                };
                if ended || kind.is_of_pool() {
                    assert_eq!(returned, expected, "{what}: the call in which it was done");
                }
            }
            for (at, &(export, act, expect, and_returns)) in POOL_ACTIONS.iter().enumerate() {
                let what = format!("{export} (row {at}) on {aim:?} from {kind:?}");
                dog.watch(&what);
                let returned = act_in(kind, aim, closing, act, expect, &what);
                // The client of a message in the log has failed.
                let expected = if kind == LogWrite { WSRT_E_FAIL } else { and_returns(kind, aim) };
                assert_eq!(returned, expected, "{what}: returned 0x{returned:08X}, not 0x{expected:08X}");
            }
        }
    }
    dog.watch("those that are closing");
    for (play, ender) in leaving.into_iter().zip(enders) {
        play.go.send(()).expect("somebody is parked");
        assert_eq!(ender.join().expect("it ends"), WSRT_S_OK);
        play.finish("closing");
    }
}

/// One action in one callback on one object; gives back what the call returned that the callback was part of.
fn act_in(kind: Kind, aim: Target, closing: Leaving, act: Do, expect: Expect, what: &str) -> i32 {
    let play = stage(kind, parking(kind), closing, None);
    let (scene, cast) = (play.scene.clone(), play.cast);
    *play.scene.action.lock().unwrap() = Some(Box::new(move |text| act(&scene, cast, aim, text)));
    ROLE.set(Role::Act);
    let returned = trigger(kind, &play.scene, play.cast, 0);
    ROLE.set(Role::Pass);
    let code = play.scene.result.lock().unwrap().take();
    let code = code.unwrap_or_else(|| panic!("{what}: the callback did not run"));
    let expected = expect(kind, aim);
    assert_eq!(code, expected, "{what}: 0x{code:08X} instead of 0x{expected:08X}");
    play.end(what);
    returned
}

/// Which of the ways by which a pool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Close,
    Destroy,
}

/// How the object whose callback runs is closed.
fn close(kind: Kind, end: End, cast: Cast, nowait: bool) -> i32 {
    let runtime = cast.runtime.get();
    let pool = cast.pools.pool.get();
    unsafe {
        match (kind, nowait) {
            (Issue, false) => ws_remove_resource(runtime, cast.cookies[2]),
            (Issue, true) => ws_remove_resource_nowait(runtime, cast.cookies[2]),
            (Changed, false) => ws_unsubscribe(runtime, cast.subscription),
            (Changed, true) => ws_unsubscribe_nowait(runtime, cast.subscription),
            (LogWrite, _) => wsrt_set_log(null()),
            (kind, false) if kind.is_of_pool() && end == End::Close => dispenser_close(pool),
            (kind, true) if kind.is_of_pool() && end == End::Close => dispenser_close_nowait(pool),
            (kind, false) if kind.is_of_pool() => dispenser_destroy(pool),
            (kind, true) if kind.is_of_pool() => dispenser_destroy_nowait(pool),
            (_, false) => ws_runtime_destroy(runtime),
            (_, true) => ws_runtime_destroy_nowait(runtime),
        }
    }
}

/// Whether the object has lost its name, so that closing it has begun.
fn is_unlinked(kind: Kind, end: End, cast: Cast) -> bool {
    let runtime = cast.runtime.get();
    match kind {
        Issue => unsafe { ws_disconnect_resource(runtime, cast.cookies[2]) == WSRT_E_INVALIDARG },
        Changed => unsafe { ws_unsubscribe_nowait(runtime, u32::MAX) == WSRT_E_INVALIDARG },
        LogWrite => true,
        kind if kind.is_of_pool() => {
            cast.pools.pool.info(1).0 == if end == End::Close { WSRT_E_CLOSED } else { WSRT_E_HANDLE }
        }
        _ => unsafe { ws_unsubscribe_nowait(runtime, u32::MAX) == WSRT_E_HANDLE },
    }
}

fn ends_of_pools() -> impl Iterator<Item = (Kind, End)> {
    let kinds = [Create, Rate, Enlist, Reset, Destroy, DestroyS, PoolVisit];
    kinds.into_iter().flat_map(|kind| [(kind, End::Close), (kind, End::Destroy)])
}

#[test]
fn closing_from_outside_waits_until_nothing_of_the_object_runs() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    let dog = Watchdog::new();
    let clients = [GetId, GetName, Issue, Release, Changed, ObserverRelease, LogWrite, Visit, Report];
    let kinds = clients.map(|kind| (kind, End::Destroy)).into_iter().chain(ends_of_pools());
    for (kind, end) in kinds.chain([(PoolRelease, End::Destroy)]) {
        let what = format!("closing while {kind:?} runs, by {end:?}");
        dog.watch(&what);
        let play = stage(kind, kind, Leaving::NOTHING, None);
        let (scene, cast) = (play.scene.clone(), play.cast);
        let closer = thread::spawn(move || {
            let code = close(kind, end, cast, false);
            let released = !kind.is_of_pool() || scene.books.lock().unwrap().released()[0];
            (code, scene.left.load(Ordering::SeqCst), released)
        });
        wait_until(|| is_unlinked(kind, end, cast));
        thread::sleep(Duration::from_millis(20));
        assert!(!closer.is_finished(), "{what}: it waits");
        play.go.send(()).unwrap();
        assert_eq!(closer.join().unwrap(), (WSRT_S_OK, true, true), "{what}: left and released before S_OK");
        play.finish(&what);
    }
}

#[test]
fn without_waiting_and_when_the_wait_runs_out_it_is_deferred() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    let dog = Watchdog::new();
    let short = ws_runtime_options { drain_timeout_ms: 30, ..options() };
    let clients = [Issue, Changed, Visit, GetId, Release].map(|kind| (kind, End::Destroy));
    let kinds = clients.into_iter().chain(ends_of_pools());
    for (kind, end, nowait) in kinds.flat_map(|(kind, end)| [(kind, end, true), (kind, end, false)]) {
        let what = format!("closing while {kind:?} runs, by {end:?}, nowait {nowait}");
        dog.watch(&what);
        let play = stage(kind, kind, Leaving::NOTHING, Some(short));
        assert_eq!(close(kind, end, play.cast, nowait), WSRT_S_DEFERRED, "{what}");
        assert!(!play.scene.books.lock().unwrap().released()[0], "{what}: the driver is needed");
        assert!(!play.scene.left.load(Ordering::SeqCst), "{what}: the callback still runs");
        let second = close(kind, end, play.cast, nowait);
        let expected = match (kind, end) {
            (Issue | Changed, _) => WSRT_E_INVALIDARG,
            (_, End::Close) => WSRT_E_CLOSED,
            _ => WSRT_E_HANDLE,
        };
        assert_eq!(second, expected, "{what}: a second closer has nothing to close");
        play.end(&what);
    }
}
