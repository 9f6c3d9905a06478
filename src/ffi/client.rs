//! `ws_client`: registering a live connection, and saying that it is gone.

use super::boundary::{Failure, guard, quiescence};
use super::codes::{WSRT_CO_E_OBJNOTCONNECTED, WSRT_RPC_E_DISCONNECTED, WSRT_S_OK};
use super::foreign::{Origin, Release, UserData};
use super::library::wsrt_hresult;
use super::log;
use super::runtime::{find, find_for, ws_runtime};
use super::text::{self, Collected, wsrt_text};
use super::thread::is_inside_callback;
use super::versioned::{Versioned, read};
use crate::core::caller::FanOutId;
use crate::core::env::Level;
use crate::core::error::Error;
use crate::core::workspace::{Answer, Calls, Client, Details};
use std::ffi::{c_char, c_void};

/// Names a registration: a DWORD, never 0. A later registration has the higher cookie until the count wraps.
pub type ws_cookie = u32;

/// A GUID, laid out as everywhere. Fixed for ever, so it has no cb_size.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct wsrt_guid {
    /// First eight digits.
    pub data1: u32,
    /// Next four digits.
    pub data2: u16,
    /// Next four digits.
    pub data3: u16,
    /// Last sixteen digits.
    pub data4: [u8; 8],
}

impl wsrt_guid {
    const fn to_bytes(self) -> [u8; 16] {
        let Self { data1, data2, data3, data4: d } = self;
        let ([a, b, c, e], [f, g], [h, i]) = (data1.to_ne_bytes(), data2.to_ne_bytes(), data3.to_ne_bytes());
        [a, b, c, e, f, g, h, i, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]
    }

    pub(super) const fn from_bytes(b: [u8; 16]) -> Self {
        Self {
            data1: u32::from_ne_bytes([b[0], b[1], b[2], b[3]]),
            data2: u16::from_ne_bytes([b[4], b[5]]),
            data3: u16::from_ne_bytes([b[6], b[7]]),
            data4: [b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]],
        }
    }
}

/// A program to start on an open connection. Not used in this version.
pub struct ws_program {
    _opaque: (),
}

/// What a client with a live connection answers to. WS_CLIENT_INIT sets cb_size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ws_client {
    /// sizeof(ws_client)
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// Passed to every function of this table.
    pub user_data: *mut c_void,
    /// Sets the id of the workspace that the connection belongs to; required. Called once, during Add, on its thread.
    /// A failure or an empty id fails the Add; the last error then says why wsrt_text_set() refused it, if it did.
    pub get_resource_id: Option<unsafe extern "C" fn(user_data: *mut c_void, id: *mut wsrt_text) -> wsrt_hresult>,
    /// Sets the name to show; may be NULL. Called once, during Add, on its thread. A failure gives the empty name and a
    /// message in the log.
    pub get_resource_display_name:
        Option<unsafe extern "C" fn(user_data: *mut c_void, name: *mut wsrt_text) -> wsrt_hresult>,
    /// Ends the connection; required. The registration stays until it is removed, which may be done in here.
    /// WSRT_RPC_E_DISCONNECTED and WSRT_CO_E_OBJNOTCONNECTED: it is gone already, and the registration is dropped.
    /// Never runs twice at once for one registration.
    pub issue_disconnect: Option<unsafe extern "C" fn(user_data: *mut c_void, cookie: ws_cookie) -> wsrt_hresult>,
    /// Runs once, after the last callback, when the registration has ended; may be NULL.
    pub release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Sets the server's name; may be NULL. Not called in this version.
    pub get_server: Option<unsafe extern "C" fn(user_data: *mut c_void, server: *mut wsrt_text) -> wsrt_hresult>,
    /// Starts a program on the connection; may be NULL. Not called in this version.
    pub start_program: Option<
        unsafe extern "C" fn(user_data: *mut c_void, cookie: ws_cookie, program: *const ws_program) -> wsrt_hresult,
    >,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for ws_client {
    const FIRST: usize = 64;
    const FLAGS: u32 = 0;
}

