//! `ws_resource_info`: a registration as others see it, and the list of them.

use super::boundary::{Failure, guard};
use super::client::{ws_cookie, wsrt_guid};
use super::codes::{WS_STATE_CONNECTED, WS_STATE_DISCONNECTING, WS_STATE_LEAVING, WSRT_S_OK};
use super::foreign::Origin;
use super::library::wsrt_hresult;
use super::runtime::{find, ws_runtime};
use super::text::c_string;
use crate::core::workspace::{Info, Standing};
use std::ffi::{c_char, c_void};
use std::mem::size_of;

/// A registration as it was at one moment. The library sets cb_size; strings are UTF-8 and valid during the callback.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ws_resource_info {
    /// What the library knows of this struct.
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// Names the registration.
    pub cookie: ws_cookie,
    /// WS_STATE_*
    pub state: u32,
    /// The process that it lives in.
    pub process_id: u32,
    /// What issue_disconnect answered last; WSRT_S_OK before that.
    pub last_result: wsrt_hresult,
    /// Since it was registered, in ms, with the resolution of the system's tick.
    pub age_ms: u64,
    /// Since it has this state, in ms.
    pub state_age_ms: u64,
    /// From ws_add_resource_ex(); else zero.
    pub correlation_id: wsrt_guid,
    /// The id of its workspace.
    pub workspace_id: *const c_char,
    /// Its display name, or "".
    pub display_name: *const c_char,
}

/// Sees one registration. WSRT_S_OK goes on; WSRT_S_FALSE or a failure stops.
pub type ws_resource_visitor =
    Option<unsafe extern "C" fn(user_data: *mut c_void, info: *const ws_resource_info) -> wsrt_hresult>;

const fn state(standing: Standing) -> u32 {
    match standing {
        Standing::Connected => WS_STATE_CONNECTED,
        Standing::Disconnecting => WS_STATE_DISCONNECTING,
        Standing::Leaving => WS_STATE_LEAVING,
    }
}

/// Shows a registration to foreign code in the shape of the C struct.
pub(super) fn with_info<R>(info: &Info, show: impl FnOnce(*const ws_resource_info) -> R) -> R {
    let (workspace, name) = (c_string(&info.workspace), c_string(&info.name));
    let info = ws_resource_info {
        cb_size: size_of::<ws_resource_info>() as u32,
        flags: 0,
        cookie: info.cookie,
        state: state(info.standing),
        process_id: std::process::id(),
        last_result: info.last_result,
        age_ms: info.age_ms,
        state_age_ms: info.standing_age_ms,
        correlation_id: wsrt_guid::from_bytes(info.correlation_id),
        workspace_id: workspace.as_ptr(),
        display_name: name.as_ptr(),
    };
    show(&info)
}

/// The answer of a visitor: anything but WSRT_S_OK stops; other successes go on.
pub(super) fn stop(code: i32) -> Option<i32> {
    (code < 0 || code == super::codes::WSRT_S_FALSE).then_some(code)
}

/// Shows every registration of a runtime, oldest first.
///
/// From one snapshot: each registration at most once, none that was made after the call began. One that is removed
/// while a callback of it runs is shown as WS_STATE_LEAVING.
///
/// @param runtime    in: the runtime
/// @param visitor    in: called for each
/// @param user_data  in: passed to visitor; stays the caller's
/// @retval WSRT_S_OK           all were shown
/// @retval WSRT_S_FALSE        visitor stopped with WSRT_S_FALSE
/// @retval WSRT_E_ABORT        the runtime was destroyed meanwhile
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
/// @retval WSRT_E_OUTOFMEMORY  no memory for the snapshot
/// @retval WSRT_E_POINTER      visitor is NULL
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what visitor stopped with
/// @par Ownership
/// Info and its strings are the library's and valid during the call of visitor.
/// @par Threads
/// Any.
/// @par Callbacks
/// visitor, on this thread, with no lock held.
/// @par Re-entrancy
/// May be called inside any callback; visitor may call everything.
/// @par Source
/// Ours. S-12 (order).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_enum_resources(
    runtime: *mut ws_runtime,
    visitor: ws_resource_visitor,
    user_data: *mut c_void,
) -> wsrt_hresult {
    guard("ws_enum_resources", || {
        let (object, life) = find(runtime)?;
        let visitor = visitor.ok_or_else(|| Failure::null("visitor"))?;
        let origin = Origin::here();
        let show = |info: &Info| {
            // SAFETY: the caller vouches for the function; info lives through the call.
            let call = || with_info(info, |info| unsafe { visitor(user_data, info) });
            stop(origin.ask(None, call))
        };
        visited(object.enumerate(life, show)?)
    })
}

/// What a call with a visitor returns.
pub(super) fn visited(stopped: Option<i32>) -> Result<i32, Failure> {
    match stopped {
        Some(code) if code < 0 => Err(Failure::new(code, format!("visitor: stopped with 0x{code:08X}"))),
        stopped => Ok(stopped.unwrap_or(WSRT_S_OK)),
    }
}
