//! What the rows of the contract table are tried on: a live runtime and a live pool, and names that are none.

use crate::drivers::Pools;
use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use wsrt::ffi::codes::*;
use wsrt::ffi::*;

thread_local! {
    /// Releases run on this thread: no callback of these tests runs on another.
    pub static RELEASED: Cell<u32> = const { Cell::new(0) };
    /// Calls of drivers, but for those of release.
    pub static CALLED: Cell<u32> = const { Cell::new(0) };
}

pub unsafe extern "C" fn get_id(_: *mut c_void, id: *mut wsrt_text) -> i32 {
    unsafe { wsrt_text_set(id, c"contoso".as_ptr(), usize::MAX) }
}
pub unsafe extern "C" fn obey(_: *mut c_void, _: ws_cookie) -> i32 {
    WSRT_S_OK
}
pub unsafe extern "C" fn released(_: *mut c_void) {
    RELEASED.set(RELEASED.get() + 1);
}
pub unsafe extern "C" fn changed(_: *mut c_void, _: u32, _: *const ws_resource_info) {}
pub unsafe extern "C" fn write_log(_: *mut c_void, _: u32, _: *const c_char, _: *const c_char) {}
pub unsafe extern "C" fn count(user_data: *mut c_void, _: *const ws_resource_info) -> i32 {
    unsafe { *user_data.cast::<u32>() += 1 };
    WSRT_S_OK
}
pub unsafe extern "C" fn keep_name(user_data: *mut c_void, id: *mut wsrt_text) -> i32 {
    unsafe { *user_data.cast::<*mut wsrt_text>() = id };
    WSRT_E_FAIL
}

pub fn client() -> ws_client {
    ws_client {
        cb_size: size_of::<ws_client>() as u32,
        flags: 0,
        user_data: null_mut(),
        get_resource_id: Some(get_id),
        get_resource_display_name: None,
        issue_disconnect: Some(obey),
        release: Some(released),
        get_server: None,
        start_program: None,
    }
}

pub fn observer() -> ws_observer {
    ws_observer {
        cb_size: size_of::<ws_observer>() as u32,
        flags: 0,
        user_data: null_mut(),
        changed: Some(changed),
        link_changed: None,
        release: Some(released),
    }
}

pub fn log() -> wsrt_log {
    wsrt_log {
        cb_size: size_of::<wsrt_log>() as u32,
        flags: 0,
        max_level: 0,
        reserved: 0,
        user_data: null_mut(),
        write: Some(write_log),
        release: Some(released),
    }
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

pub fn selection() -> ws_disconnect {
    ws_disconnect {
        cb_size: size_of::<ws_disconnect>() as u32,
        flags: 0,
        cookie: 0,
        deadline_ms: 0,
        workspace_id: c"nobody".as_ptr(),
        friendly_name: null(),
    }
}

/// A live runtime with three registrations, and names that are none.
pub struct World {
    pub runtime: *mut ws_runtime,
    pub cookie: ws_cookie,
    pub stale_cookie: ws_cookie,
    pub stale: *mut ws_runtime,
    pub text: *mut wsrt_text,
    pub pools: Pools,
}

impl World {
    pub fn new() -> Self {
        let mut world = World {
            runtime: null_mut(),
            cookie: 0,
            stale_cookie: 0,
            stale: null_mut(),
            text: null_mut(),
            pools: Pools::new(),
        };
        unsafe {
            assert_eq!(ws_runtime_create(null(), &mut world.stale), WSRT_S_OK);
            assert_eq!(ws_runtime_destroy(world.stale), WSRT_S_OK);
            assert_eq!(ws_runtime_create(null(), &mut world.runtime), WSRT_S_OK);
            for cookie in [&mut world.cookie, &mut 0, &mut 0, &mut world.stale_cookie] {
                assert_eq!(ws_add_resource(world.runtime, &client(), cookie), WSRT_S_OK);
            }
            assert_eq!(ws_remove_resource(world.runtime, world.stale_cookie), WSRT_S_OK);
            let mut asks = client();
            asks.get_resource_id = Some(keep_name);
            asks.user_data = (&raw mut world.text).cast();
            assert_eq!(ws_add_resource(world.runtime, &asks, &mut 0), WSRT_E_FAIL);
            assert!(!world.text.is_null());
        }
        world
    }

    pub fn live(&self) -> u32 {
        let mut live = 0u32;
        let code = unsafe { ws_enum_resources(self.runtime, Some(count), (&raw mut live).cast()) };
        assert_eq!(code, WSRT_S_OK);
        live
    }

    /// What no row may change: who is registered, every figure of the pool, what was released and called.
    pub fn standing(&self) -> (u32, Vec<u8>, u32, u32) {
        (self.live(), self.pools.figures(), RELEASED.get(), CALLED.get())
    }

    pub fn end(self) {
        assert_eq!(unsafe { ws_runtime_destroy(self.runtime) }, WSRT_S_OK);
        self.pools.end();
    }
}