type IssueDisconnect = unsafe extern "C" fn(*mut c_void, ws_cookie) -> wsrt_hresult;
type GetText = unsafe extern "C" fn(*mut c_void, *mut wsrt_text) -> wsrt_hresult;

/// What the library keeps of a client's table.
pub(super) struct Registered {
    issue_disconnect: IssueDisconnect,
    release: Release,
}

impl Client for Registered {
    type Calls = ClientCalls;

    fn calls(&self) -> ClientCalls {
        let Release { user_data, origin, .. } = self.release;
        ClientCalls { user_data, issue_disconnect: self.issue_disconnect, origin }
    }
}

/// What may be called of it.
#[derive(Clone, Copy)]
pub(super) struct ClientCalls {
    user_data: UserData,
    issue_disconnect: IssueDisconnect,
    origin: Origin,
}

impl Calls for ClientCalls {
    fn issue_disconnect(self, cookie: u32, within: FanOutId) -> Answer {
        // SAFETY: the table's owner vouched for the function; the registration is not released before it returns.
        let call = || unsafe { (self.issue_disconnect)(self.user_data.0, cookie) };
        match self.origin.ask(Some(within), call) {
            dead @ (WSRT_RPC_E_DISCONNECTED | WSRT_CO_E_OBJNOTCONNECTED) => Answer::Dead(dead),
            failed if failed < 0 => Answer::Failed(failed),
            obeyed => Answer::Obeyed(obeyed),
        }
    }
}

/// A checked table, not yet the library's.
struct Applicant {
    table: ws_client,
    get_resource_id: GetText,
    issue_disconnect: IssueDisconnect,
    origin: Origin,
}

impl Applicant {
    unsafe fn read(client: *const ws_client) -> Result<Self, Failure> {
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        let table = unsafe { read(client, "client")? };
        let missing = |name| Failure::argument("client", &format!("{name} is NULL"));
        Ok(Self {
            table,
            get_resource_id: table.get_resource_id.ok_or_else(|| missing("get_resource_id"))?,
            issue_disconnect: table.issue_disconnect.ok_or_else(|| missing("issue_disconnect"))?,
            origin: Origin::here(),
        })
    }

    /// Asks for workspace and display name (S-9, S-10).
    fn ask(&self, is_open: &dyn Fn() -> bool) -> Result<(String, String), Error> {
        let callback = "get_resource_id";
        let Collected { code, text: workspace, refused } = self.get_text(self.get_resource_id)?;
        let why = refused.map_or_else(String::new, |why| format!(" (wsrt_text_set: {why})"));
        if code < 0 {
            return Err(Error::Refused { callback, code, why });
        }
        if workspace.is_empty() {
            return Err(Error::NoId { callback, why });
        }
        let Some(get_name) = self.table.get_resource_display_name else {
            return Ok((workspace, String::new()));
        };
        if !is_open() {
            return Err(Error::Closed);
        }
        let Collected { code, text: name, refused } = self.get_text(get_name)?;
        if code < 0 || refused.is_some() {
            let why = refused.unwrap_or_default();
            let text = format_args!("get_resource_display_name answered 0x{code:08X} {why}");
            log::write(Level::Warn, text);
        }
        Ok((workspace, if code < 0 { String::new() } else { name }))
    }

    fn get_text(&self, get: GetText) -> Result<Collected, Error> {
        let user_data = self.table.user_data;
        let call = |text| {
            // SAFETY: the table's owner vouches for the function; the sink lives through the call.
            self.origin.ask(None, || unsafe { get(user_data, text) })
        };
        text::collect(call).map_err(|_| Error::OutOfMemory("a text"))
    }

    fn admit(&self) -> Registered {
        let Self { table, issue_disconnect, origin, .. } = *self;
        let release = Release { user_data: UserData(table.user_data), release: table.release, origin };
        Registered { issue_disconnect, release }
    }
}

