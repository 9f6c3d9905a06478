//! What a scene consists of: the kinds of callbacks, who does what in which, and the tables that lead there.

use crate::books::Books;
use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// The foreign functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
    Create,
    Rate,
    Enlist,
    Reset,
    Destroy,
    DestroyS,
    PoolReport,
    PoolRelease,
    PoolVisit,
}
use Kind::*;

pub const KINDS: [Kind; 20] = [
    GetId,
    GetName,
    Issue,
    IssueInFanOut,
    Release,
    Changed,
    ObserverRelease,
    LogWrite,
    LogRelease,
    Visit,
    Report,
    Create,
    Rate,
    Enlist,
    Reset,
    Destroy,
    DestroyS,
    PoolReport,
    PoolRelease,
    PoolVisit,
];

impl Kind {
    /// Whether it is a callback of a dispenser.
    pub fn is_of_pool(self) -> bool {
        matches!(self, Create | Rate | Enlist | Reset | Destroy | DestroyS | PoolReport | PoolRelease | PoolVisit)
    }
}

thread_local! {
    /// What this thread is to do in the wanted callback: act, wait to be let go, or nothing.
    pub static ROLE: Cell<Role> = const { Cell::new(Role::Pass) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Pass,
    Act,
    Park,
}

pub type Action = Box<dyn FnOnce(*mut wsrt_text) -> i32 + Send>;

/// One scene: a runtime with three clients and an observer, a pool, and what is to happen in which callback.
pub struct Scene {
    pub act_in: Kind,
    pub park_in: Kind,
    pub action: Mutex<Option<Action>>,
    pub result: Mutex<Option<i32>>,
    pub parked: Sender<()>,
    pub let_go: Mutex<Receiver<()>>,
    pub left: AtomicBool,
    pub added: AtomicU32,
    pub released: AtomicU32,
    /// Clients answer a failure, which makes the library write to the log.
    pub failing: AtomicBool,
    /// The resource that the callback of the action is about; 1 names none.
    pub about: AtomicUsize,
    pub books: Mutex<Books>,
}

impl Scene {
    pub fn new(act_in: Kind, park_in: Kind, parked: Sender<()>, let_go: Receiver<()>) -> Arc<Self> {
        Arc::new(Self {
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
            about: AtomicUsize::new(1),
            books: Mutex::default(),
        })
    }

    /// As `on`, for a callback that is about a resource; 0: none that has a number.
    pub fn on_resource(&self, kind: Kind, resid: usize) {
        if ROLE.get() == Role::Act && kind == self.act_in {
            self.about.store(resid.max(1), Ordering::SeqCst);
        }
        self.on(kind, null_mut());
    }

    pub fn on(&self, kind: Kind, text: *mut wsrt_text) {
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

pub fn scene_of<'a>(user_data: *mut c_void) -> &'a Scene {
    unsafe { &*user_data.cast::<Scene>() }
}

pub unsafe extern "C" fn get_id(user_data: *mut c_void, id: *mut wsrt_text) -> i32 {
    scene_of(user_data).on(GetId, id);
    unsafe { wsrt_text_set(id, c"contoso".as_ptr(), usize::MAX) }
}
pub unsafe extern "C" fn get_name(user_data: *mut c_void, name: *mut wsrt_text) -> i32 {
    scene_of(user_data).on(GetName, name);
    unsafe { wsrt_text_set(name, c"Contoso".as_ptr(), usize::MAX) }
}
pub unsafe extern "C" fn issue(user_data: *mut c_void, _: ws_cookie) -> i32 {
    let scene = scene_of(user_data);
    scene.on(Issue, null_mut());
    scene.on(IssueInFanOut, null_mut());
    if scene.failing.load(Ordering::SeqCst) { WSRT_E_FAIL } else { WSRT_S_OK }
}
pub unsafe extern "C" fn release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on(Release, null_mut());
    scene.released.fetch_add(1, Ordering::SeqCst);
}
pub unsafe extern "C" fn changed(user_data: *mut c_void, _: u32, info: *const ws_resource_info) {
    assert!(!info.is_null());
    scene_of(user_data).on(Changed, null_mut());
}
pub unsafe extern "C" fn observer_release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on(ObserverRelease, null_mut());
    scene.released.fetch_add(1, Ordering::SeqCst);
}
pub unsafe extern "C" fn write_log(user_data: *mut c_void, _: u32, _: *const c_char, _: *const c_char) {
    scene_of(user_data).on(LogWrite, null_mut());
}
pub unsafe extern "C" fn log_release(user_data: *mut c_void) {
    let scene = scene_of(user_data);
    scene.on(LogRelease, null_mut());
    scene.released.fetch_add(1, Ordering::SeqCst);
}
pub unsafe extern "C" fn visit(user_data: *mut c_void, _: *const ws_resource_info) -> i32 {
    scene_of(user_data).on(Visit, null_mut());
    WSRT_S_OK
}
pub unsafe extern "C" fn report(user_data: *mut c_void, _: *const ws_disconnect_report) -> i32 {
    scene_of(user_data).on(Report, null_mut());
    WSRT_S_OK
}

/// A pointer-like name that may go to another thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runtime(pub usize);

impl Runtime {
    pub fn new(options: Option<ws_runtime_options>) -> Self {
        let mut made = null_mut();
        let options = options.as_ref().map_or(null(), |options| options as *const _);
        assert_eq!(unsafe { ws_runtime_create(options, &mut made) }, WSRT_S_OK);
        Self(made as usize)
    }
    pub fn get(self) -> *mut ws_runtime {
        self.0 as *mut ws_runtime
    }
}

pub fn client(scene: &Arc<Scene>) -> ws_client {
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

pub fn add(runtime: Runtime, scene: &Arc<Scene>) -> (i32, ws_cookie) {
    let mut cookie = 0;
    let code = unsafe { ws_add_resource(runtime.get(), &client(scene), &mut cookie) };
    scene.added.fetch_add((code == WSRT_S_OK).into(), Ordering::SeqCst);
    (code, cookie)
}

pub fn subscribe(runtime: Runtime, scene: &Arc<Scene>) -> (i32, u32) {
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

pub fn set_log(scene: &Arc<Scene>) -> i32 {
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

pub fn disconnect_all(runtime: Runtime, scene: &Arc<Scene>, cookie: ws_cookie) -> i32 {
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

pub fn options() -> ws_runtime_options {
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
