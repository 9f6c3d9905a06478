//! `ws_runtime`: the object, its settings, its beginning and its end.

use super::boundary::{Failure, guard, quiescence, required, zero};
use super::client::Registered;
use super::codes::{WS_RUNTIME_EMBEDDED, WSRT_E_NOTIMPL, WSRT_INFINITE, WSRT_S_FALSE, WSRT_S_OK};
use super::handle::{Cells, Kind};
use super::library::wsrt_hresult;
use super::thread::is_inside_callback;
use super::versioned::{Versioned, read};
use super::{log, process};
use crate::core::env::Env;
use crate::core::workspace::Config;
use crate::core::workspace::runtime::Runtime;
use std::ffi::c_char;
use std::time::Duration;

/// A workspace runtime: who is connected, and the way to disconnect them. Made by ws_runtime_create().
///
/// The pointer is a name, not an address.
pub struct ws_runtime {
    _opaque: (),
}

/// What a program adds to a runtime as its host. Not used in this version.
pub struct ws_host {
    _opaque: (),
}

/// Settings of a runtime; every field may be 0. WS_RUNTIME_OPTIONS_INIT sets cb_size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ws_runtime_options {
    /// sizeof(ws_runtime_options)
    pub cb_size: u32,
    /// WS_RUNTIME_*
    pub flags: u32,
    /// How many clients a ws_disconnect_* tells at a time, each on a thread of the library (which takes none of
    /// SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGWINCH), 64 at most; 0: one after another, on the calling thread. A thread whose client misses its deadline stays with it and is
    /// replaced: n clients that hang keep n threads. Inside a callback, and where no thread can be had, the calling
    /// thread is used, without a deadline.
    pub disconnect_threads: u32,
    /// How long a ws_disconnect_* on library threads waits for one client, in ms; 0: 5,000; WSRT_INFINITE: without
    /// limit.
    pub disconnect_deadline_ms: u32,
    /// How long a removal waits for running callbacks, in ms; 0 or WSRT_INFINITE: without limit.
    pub drain_timeout_ms: u32,
    /// Not used in this version; 0.
    pub connect_timeout_ms: u32,
    /// Not used in this version; 0.
    pub reconnect_max_ms: u32,
    /// Not used in this version; 0.
    pub linger_ms: u32,
    /// Not used in this version; NULL: a runtime in this process.
    pub address: *const c_char,
    /// Not used in this version; NULL.
    pub host: *const ws_host,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for ws_runtime_options {
    const FIRST: usize = 48;
    const FLAGS: u32 = WS_RUNTIME_EMBEDDED;
}

type Object = Runtime<Registered>;

static RUNTIMES: Cells<Object> =
    Cells::new(Kind::Runtime, || Runtime::new(Env { now_ms, log: log::write, spawn: process::spawn_for_disconnect }));

const DEFAULT_DEADLINE_MS: u32 = 5_000;

/// Milliseconds of a clock that is cheap enough for every registration.
fn now_ms() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is room for a timespec, and the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
    time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
}

/// The runtime of a handle, and the life that the handle means.
pub(super) fn find(runtime: *mut ws_runtime) -> Result<(&'static Object, u64), Failure> {
    RUNTIMES.find(runtime as usize as u64, "runtime")
}

/// A time span in ms where 0 and WSRT_INFINITE have a meaning of their own.
pub(super) fn span(ms: u32, zero: Option<Duration>) -> Option<Duration> {
    match ms {
        0 => zero,
        WSRT_INFINITE => None,
        ms => Some(Duration::from_millis(ms.into())),
    }
}

unsafe fn config(options: *const ws_runtime_options) -> Result<Config, Failure> {
    let default_deadline = Some(Duration::from_millis(DEFAULT_DEADLINE_MS.into()));
    if options.is_null() {
        return Ok(Config { disconnect_deadline: default_deadline, ..Config::default() });
    }
    // SAFETY: not NULL; the caller vouches for cb_size bytes.
    let options = unsafe { read(options, "options")? };
    let unused = options.connect_timeout_ms | options.reconnect_max_ms | options.linger_ms;
    if unused != 0 || !options.address.is_null() || !options.host.is_null() {
        let text = "options: address, host and their times are not offered in this version";
        return Err(Failure::new(WSRT_E_NOTIMPL, text));
    }
    Ok(Config {
        disconnect_threads: options.disconnect_threads,
        disconnect_deadline: span(options.disconnect_deadline_ms, default_deadline),
        drain_timeout: span(options.drain_timeout_ms, None),
    })
}