unsafe fn add(
    runtime: *mut ws_runtime,
    client: *const ws_client,
    details: impl FnOnce() -> Result<Option<Box<Details>>, Failure>,
    cookie: *mut ws_cookie,
) -> Result<i32, Failure> {
    // SAFETY: the caller passes room for a cookie, or NULL.
    let (object, life, cookie) = unsafe { find_for(runtime, cookie, "cookie")? };
    // SAFETY: the caller passes NULL or a struct of cb_size bytes.
    let applicant = unsafe { Applicant::read(client)? };
    // SAFETY: as above; written under the registry's lock, before the registration can be found.
    let issued = |number| unsafe { cookie.write(number) };
    object.add(life, details()?, |is_open| applicant.ask(is_open), || applicant.admit(), issued)?;
    Ok(WSRT_S_OK)
}

fn remove(runtime: *mut ws_runtime, cookie: ws_cookie, may_wait: bool) -> Result<i32, Failure> {
    let (object, life) = find(runtime)?;
    Ok(quiescence(object.remove(life, cookie, may_wait)?))
}

/// Registers a live connection and gives it a cookie.
///
/// Asks the client for the id of its workspace and for its display name, once, before the cookie is there. From then
/// on the runtime may call issue_disconnect: *cookie is written before that can happen, which may be before this
/// function returns.
///
/// @param      runtime  in: the runtime
/// @param      client   in: the client's table, copied
/// @param[out] cookie   names the registration; 0 on failure
/// @retval WSRT_S_OK           registered
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime, or was destroyed meanwhile
/// @retval WSRT_E_INVALIDARG   client has a bad cb_size, unknown flags or no required callback, or
///                             get_resource_id set no id
/// @retval WSRT_E_OUTOFMEMORY  8,388,608 registrations live
/// @retval WSRT_E_POINTER      client or cookie is NULL
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what get_resource_id answered
/// @par Ownership
/// user_data passes to the library on success; release(user_data) gives it back. On failure it stays the caller's.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// get_resource_id, then get_resource_display_name, on this thread; changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback; a fan-out at work does not call a client added meanwhile.
/// @par Source
/// IWorkspaceRegistration::AddResource. S-1, S-3, S-5, S-8, S-9, S-10, S-38, S-39.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_add_resource(
    runtime: *mut ws_runtime,
    client: *const ws_client,
    cookie: *mut ws_cookie,
) -> wsrt_hresult {
    // SAFETY: our caller's duties are those of `add`.
    guard("ws_add_resource", || unsafe { add(runtime, client, || Ok(None), cookie) })
}

/// Registers a live connection like ws_add_resource(), with what helps diagnosis.
///
/// @param      runtime                   in: the runtime
/// @param      client                    in: the client's table, copied
/// @param      event_log_upload_address  in: kept for diagnosis only; UTF-8, at most 4,096 bytes, may be NULL
/// @param      correlation_id            in: the session's id, shown in ws_resource_info; NULL: all zero
/// @param[out] cookie                    names the registration; 0 on failure
/// @retval WSRT_S_OK           registered
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime, or was destroyed meanwhile
/// @retval WSRT_E_INVALIDARG   client has a bad cb_size, unknown flags or no required callback,
///                             event_log_upload_address is not UTF-8 or too long, or get_resource_id set no id
/// @retval WSRT_E_OUTOFMEMORY  8,388,608 registrations live
/// @retval WSRT_E_POINTER      client or cookie is NULL
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what get_resource_id answered
/// @par Ownership
/// user_data passes to the library on success; release(user_data) gives it back. On failure it stays the caller's.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// get_resource_id, then get_resource_display_name, on this thread; changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback; a fan-out at work does not call a client added meanwhile.
/// @par Source
/// IWorkspaceRegistration2::AddResourceEx. S-26, and as ws_add_resource().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_add_resource_ex(
    runtime: *mut ws_runtime,
    client: *const ws_client,
    event_log_upload_address: *const c_char,
    correlation_id: *const wsrt_guid,
    cookie: *mut ws_cookie,
) -> wsrt_hresult {
    let details = || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let address = unsafe { text::string(event_log_upload_address, "event_log_upload_address")? };
        // SAFETY: the caller passes NULL or a GUID.
        let guid = unsafe { correlation_id.as_ref() }.copied().unwrap_or_default();
        Ok(Some(Box::new(Details { correlation_id: guid.to_bytes(), event_log_upload_address: address.to_owned() })))
    };
    // SAFETY: our caller's duties are those of `add`.
    guard("ws_add_resource_ex", || unsafe { add(runtime, client, details, cookie) })
}

