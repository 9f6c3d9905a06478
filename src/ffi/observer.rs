//! `ws_observer`: being told of what changes in a runtime.

use super::boundary::{Failure, guard, quiescence};
use super::codes::{WS_CHANGE_ADDED, WS_CHANGE_DISCONNECTING, WS_CHANGE_LOST, WS_CHANGE_REMOVED, WSRT_S_OK};
use super::foreign::{Origin, Release, UserData};
use super::library::wsrt_hresult;
use super::resource::{with_info, ws_resource_info};
use super::runtime::{find, find_for, ws_runtime};
use super::thread::is_inside_callback;
use super::versioned::{Versioned, read};
use crate::core::workspace::Info;
use crate::core::workspace::observers::{Change, Watcher};
use std::ffi::c_void;

/// Who is told of changes. WS_OBSERVER_INIT sets cb_size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ws_observer {
    /// sizeof(ws_observer)
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// Passed to every function of this table.
    pub user_data: *mut c_void,
    /// Sees a WS_CHANGE_*; required. In order per cookie; first a WS_CHANGE_ADDED for each that was there already.
    /// Never runs twice at once for one observer; on any thread that changes something, with no lock held. That call may
    /// return before its change has been seen, and may deliver the changes of others; release of a client may run
    /// before its WS_CHANGE_REMOVED is seen.
    pub changed: Option<unsafe extern "C" fn(user_data: *mut c_void, change: u32, info: *const ws_resource_info)>,
    /// Sees the link to the host come and go; may be NULL. Not called in this version.
    pub link_changed: Option<unsafe extern "C" fn(user_data: *mut c_void, state: u32)>,
    /// Runs once, after the last callback; may be NULL.
    pub release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for ws_observer {
    const FIRST: usize = 40;
    const FLAGS: u32 = 0;
}

struct ObserverCalls {
    user_data: UserData,
    changed: unsafe extern "C" fn(*mut c_void, u32, *const ws_resource_info),
    origin: Origin,
}

impl Watcher for ObserverCalls {
    fn changed(&self, change: Change, info: &Info) {
        let change = match change {
            Change::Added => WS_CHANGE_ADDED,
            Change::Disconnecting => WS_CHANGE_DISCONNECTING,
            Change::Removed => WS_CHANGE_REMOVED,
            Change::Lost => WS_CHANGE_LOST,
        };
        let user_data = self.user_data;
        // SAFETY: the table's owner vouched for the function; info lives through the call.
        let call = |info| unsafe { (self.changed)(user_data.0, change, info) };
        self.origin.tell(None, || with_info(info, call));
    }
}

/// Has an observer told of every change in a runtime.
///
/// First comes a WS_CHANGE_ADDED for each registration that is there, then what happens, in order per cookie.
///
/// @param      runtime       in: the runtime
/// @param      observer      in: the observer's table, copied
/// @param[out] subscription  names the subscription; written before the first callback; 0 on failure
/// @retval WSRT_S_OK          subscribed
/// @retval WSRT_E_FORKED      runtime was inherited by fork()
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG  observer has a bad cb_size, unknown flags or no changed
/// @retval WSRT_E_POINTER     observer or subscription is NULL
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data passes to the library on success; release(user_data) gives it back. On failure it stays the caller's.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for. An observer that
/// lets 1,048,576 changes wait is unsubscribed: the log says so, and release runs.
/// @par Callbacks
/// changed, on this thread and later on any thread that changes something; release when it is overrun.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_subscribe(
    runtime: *mut ws_runtime,
    observer: *const ws_observer,
    subscription: *mut u32,
) -> wsrt_hresult {
    guard("ws_subscribe", || {
        // SAFETY: the caller passes room for a number, or NULL.
        let (object, life, subscription) = unsafe { find_for(runtime, subscription, "subscription")? };
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        let table = unsafe { read(observer, "observer")? };
        let changed = table.changed.ok_or_else(|| Failure::argument("observer", "changed is NULL"))?;
        let (user_data, origin) = (UserData(table.user_data), Origin::here());
        let admit = || -> (Box<dyn Watcher>, Box<dyn Send>) {
            let calls = ObserverCalls { user_data, changed, origin };
            let release = Release { user_data, release: table.release, origin };
            (Box::new(calls), Box::new(release))
        };
        // SAFETY: as above; written before the first callback.
        object.subscribe(life, admit, |number| unsafe { subscription.write(number) })?;
        Ok(WSRT_S_OK)
    })
}

fn unsubscribe(runtime: *mut ws_runtime, subscription: u32, may_wait: bool) -> Result<i32, Failure> {
    let (object, life) = find(runtime)?;
    Ok(quiescence(object.unsubscribe(life, subscription, may_wait)?))
}

/// Ends a subscription.
///
/// Changes not yet delivered are dropped. Waits, outside callbacks, up to drain_timeout_ms until changed does not run
/// any more.
///
/// @param runtime       in: the runtime
/// @param subscription  in: the subscription
/// @retval WSRT_S_OK          ended: no callback of it runs or will, release has run
/// @retval WSRT_S_DEFERRED    ended inside a callback, or drain_timeout_ms ran out, while changed runs; the last to
///                            leave releases
/// @retval WSRT_E_FORKED      runtime was inherited by fork()
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG  subscription names no live subscription, or another thread has just ended it, which
///                            proves nothing about calls in flight
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// release of the observer, on this thread or on the last that leaves it.
/// @par Re-entrancy
/// May be called inside any callback, also in the observer's own.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_unsubscribe(runtime: *mut ws_runtime, subscription: u32) -> wsrt_hresult {
    guard("ws_unsubscribe", || unsubscribe(runtime, subscription, !is_inside_callback()))
}

/// Ends a subscription, but never waits.
///
/// For finalizers and for threads that a callback may wait for.
///
/// @param runtime       in: the runtime
/// @param subscription  in: the subscription
/// @retval WSRT_S_OK          ended: no callback of it runs or will, release has run
/// @retval WSRT_S_DEFERRED    ended while changed runs; the last to leave releases
/// @retval WSRT_E_FORKED      runtime was inherited by fork()
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG  subscription names no live subscription, or another thread has just ended it, which
///                            proves nothing about calls in flight
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release.
/// @par Threads
/// Any.
/// @par Callbacks
/// release of the observer, on this thread or on the last that leaves it.
/// @par Re-entrancy
/// May be called inside any callback, also in the observer's own.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_unsubscribe_nowait(runtime: *mut ws_runtime, subscription: u32) -> wsrt_hresult {
    guard("ws_unsubscribe_nowait", || unsubscribe(runtime, subscription, false))
}
