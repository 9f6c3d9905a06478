//! The callback contract: from every callback every function may be called, on the same object, on another and on one
//! that is closing, with the exact code; and S_OK from a removal means that nothing of the object runs any more.

#![allow(clippy::undocumented_unsafe_blocks, reason = "everything here goes through the C border")]

mod support;

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// The foreign functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    GetId,
    GetName,
    Issue,
    /// The first callback of a fan-out over the workspace.
    IssueInFanOut,
    Release,
    Changed,
    ObserverRelease,
    LogWrite,
    LogRelease,
    Visit,
    Report,
}
use Kind::*;

const KINDS: [Kind; 11] =
    [GetId, GetName, Issue, IssueInFanOut, Release, Changed, ObserverRelease, LogWrite, LogRelease, Visit, Report];

thread_local! {
    /// What this thread is to do in the wanted callback: act, wait to be let go, or nothing.
    static ROLE: Cell<Role> = const { Cell::new(Role::Pass) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Pass,
    Act,
    Park,
}

type Action = Box<dyn FnOnce(*mut wsrt_text) -> i32 + Send>;

/// One scene: a runtime with three clients and an observer, and what is to happen in which callback.
struct Scene {
    act_in: Kind,
    park_in: Kind,
    action: Mutex<Option<Action>>,
    result: Mutex<Option<i32>>,
    parked: Sender<()>,
    let_go: Mutex<Receiver<()>>,
    left: AtomicBool,
    added: AtomicU32,
    released: AtomicU32,
    /// Clients answer a failure, which makes the library write to the log.
    failing: AtomicBool,
}

impl Scene {
    fn on(&self, kind: Kind, text: *mut wsrt_text) {
        match ROLE.get() {
            Role::Act if kind == self.act_in => {
                let action = self.action.lock().unwrap().take();
                if let Some(action) = action {
                    // Nested callbacks pass, and obey.
                    ROLE.set(Role::Pass);
                    self.failing.store(false, Ordering::SeqCst);
                    *self.result.lock().unwrap() = Some(action(text));
                }
            }
            Role::Park if kind == self.park_in => {
                ROLE.set(Role::Pass);
                self.parked.send(()).unwrap();
                self.let_go.lock().unwrap().recv().unwrap();
                self.left.store(true, Ordering::SeqCst);
            }
            _ => {}
        }
    }
}

fn scene_of<'a>(user_data: *mut c_void) -> &'a Scene {
    unsafe { &*user_data.cast::<Scene>() }
}

unsafe extern "C" fn get_id(user_data: *mut c_void, id: *mut wsrt_text) -> i32 {
    scene_of(user_data).on(GetId, id);
    unsafe { wsrt_text_set(id, c"contoso".as_ptr(), usize::MAX) }
}
unsafe extern "C" fn get_name(user_data: *mut c_void, name: *mut wsrt_text) -> i32 {
    scene_of(user_data).on(GetName, name);
    unsafe { wsrt_text_set(name, c"Contoso".as_ptr(), usize::MAX) }
}
unsafe extern "C" fn issue(user_data: *mut c_void, _: ws_cookie) -> i32 {
    let scene = scene_of(user_data);
    scene.on(Issue, null_mut());
    scene.on(IssueInFanOut, null_mut());
    if scene.failing.load(Ordering::SeqCst) { WSRT_E_FAIL } else { WSRT_S_OK }
}
unsafe extern "C" fn release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on(Release, null_mut());
    scene.released.fetch_add(1, Ordering::SeqCst);
}
unsafe extern "C" fn changed(user_data: *mut c_void, _: u32, info: *const ws_resource_info) {
    assert!(!info.is_null());
    scene_of(user_data).on(Changed, null_mut());
}
unsafe extern "C" fn observer_release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on(ObserverRelease, null_mut());
    scene.released.fetch_add(1, Ordering::SeqCst);
}
unsafe extern "C" fn write_log(user_data: *mut c_void, _: u32, _: *const c_char, _: *const c_char) {
    scene_of(user_data).on(LogWrite, null_mut());
}
unsafe extern "C" fn log_release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on(LogRelease, null_mut());
    scene.released.fetch_add(1, Ordering::SeqCst);
}
unsafe extern "C" fn visit(user_data: *mut c_void, _: *const ws_resource_info) -> i32 {
    scene_of(user_data).on(Visit, null_mut());
    WSRT_S_OK
}
unsafe extern "C" fn report(user_data: *mut c_void, _: *const ws_disconnect_report) -> i32 {
    scene_of(user_data).on(Report, null_mut());
    WSRT_S_OK
}