/// Says that a registered connection is gone.
///
/// Waits, outside callbacks, up to drain_timeout_ms until no callback of the registration runs any more.
///
/// @param runtime  in: the runtime
/// @param cookie   in: the registration
/// @retval WSRT_S_OK          removed: no callback of it runs or will, release has run
/// @retval WSRT_S_DEFERRED    removed inside a callback, or drain_timeout_ms ran out, while a callback of it runs;
///                            no further one will start, the last to leave releases
/// @retval WSRT_E_FORKED      runtime was inherited by fork()
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG  cookie names no live registration, or another thread has just removed it, which proves
///                            nothing about calls in flight
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// release of the client, on this thread or on the last that leaves it; changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback, also in the client's own issue_disconnect.
/// @par Source
/// IWorkspaceRegistration::RemoveResource. S-2, S-4, S-7, S-27.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_remove_resource(runtime: *mut ws_runtime, cookie: ws_cookie) -> wsrt_hresult {
    guard("ws_remove_resource", || remove(runtime, cookie, !is_inside_callback()))
}

/// Says that a registered connection is gone, but never waits.
///
/// For finalizers and for threads that a callback may wait for.
///
/// @param runtime  in: the runtime
/// @param cookie   in: the registration
/// @retval WSRT_S_OK          removed: no callback of it runs or will, release has run
/// @retval WSRT_S_DEFERRED    removed while a callback of it runs; no further one will start, the last to leave
///                            releases
/// @retval WSRT_E_FORKED      runtime was inherited by fork()
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG  cookie names no live registration, or another thread has just removed it, which proves
///                            nothing about calls in flight
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release.
/// @par Threads
/// Any.
/// @par Callbacks
/// release of the client, on this thread or on the last that leaves it; changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback, also in the client's own issue_disconnect.
/// @par Source
/// Ours; as ws_remove_resource().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_remove_resource_nowait(runtime: *mut ws_runtime, cookie: ws_cookie) -> wsrt_hresult {
    guard("ws_remove_resource_nowait", || remove(runtime, cookie, false))
}

/// Says that a registered connection is gone, like ws_remove_resource().
///
/// @param runtime         in: the runtime
/// @param cookie          in: the registration, from either form of Add
/// @param correlation_id  in: accepted and not looked at; may be NULL
/// @retval WSRT_S_OK          removed: no callback of it runs or will, release has run
/// @retval WSRT_S_DEFERRED    removed inside a callback, or drain_timeout_ms ran out, while a callback of it runs;
///                            no further one will start, the last to leave releases
/// @retval WSRT_E_FORKED      runtime was inherited by fork()
/// @retval WSRT_E_HANDLE      runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG  cookie names no live registration, or another thread has just removed it, which proves
///                            nothing about calls in flight
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// release of the client, on this thread or on the last that leaves it; changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback, also in the client's own issue_disconnect.
/// @par Source
/// IWorkspaceRegistration2::RemoveResourceEx. S-4, S-26.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_remove_resource_ex(
    runtime: *mut ws_runtime,
    cookie: ws_cookie,
    correlation_id: *const wsrt_guid,
) -> wsrt_hresult {
    let _ = correlation_id;
    guard("ws_remove_resource_ex", || remove(runtime, cookie, !is_inside_callback()))
}
