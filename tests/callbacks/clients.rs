//! What is promised to clients and observers, beyond the scenes.

use crate::LOG;
use crate::scene::*;
use crate::watchdog::Watchdog;
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

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
    let dog = Watchdog::new();
    dog.watch("a call made inside a callback does not disturb the last error outside");
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
    let dog = Watchdog::new();
    dog.watch("s ok from disconnecting one means that it was told");
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
    let dog = Watchdog::new();
    dog.watch("s27 no call begins after a removal");
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