/// A pointer-like name that may go to another thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Runtime(usize);

impl Runtime {
    fn new(options: Option<ws_runtime_options>) -> Self {
        let mut made = null_mut();
        let options = options.as_ref().map_or(null(), |options| options as *const _);
        assert_eq!(unsafe { ws_runtime_create(options, &mut made) }, WSRT_S_OK);
        Self(made as usize)
    }
    fn get(self) -> *mut ws_runtime {
        self.0 as *mut ws_runtime
    }
}

fn client(scene: &Arc<Scene>) -> ws_client {
    ws_client {
        cb_size: size_of::<ws_client>() as u32,
        flags: 0,
        user_data: Arc::as_ptr(scene) as *mut c_void,
        get_resource_id: Some(get_id),
        get_resource_display_name: Some(get_name),
        issue_disconnect: Some(issue),
        release: Some(release),
        get_server: None,
        start_program: None,
    }
}

fn add(runtime: Runtime, scene: &Arc<Scene>) -> (i32, ws_cookie) {
    let mut cookie = 0;
    let code = unsafe { ws_add_resource(runtime.get(), &client(scene), &mut cookie) };
    scene.added.fetch_add((code == WSRT_S_OK).into(), Ordering::SeqCst);
    (code, cookie)
}

fn subscribe(runtime: Runtime, scene: &Arc<Scene>) -> (i32, u32) {
    let observer = ws_observer {
        cb_size: size_of::<ws_observer>() as u32,
        flags: 0,
        user_data: Arc::as_ptr(scene) as *mut c_void,
        changed: Some(changed),
        link_changed: None,
        release: Some(observer_release),
    };
    let mut subscription = 0;
    let code = unsafe { ws_subscribe(runtime.get(), &observer, &mut subscription) };
    scene.added.fetch_add((code == WSRT_S_OK).into(), Ordering::SeqCst);
    (code, subscription)
}

fn set_log(scene: &Arc<Scene>) -> i32 {
    let log = wsrt_log {
        cb_size: size_of::<wsrt_log>() as u32,
        flags: 0,
        max_level: WSRT_LOG_TRACE,
        reserved: 0,
        user_data: Arc::as_ptr(scene) as *mut c_void,
        write: Some(write_log),
        release: Some(log_release),
    };
    scene.added.fetch_add(1, Ordering::SeqCst);
    unsafe { wsrt_set_log(&log) }
}

fn disconnect_all(runtime: Runtime, scene: &Arc<Scene>, cookie: ws_cookie) -> i32 {
    let selection = ws_disconnect {
        cb_size: size_of::<ws_disconnect>() as u32,
        flags: if cookie == 0 { WS_DISCONNECT_ALL } else { 0 },
        cookie,
        deadline_ms: 0,
        workspace_id: null(),
        friendly_name: null(),
    };
    unsafe { ws_disconnect_ex(runtime.get(), &selection, Some(report), Arc::as_ptr(scene) as *mut c_void) }
}

fn options() -> ws_runtime_options {
    ws_runtime_options {
        cb_size: size_of::<ws_runtime_options>() as u32,
        flags: 0,
        disconnect_threads: 0,
        disconnect_deadline_ms: 0,
        drain_timeout_ms: 0,
        connect_timeout_ms: 0,
        reconnect_max_ms: 0,
        linger_ms: 0,
        address: null(),
        host: null(),
    }
}

