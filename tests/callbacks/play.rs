//! A scene on its stage: everything an action can be aimed at, another thread inside a callback, and the end of it all.

use crate::pools::{self, Pool, Pools};
use crate::scene::Kind::*;
use crate::scene::*;
use std::ffi::c_void;
use std::ptr::null;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

/// Everything that an action can be aimed at.
#[derive(Clone, Copy)]
pub struct Cast {
    pub runtime: Runtime,
    /// Own (in whose callback the action is), idle, parked.
    pub cookies: [ws_cookie; 3],
    pub subscription: u32,
    pub other: Runtime,
    pub other_cookie: ws_cookie,
    pub other_subscription: u32,
    pub pools: Pools,
    pub closing: Leaving,
}

/// Objects that another thread is ending, and waits for a callback of.
#[derive(Clone, Copy)]
pub struct Leaving {
    pub runtime: Runtime,
    /// A pool whose close waits; the handle lives.
    pub pool: Pool,
    /// A pool whose end waits.
    pub ending: Pool,
}

impl Leaving {
    pub const NOTHING: Self = Self { runtime: Runtime(0), pool: Pool(0), ending: Pool(0) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Same,
    Other,
    Closing,
}

pub type Do = fn(&Arc<Scene>, Cast, Target, *mut wsrt_text) -> i32;
pub type Expect = fn(Kind, Target) -> i32;

/// Makes a callback of that kind happen on this thread, for client `who`; gives back what the call returned.
pub fn trigger(kind: Kind, scene: &Arc<Scene>, cast: Cast, who: usize) -> i32 {
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
            _ => pools::trigger(kind, scene, cast.pools, who),
        }
    }
}

/// In which callback another thread can be while this one is in `kind`: the same, where that is possible.
pub fn parking(kind: Kind) -> Kind {
    match kind {
        Changed | ObserverRelease | LogRelease | IssueInFanOut | PoolRelease => Issue,
        // What is reported on is a creation that takes too long.
        PoolReport | PoolVisit => Create,
        kind => kind,
    }
}

/// A scene with its cast, and another thread parked in a callback.
pub struct Play {
    pub scene: Arc<Scene>,
    pub cast: Cast,
    pub go: Sender<()>,
    pub parked: thread::JoinHandle<i32>,
}

pub fn stage(act_in: Kind, park_in: Kind, closing: Leaving, options: Option<ws_runtime_options>) -> Play {
    let ((parked, has_parked), (go, let_go)) = (channel(), channel());
    let scene = Scene::new(act_in, park_in, parked, let_go);
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
        pools: Pools::new(&scene, options.map_or(0, |options| options.drain_timeout_ms)),
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
    /// Lets the parked thread go, ends the runtimes and the pools, and counts.
    pub fn end(self, what: &str) {
        self.go.send(()).expect("somebody is parked");
        self.parked.join().expect("the parked thread ends");
        unsafe {
            for runtime in [self.cast.runtime, self.cast.other] {
                let code = ws_runtime_destroy(runtime.get());
                assert!(matches!(code, WSRT_S_OK | WSRT_E_HANDLE), "{what}: 0x{code:08X}");
            }
            assert_eq!(wsrt_set_log(null()), WSRT_S_OK, "{what}");
        }
        self.cast.pools.end(&self.scene, what);
        let (added, released) = (self.scene.added.load(Ordering::SeqCst), self.scene.released.load(Ordering::SeqCst));
        assert_eq!(added, released, "{what}: each is released exactly once");
    }
}

impl Play {
    /// As `end`, for a parked thread that was let go already.
    pub fn finish(mut self, what: &str) {
        let (go, _let_go) = channel();
        self.go = go;
        self.end(what);
    }
}