/// Makes a workspace runtime in this process.
///
/// @param      options  in: settings, copied; NULL: all defaults
/// @param[out] runtime  the new runtime; NULL on failure
/// @retval WSRT_S_OK           made
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_INVALIDARG   options has a bad cb_size or unknown flags
/// @retval WSRT_E_NOTIMPL      options asks for what this version does not offer
/// @retval WSRT_E_OUTOFMEMORY  1,048,576 runtimes live, or the system takes no fork handler
/// @retval WSRT_E_POINTER      runtime is NULL
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// The caller owns the runtime and ends it with ws_runtime_destroy().
/// @par Threads
/// Any. The library starts threads only in a ws_disconnect_* with disconnect_threads, and for an observer that changes
/// outrun; each ends when its work is done.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours; stands for creating the coclass Workspace. S-37.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_runtime_create(
    options: *const ws_runtime_options,
    runtime: *mut *mut ws_runtime,
) -> wsrt_hresult {
    guard("ws_runtime_create", || {
        let runtime = required(runtime, "runtime")?;
        // SAFETY: the caller passes room for a pointer.
        unsafe { runtime.write(std::ptr::null_mut()) };
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        let config = unsafe { config(options)? };
        let first_cookie = getrandom::u32().unwrap_or(1);
        let handle = RUNTIMES.open(Object::is_vacant, |object, life, handle| {
            object.begin(life, handle, first_cookie, config);
        })?;
        // SAFETY: as above.
        unsafe { runtime.write(handle as usize as *mut ws_runtime) };
        Ok(WSRT_S_OK)
    })
}

/// Ends a runtime: releases every client without disconnecting it.
///
/// The handle is dead at once, for every thread. Registrations and subscriptions end with it, clients are released
/// and not called (S-41). Waits up to drain_timeout_ms until no callback of the runtime runs any more.
///
/// @param runtime  in: the runtime; NULL is allowed
/// @retval WSRT_S_OK          ended: no callback of it runs or will, every release has run; or inherited by fork(),
///                            and forgotten without any callback
/// @retval WSRT_S_FALSE       runtime is NULL
/// @retval WSRT_S_DEFERRED    ended inside a callback, or drain_timeout_ms ran out, while a callback of it runs;
///                            the last to leave releases what it leaves
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime, or another thread is ending it
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// Every user_data given to the runtime comes back through its release.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// release of every client and observer, on this thread or on the last that leaves it.
/// @par Re-entrancy
/// May be called inside any callback, also one of this runtime; a ws_disconnect_* that is at work returns
/// WSRT_E_ABORT.
/// @par Source
/// Ours; stands for the last Release of the runtime object. S-41.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_runtime_destroy(runtime: *mut ws_runtime) -> wsrt_hresult {
    guard("ws_runtime_destroy", || destroy(runtime, !is_inside_callback()))
}

/// Ends a runtime like ws_runtime_destroy(), but never waits.
///
/// For finalizers and for threads that a callback may wait for.
///
/// @param runtime  in: the runtime; NULL is allowed
/// @retval WSRT_S_OK          ended: no callback of it runs or will, every release has run; or inherited by fork(),
///                            and forgotten without any callback
/// @retval WSRT_S_FALSE       runtime is NULL
/// @retval WSRT_S_DEFERRED    ended while a callback of it runs; the last to leave releases what it leaves
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime, or another thread is ending it
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// Every user_data given to the runtime comes back through its release.
/// @par Threads
/// Any.
/// @par Callbacks
/// release of every client and observer, on this thread or on the last that leaves it.
/// @par Re-entrancy
/// May be called inside any callback, also one of this runtime.
/// @par Source
/// Ours. S-41.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_runtime_destroy_nowait(runtime: *mut ws_runtime) -> wsrt_hresult {
    guard("ws_runtime_destroy_nowait", || destroy(runtime, false))
}

fn destroy(runtime: *mut ws_runtime, may_wait: bool) -> Result<i32, Failure> {
    if runtime.is_null() {
        return Ok(WSRT_S_FALSE);
    }
    let ended = RUNTIMES.close(runtime as usize as u64, "runtime", |object, life| object.end(life, may_wait))?;
    Ok(ended.map_or(WSRT_S_OK, quiescence))
}

/// Panics inside the core while its lock is held: shows that the border holds. Not in release builds.
#[cfg(debug_assertions)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_test_panic(runtime: *mut ws_runtime) -> wsrt_hresult {
    guard("wsrt_test_panic", || {
        let (object, life) = find(runtime)?;
        object.panic_inside(life)?;
        Ok(WSRT_S_OK)
    })
}

/// Zeroes a cookie or a subscription number, then looks the runtime up: the beginning of every call with such an out.
pub(super) unsafe fn find_for(
    runtime: *mut ws_runtime,
    out: *mut u32,
    name: &str,
) -> Result<(&'static Object, u64, *mut u32), Failure> {
    // SAFETY: the caller passes room for a number, or NULL.
    unsafe { zero(out) };
    let (object, life) = find(runtime)?;
    Ok((object, life, required(out, name)?))
}