/// Everything that an action can be aimed at.
#[derive(Clone, Copy)]
struct Cast {
    runtime: Runtime,
    /// Own (in whose callback the action is), idle, parked.
    cookies: [ws_cookie; 3],
    subscription: u32,
    other: Runtime,
    other_cookie: ws_cookie,
    other_subscription: u32,
    closing: Runtime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Same,
    Other,
    Closing,
}
use Target::*;

type Do = fn(&Arc<Scene>, Cast, Target, *mut wsrt_text) -> i32;
type Expect = fn(Kind, Target) -> i32;

fn target(cast: Cast, target: Target) -> *mut ws_runtime {
    match target {
        Same => cast.runtime.get(),
        Other => cast.other.get(),
        Closing => cast.closing.get(),
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
        // The log is not the runtime's: nothing of the runtime runs.
        Same if kind == LogWrite => WSRT_S_OK,
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
            (Issue | IssueInFanOut | Changed | ObserverRelease | LogRelease, Same) => WSRT_S_DEFERRED,
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

/// Makes a callback of that kind happen on this thread, for client `who`; gives back what the call returned.
fn trigger(kind: Kind, scene: &Arc<Scene>, cast: Cast, who: usize) -> i32 {
    let (runtime, user_data) = (cast.runtime, Arc::as_ptr(scene) as *mut c_void);
    unsafe {
        match kind {
            GetId | GetName => add(runtime, scene).0,
            Issue => ws_disconnect_resource(runtime.get(), cast.cookies[who]),
            IssueInFanOut => ws_disconnect_workspace(runtime.get(), c"contoso".as_ptr()),
            Release => ws_remove_resource(runtime.get(), cast.cookies[who]),
            // Whoever changes something delivers.
            Changed => add(runtime, scene).0,
            ObserverRelease => ws_unsubscribe(runtime.get(), cast.subscription),
            LogWrite => {
                scene.failing.store(true, Ordering::SeqCst);
                ws_disconnect_resource(runtime.get(), cast.cookies[who])
            }
            LogRelease => wsrt_set_log(null()),
            Visit => ws_enum_resources(runtime.get(), Some(visit), user_data),
            Report => disconnect_all(runtime, scene, cast.cookies[who]),
        }
    }
}

/// In which callback another thread can be while this one is in `kind`: the same, where that is possible.
fn parking(kind: Kind) -> Kind {
    match kind {
        Changed | ObserverRelease | LogRelease | IssueInFanOut => Issue,
        kind => kind,
    }
}

/// A scene with its cast, and another thread parked in a callback.
struct Play {
    scene: Arc<Scene>,
    cast: Cast,
    go: Sender<()>,
    parked: thread::JoinHandle<i32>,
}

fn stage(act_in: Kind, park_in: Kind, closing: Runtime, options: Option<ws_runtime_options>) -> Play {
    let ((parked, has_parked), (go, let_go)) = (channel(), channel());
    let scene = Arc::new(Scene {
        act_in,
        park_in,
        action: Mutex::new(None),
        result: Mutex::new(None),
        parked,
        let_go: Mutex::new(let_go),
        left: AtomicBool::new(false),
        added: AtomicU32::new(0),
        released: AtomicU32::new(0),
        failing: AtomicBool::new(false),
    });
    let (runtime, other) = (Runtime::new(options), Runtime::new(None));
    // During Add neither the actor nor the parked one has a cookie.
    let adding = matches!(act_in, GetId | GetName);
    let cookies = [0, 1, 2].map(|who| if adding && who != 1 { 0 } else { add(runtime, &scene).1 });
    let cast = Cast {
        runtime,
        cookies,
        subscription: subscribe(runtime, &scene).1,
        other,
        other_cookie: add(other, &scene).1,
        other_subscription: subscribe(other, &scene).1,
        closing,
    };
    if matches!(act_in, LogWrite | LogRelease) || park_in == LogWrite {
        assert_eq!(set_log(&scene), WSRT_S_OK);
    }
    let parked = thread::spawn({
        let scene = scene.clone();
        move || {
            ROLE.set(Role::Park);
            trigger(park_in, &scene, cast, 2)
        }
    });
    has_parked.recv().expect("the other thread parks");
    scene.failing.store(false, Ordering::SeqCst);
    Play { scene, cast, go, parked }
}

impl Play {
    /// Lets the parked thread go, ends both runtimes, and counts.
    fn end(self, what: &str) {
        self.go.send(()).expect("somebody is parked");
        self.parked.join().expect("the parked thread ends");
        unsafe {
            for runtime in [self.cast.runtime, self.cast.other] {
                let code = ws_runtime_destroy(runtime.get());
                assert!(matches!(code, WSRT_S_OK | WSRT_E_HANDLE), "{what}: 0x{code:08X}");
            }
            assert_eq!(wsrt_set_log(null()), WSRT_S_OK, "{what}");
        }
        let (added, released) = (self.scene.added.load(Ordering::SeqCst), self.scene.released.load(Ordering::SeqCst));
        assert_eq!(added, released, "{what}: each is released exactly once");
    }
}

/// Ends the process, naming the scene, if something hangs.
struct Watchdog(Arc<Mutex<Option<(String, Instant)>>>);

impl Watchdog {
    fn new() -> Self {
        let watched = Arc::new(Mutex::new(Some((String::new(), Instant::now()))));
        let dog = Self(watched.clone());
        thread::spawn(move || {
            loop {
                let Some((what, since)) = watched.lock().unwrap().clone() else { return };
                if since.elapsed() > Duration::from_secs(60) {
                    eprintln!("hangs: {what}");
                    std::process::abort();
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
        dog
    }
    fn watch(&self, what: &str) {
        *self.0.lock().unwrap() = Some((what.to_owned(), Instant::now()));
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = None;
    }
}

/// The log is one per process, and these tests set it.
static LOG: Mutex<()> = Mutex::new(());

#[test]
fn every_export_from_every_callback_on_every_object() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    let exports = support::exports();
    let covered = |export: &String| ACTIONS.iter().any(|(name, ..)| name == export);
    assert!(exports.iter().all(covered), "an export without a row in {exports:?}");

    let dog = Watchdog::new();
    // A runtime that is closing: its end waits for a callback.
    let closing = stage(Issue, Issue, Runtime(0), None);
    let closing_runtime = closing.cast.runtime;
    let ending = thread::spawn(move || unsafe { ws_runtime_destroy(closing_runtime.get()) });
    while unsafe { ws_unsubscribe_nowait(closing_runtime.get(), u32::MAX) } != WSRT_E_HANDLE {
        thread::yield_now();
    }
    for kind in KINDS {
        for (at, &(export, act, expect)) in ACTIONS.iter().enumerate() {
            for aim in [Same, Other, Closing] {
                let what = format!("{export} (row {at}) on {aim:?} from {kind:?}");
                dog.watch(&what);
                let play = stage(kind, parking(kind), closing_runtime, None);
                let (scene, cast) = (play.scene.clone(), play.cast);
                *play.scene.action.lock().unwrap() = Some(Box::new(move |text| act(&scene, cast, aim, text)));
                ROLE.set(Role::Act);
                let returned = trigger(kind, &play.scene, play.cast, 0);
                ROLE.set(Role::Pass);
                let code = play.scene.result.lock().unwrap().take();
                let code = code.unwrap_or_else(|| panic!("{what}: the callback did not run"));
                let expected = expect(kind, aim);
                assert_eq!(code, expected, "{what}: 0x{code:08X} instead of 0x{expected:08X}");
                if export.starts_with("ws_runtime_destroy") && aim == Same {
                    let expected = match kind {
                        GetId | GetName => WSRT_E_HANDLE,
                        Issue | IssueInFanOut | LogWrite | Visit => WSRT_E_ABORT,
                        _ => WSRT_S_OK,
                    };
                    assert_eq!(returned, expected, "{what}: the call in which it was destroyed");
                }
                play.end(&what);
            }
        }
    }
    dog.watch("the closing runtime");
    closing.go.send(()).expect("somebody is parked");
    assert_eq!(ending.join().expect("it ends"), WSRT_S_OK);
    closing.parked.join().expect("it ends");
    assert_eq!(unsafe { ws_runtime_destroy(closing.cast.other.get()) }, WSRT_S_OK);
}

/// How the object whose callback runs is closed.
fn close(kind: Kind, cast: Cast, nowait: bool) -> i32 {
    let runtime = cast.runtime.get();
    unsafe {
        match (kind, nowait) {
            (Issue, false) => ws_remove_resource(runtime, cast.cookies[2]),
            (Issue, true) => ws_remove_resource_nowait(runtime, cast.cookies[2]),
            (Changed, false) => ws_unsubscribe(runtime, cast.subscription),
            (Changed, true) => ws_unsubscribe_nowait(runtime, cast.subscription),
            (LogWrite, _) => wsrt_set_log(null()),
            (_, false) => ws_runtime_destroy(runtime),
            (_, true) => ws_runtime_destroy_nowait(runtime),
        }
    }
}

/// Whether the object has lost its name, so that closing it has begun.
fn is_unlinked(kind: Kind, cast: Cast) -> bool {
    let runtime = cast.runtime.get();
    match kind {
        Issue => unsafe { ws_disconnect_resource(runtime, cast.cookies[2]) == WSRT_E_INVALIDARG },
        Changed => unsafe { ws_unsubscribe_nowait(runtime, u32::MAX) == WSRT_E_INVALIDARG },
        LogWrite => true,
        _ => unsafe { ws_unsubscribe_nowait(runtime, u32::MAX) == WSRT_E_HANDLE },
    }
}

#[test]
fn closing_from_outside_waits_until_nothing_of_the_object_runs() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    let dog = Watchdog::new();
    for kind in [GetId, GetName, Issue, Release, Changed, ObserverRelease, LogWrite, Visit, Report] {
        let what = format!("closing while {kind:?} runs");
        dog.watch(&what);
        let play = stage(kind, kind, Runtime(0), None);
        let (scene, cast) = (play.scene.clone(), play.cast);
        let closer = thread::spawn(move || (close(kind, cast, false), scene.left.load(Ordering::SeqCst)));
        while !is_unlinked(kind, cast) {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(20));
        assert!(!closer.is_finished(), "{what}: it waits");
        play.go.send(()).unwrap();
        assert_eq!(closer.join().unwrap(), (WSRT_S_OK, true), "{what}: the callback has left before S_OK");
        let (again, _) = channel();
        Play { go: again, ..play }.finish(&what);
    }
}

impl Play {
    /// As `end`, for a parked thread that was let go already.
    fn finish(mut self, what: &str) {
        let (go, _let_go) = channel();
        self.go = go;
        self.end(what);
    }
}

#[test]
fn without_waiting_and_when_the_wait_runs_out_it_is_deferred() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    let dog = Watchdog::new();
    let short = ws_runtime_options { drain_timeout_ms: 30, ..options() };
    for (kind, nowait) in [Issue, Changed, Visit, GetId, Release].into_iter().flat_map(|k| [(k, true), (k, false)]) {
        let what = format!("closing while {kind:?} runs, nowait {nowait}");
        dog.watch(&what);
        let play = stage(kind, kind, Runtime(0), Some(short));
        assert_eq!(close(kind, play.cast, nowait), WSRT_S_DEFERRED, "{what}");
        assert!(!play.scene.left.load(Ordering::SeqCst), "{what}: the callback still runs");
        let second = close(kind, play.cast, nowait);
        let expected = if matches!(kind, Issue | Changed) { WSRT_E_INVALIDARG } else { WSRT_E_HANDLE };
        assert_eq!(second, expected, "{what}: a second closer has nothing to close");
        play.end(&what);
    }
}

#[test]
fn two_callbacks_that_remove_each_other_both_get_away() {
    let dog = Watchdog::new();
    dog.watch("mutual removal");
    for _ in 0..200 {
        mutual_removal();
    }
}

struct Mutual {
    runtime: Runtime,
    peer: AtomicU32,
    meet: Arc<std::sync::Barrier>,
    code: AtomicU32,
    released: Arc<AtomicU32>,
}

fn mutual_removal() {
    unsafe extern "C" fn id(_: *mut c_void, id: *mut wsrt_text) -> i32 {
        unsafe { wsrt_text_set(id, c"x".as_ptr(), 1) }
    }
    unsafe extern "C" fn remove_peer(user_data: *mut c_void, _: ws_cookie) -> i32 {
        let own = unsafe { &*user_data.cast::<Mutual>() };
        own.meet.wait();
        let code = unsafe { ws_remove_resource(own.runtime.get(), own.peer.load(Ordering::SeqCst)) };
        own.code.store(code as u32, Ordering::SeqCst);
        // Neither leaves before both have removed.
        own.meet.wait();
        WSRT_S_OK
    }
    unsafe extern "C" fn count(user_data: *mut c_void) {
        unsafe { &*user_data.cast::<Mutual>() }.released.fetch_add(1, Ordering::SeqCst);
    }
    let (runtime, meet, released) =
        (Runtime::new(None), Arc::new(std::sync::Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let pair = [(); 2].map(|()| Mutual {
        runtime,
        peer: AtomicU32::new(0),
        meet: meet.clone(),
        code: AtomicU32::new(1),
        released: released.clone(),
    });
    let cookies = [&pair[0], &pair[1]].map(|one| {
        let table = ws_client {
            cb_size: size_of::<ws_client>() as u32,
            flags: 0,
            user_data: one as *const Mutual as *mut c_void,
            get_resource_id: Some(id),
            get_resource_display_name: None,
            issue_disconnect: Some(remove_peer),
            release: Some(count),
            get_server: None,
            start_program: None,
        };
        let mut cookie = 0;
        assert_eq!(unsafe { ws_add_resource(runtime.get(), &table, &mut cookie) }, WSRT_S_OK);
        cookie
    });
    pair[0].peer.store(cookies[1], Ordering::SeqCst);
    pair[1].peer.store(cookies[0], Ordering::SeqCst);
    thread::scope(|scope| {
        for cookie in cookies {
            scope.spawn(move || unsafe { ws_disconnect_resource(runtime.get(), cookie) });
        }
    });
    assert!(pair.iter().all(|one| one.code.load(Ordering::SeqCst) as i32 == WSRT_S_DEFERRED), "neither waits");
    assert_eq!(released.load(Ordering::SeqCst), 2);
    assert_eq!(unsafe { ws_runtime_destroy(runtime.get()) }, WSRT_S_OK);
}

#[test]
fn a_call_made_inside_a_callback_does_not_disturb_the_last_error_outside() {
    let _log = LOG.lock().unwrap_or_else(|poison| poison.into_inner());
    unsafe extern "C" fn fail_inside(_: *mut c_void) {
        assert_eq!(last_code(), WSRT_S_OK, "a callback begins without one");
        assert_eq!(unsafe { ws_runtime_create(null(), null_mut()) }, WSRT_E_POINTER);
        assert_eq!(last_code(), WSRT_E_POINTER, "inside, it is that of the call made inside");
    }
    unsafe extern "C" fn write_nothing(_: *mut c_void, _: u32, _: *const c_char, _: *const c_char) {}
    let log = wsrt_log {
        cb_size: size_of::<wsrt_log>() as u32,
        flags: 0,
        max_level: 0,
        reserved: 0,
        user_data: null_mut(),
        write: Some(write_nothing),
        release: Some(fail_inside),
    };
    unsafe {
        assert_eq!(wsrt_set_log(&log), WSRT_S_OK);
        assert_eq!(ws_unsubscribe(null_mut(), 1), WSRT_E_HANDLE);
        assert_eq!(wsrt_set_log(null()), WSRT_S_OK);
    }
    assert_eq!(last_code(), WSRT_E_HANDLE, "wsrt_set_log leaves it alone, and so does its callback");
}

fn last_code() -> i32 {
    let mut code = 0;
    let mut text = [0; 256];
    assert_eq!(unsafe { wsrt_last_error(&mut code, text.as_mut_ptr(), text.len(), null_mut()) }, WSRT_S_OK);
    code
}

/// Removed between the look-up and its turn on a library thread, a client has not been told, and S_OK would say so.
#[test]
fn s_ok_from_disconnecting_one_means_that_it_was_told() {
    unsafe extern "C" fn id(_: *mut c_void, id: *mut wsrt_text) -> i32 {
        unsafe { wsrt_text_set(id, c"x".as_ptr(), 1) }
    }
    unsafe extern "C" fn count(user_data: *mut c_void, _: ws_cookie) -> i32 {
        unsafe { &*user_data.cast::<AtomicU32>() }.fetch_add(1, Ordering::SeqCst);
        WSRT_S_OK
    }
    let runtime = Runtime::new(Some(ws_runtime_options { disconnect_threads: 1, ..options() }));
    for _ in 0..200 {
        let told = AtomicU32::new(0);
        let table = ws_client {
            cb_size: size_of::<ws_client>() as u32,
            flags: 0,
            user_data: (&raw const told).cast_mut().cast(),
            get_resource_id: Some(id),
            get_resource_display_name: None,
            issue_disconnect: Some(count),
            release: None,
            get_server: None,
            start_program: None,
        };
        let mut cookie = 0;
        assert_eq!(unsafe { ws_add_resource(runtime.get(), &table, &mut cookie) }, WSRT_S_OK);
        let remover = thread::spawn(move || unsafe { ws_remove_resource(runtime.get(), cookie) });
        let code = unsafe { ws_disconnect_resource(runtime.get(), cookie) };
        assert_eq!(remover.join().expect("it ends"), WSRT_S_OK);
        let expected = if told.load(Ordering::SeqCst) == 1 { WSRT_S_OK } else { WSRT_E_INVALIDARG };
        assert_eq!(code, expected, "0x{code:08X}");
    }
    assert_eq!(unsafe { ws_runtime_destroy(runtime.get()) }, WSRT_S_OK);
}

/// A client of few words, for what the scenes above have no room for.
struct Plain {
    runtime: Runtime,
    cookie: AtomicU32,
    told: AtomicU32,
    removed: AtomicBool,
    /// `release` waits for it.
    let_go: Mutex<Option<Receiver<()>>>,
    removes_itself: bool,
}

impl Plain {
    fn add(runtime: Runtime, removes_itself: bool, let_go: Option<Receiver<()>>) -> Arc<Self> {
        unsafe extern "C" fn id(_: *mut c_void, id: *mut wsrt_text) -> i32 {
            unsafe { wsrt_text_set(id, c"x".as_ptr(), 1) }
        }
        unsafe extern "C" fn issue(user_data: *mut c_void, cookie: ws_cookie) -> i32 {
            let own = unsafe { &*user_data.cast::<Plain>() };
            assert!(!own.removed.load(Ordering::SeqCst), "told after its removal has returned");
            own.told.fetch_add(1, Ordering::SeqCst);
            if own.removes_itself {
                assert_eq!(unsafe { ws_remove_resource(own.runtime.get(), cookie) }, WSRT_S_DEFERRED);
            }
            WSRT_S_OK
        }
        unsafe extern "C" fn release(user_data: *mut c_void) {
            let own = unsafe { Arc::from_raw(user_data.cast::<Plain>()) };
            if let Some(let_go) = own.let_go.lock().unwrap().take() {
                let_go.recv().unwrap();
            }
        }
        let own = Arc::new(Self {
            runtime,
            cookie: AtomicU32::new(0),
            told: AtomicU32::new(0),
            removed: AtomicBool::new(false),
            let_go: Mutex::new(let_go),
            removes_itself,
        });
        let table = ws_client {
            cb_size: size_of::<ws_client>() as u32,
            flags: 0,
            user_data: Arc::into_raw(own.clone()).cast_mut().cast(),
            get_resource_id: Some(id),
            get_resource_display_name: None,
            issue_disconnect: Some(issue),
            release: Some(release),
            get_server: None,
            start_program: None,
        };
        let out = own.cookie.as_ptr();
        assert_eq!(unsafe { ws_add_resource(runtime.get(), &table, out) }, WSRT_S_OK);
        own
    }
}

fn observe(runtime: Runtime, changed: ObserverChanged, user_data: *mut c_void) -> u32 {
    let observer = ws_observer {
        cb_size: size_of::<ws_observer>() as u32,
        flags: 0,
        user_data,
        changed: Some(changed),
        link_changed: None,
        release: None,
    };
    let mut subscription = 0;
    assert_eq!(unsafe { ws_subscribe(runtime.get(), &observer, &mut subscription) }, WSRT_S_OK);
    subscription
}

type ObserverChanged = unsafe extern "C" fn(*mut c_void, u32, *const ws_resource_info);

/// An observer that removes whoever is being told: no call begins after the removal.
#[test]
fn s27_no_call_begins_after_a_removal() {
    unsafe extern "C" fn remove(user_data: *mut c_void, change: u32, info: *const ws_resource_info) {
        let client = unsafe { &*user_data.cast::<Plain>() };
        if change == WS_CHANGE_DISCONNECTING {
            let code = unsafe { ws_remove_resource(client.runtime.get(), (*info).cookie) };
            assert!(code >= 0);
            client.removed.store(true, Ordering::SeqCst);
        }
    }
    for threads in [0, 1] {
        let runtime = Runtime::new(Some(ws_runtime_options { disconnect_threads: threads, ..options() }));
        let client = Plain::add(runtime, false, None);
        observe(runtime, remove, Arc::as_ptr(&client).cast_mut().cast());
        assert_eq!(unsafe { ws_disconnect_workspace(runtime.get(), c"x".as_ptr()) }, WSRT_S_OK);
        assert_eq!(client.told.load(Ordering::SeqCst), 1);
        assert_eq!(unsafe { ws_runtime_destroy(runtime.get()) }, WSRT_S_OK);
        assert_eq!(Arc::strong_count(&client), 1, "released");
    }
}

/// A release that takes for ever is within the deadline of its client, like its answer.
#[test]
fn a_release_that_takes_long_delays_no_fan_out_on_library_threads() {
    let dog = Watchdog::new();
    dog.watch("a release on a library thread");
    let timed = ws_runtime_options { disconnect_threads: 1, disconnect_deadline_ms: 30, ..options() };
    let runtime = Runtime::new(Some(timed));
    let (go, let_go) = channel();
    let leaving = Plain::add(runtime, true, Some(let_go));
    let other = Plain::add(runtime, false, None);
    assert_eq!(unsafe { ws_disconnect_workspace(runtime.get(), c"x".as_ptr()) }, WSRT_S_OK, "both answered");
    assert_eq!(other.told.load(Ordering::SeqCst), 1);
    assert_eq!(Arc::strong_count(&leaving), 2, "its release still runs");
    go.send(()).unwrap();
    assert_eq!(unsafe { ws_runtime_destroy(runtime.get()) }, WSRT_S_OK);
    assert_eq!((Arc::strong_count(&leaving), Arc::strong_count(&other)), (1, 1), "released");
}

/// Changes without end are not for the thread that made the first.
#[test]
fn who_changes_one_thing_is_not_kept_for_what_others_change() {
    unsafe extern "C" fn change_again(user_data: *mut c_void, change: u32, info: *const ws_resource_info) {
        let runtime = Runtime(user_data as usize);
        if change == WS_CHANGE_ADDED {
            Plain::add(runtime, false, None);
            let code = unsafe { ws_remove_resource(runtime.get(), (*info).cookie) };
            assert!(matches!(code, WSRT_S_OK | WSRT_E_HANDLE | WSRT_E_INVALIDARG), "0x{code:08X}");
        }
    }
    let dog = Watchdog::new();
    dog.watch("a storm of changes");
    let runtime = Runtime::new(None);
    let subscription = observe(runtime, change_again, runtime.get().cast());
    Plain::add(runtime, false, None);
    assert_eq!(unsafe { ws_unsubscribe(runtime.get(), subscription) }, WSRT_S_OK);
    assert_eq!(unsafe { ws_runtime_destroy(runtime.get()) }, WSRT_S_OK);
}
