//! Disconnecting: one connection, those of a workspace or of a display name, or all.

use super::boundary::{Failure, guard};
use super::client::ws_cookie;
use super::codes::{
    WS_DISCONNECT_ALL, WS_OUTCOME_DROPPED, WS_OUTCOME_FAILED, WS_OUTCOME_NO_ANSWER, WS_OUTCOME_OBEYED,
    WS_OUTCOME_SKIPPED, WSRT_S_DEFERRED, WSRT_S_FALSE, WSRT_S_OK,
};
use super::foreign::Origin;
use super::library::wsrt_hresult;
use super::resource::{stop, visited};
use super::runtime::{find, span, ws_runtime};
use super::text::{self, c_string};
use super::thread;
use super::versioned::{Versioned, read};
use crate::core::error::Error;
use crate::core::workspace::disconnect::{Deadline, Order, Outcome, Report, Selection, Verdict};
use std::ffi::{c_char, c_void};
use std::mem::size_of;

/// Whom ws_disconnect_ex() disconnects: exactly one of cookie, workspace_id, friendly_name, or WS_DISCONNECT_ALL.
/// WS_DISCONNECT_INIT sets cb_size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ws_disconnect {
    /// sizeof(ws_disconnect)
    pub cb_size: u32,
    /// WS_DISCONNECT_*
    pub flags: u32,
    /// One registration; 0: not selected by this.
    pub cookie: ws_cookie,
    /// How long to wait for one client, in ms, where library threads make the calls; 0: the runtime's
    /// disconnect_deadline_ms; WSRT_INFINITE: without limit.
    pub deadline_ms: u32,
    /// Every registration of this workspace; NULL or "": not selected by this.
    pub workspace_id: *const c_char,
    /// Every registration with this display name; NULL or "": not selected by this.
    pub friendly_name: *const c_char,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for ws_disconnect {
    const FIRST: usize = 32;
    const FLAGS: u32 = WS_DISCONNECT_ALL;
}

/// What became of one client. The library sets cb_size; strings are UTF-8 and valid during the callback.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ws_disconnect_report {
    /// What the library knows of this struct.
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// Names the registration; it may be gone.
    pub cookie: ws_cookie,
    /// WS_OUTCOME_*
    pub outcome: u32,
    /// The process that it lives in.
    pub process_id: u32,
    /// What issue_disconnect answered; WSRT_S_OK where it did not.
    pub result: wsrt_hresult,
    /// How long it took, or was waited for, in microseconds.
    pub elapsed_us: u64,
    /// The id of its workspace.
    pub workspace_id: *const c_char,
    /// Its display name, or "".
    pub display_name: *const c_char,
}

/// Sees what became of one client. WSRT_S_OK goes on; WSRT_S_FALSE or a failure stops the showing.
pub type ws_disconnect_visitor =
    Option<unsafe extern "C" fn(user_data: *mut c_void, report: *const ws_disconnect_report) -> wsrt_hresult>;

fn disconnect(runtime: *mut ws_runtime, selection: Selection<'_>) -> Result<i32, Failure> {
    let (object, life) = find(runtime)?;
    let order = Order { selection, deadline: Deadline::AsSet, report: false };
    let (result, _) = object.disconnect(life, order, &thread::caller());
    verdict(result)
}

fn verdict(result: Result<Verdict, Error>) -> Result<i32, Failure> {
    Ok(match result? {
        Verdict::Done => WSRT_S_OK,
        Verdict::NothingNew => WSRT_S_FALSE,
        Verdict::Deferred => WSRT_S_DEFERRED,
    })
}

/// Disconnects one registered connection.
///
/// Calls its issue_disconnect; the registration stays until the client removes it. May be repeated.
///
/// @param runtime  in: the runtime
/// @param cookie   in: the registration
/// @retval WSRT_S_OK           told, and it answered with success, or was dead and has been dropped
/// @retval WSRT_S_FALSE        it is being told already
/// @retval WSRT_E_ABORT        the runtime was destroyed meanwhile
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG   cookie names no live registration
/// @retval WSRT_E_TIMEOUT      on library threads: it did not answer before disconnect_deadline_ms
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what issue_disconnect answered
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// issue_disconnect, and release of a client that ends, on this thread or on one of the library (disconnect_threads);
/// changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback; it then uses the calling thread.
/// @par Source
/// Ours; IWorkspaceClientExt::IssueDisconnect. S-14, S-27, S-28.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_disconnect_resource(runtime: *mut ws_runtime, cookie: ws_cookie) -> wsrt_hresult {
    guard("ws_disconnect_resource", || disconnect(runtime, Selection::Cookie(cookie)))
}

/// Disconnects every registered connection of a workspace.
///
/// Calls issue_disconnect of each, oldest first; the others are called whatever one answers. Registrations made
/// meanwhile are not called, those removed before their turn neither.
///
/// @param runtime       in: the runtime
/// @param workspace_id  in: the id, compared byte by byte; UTF-8, at most 4,096 bytes
/// @retval WSRT_S_OK           all answered with success, or were dead and have been dropped; or there is none
/// @retval WSRT_S_FALSE        all are being told already
/// @retval WSRT_S_DEFERRED     inside an issue_disconnect of a fan-out over the same connections, which goes on
/// @retval WSRT_E_ABORT        the runtime was destroyed meanwhile; the rest was not called
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG   workspace_id is NULL, empty, too long or not UTF-8
/// @retval WSRT_E_TIMEOUT      on library threads: one did not answer before disconnect_deadline_ms
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  the failure of the oldest registration that failed
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// issue_disconnect, and release of clients that end, on this thread or on those of the library (disconnect_threads);
/// changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback; it then uses the calling thread.
/// @par Source
/// IWorkspaceScriptable::DisconnectWorkspace. S-11 to S-16, S-27, S-28.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_disconnect_workspace(
    runtime: *mut ws_runtime,
    workspace_id: *const c_char,
) -> wsrt_hresult {
    guard("ws_disconnect_workspace", || {
        find(runtime)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let id = unsafe { text::key(workspace_id, "workspace_id")?.to_owned() };
        disconnect(runtime, Selection::Workspace(&id))
    })
}

/// Disconnects every registered connection with a display name.
///
/// As ws_disconnect_workspace(), by the name that get_resource_display_name gave.
///
/// @param runtime        in: the runtime
/// @param friendly_name  in: the name, compared byte by byte; UTF-8, at most 4,096 bytes
/// @retval WSRT_S_OK           all answered with success, or were dead and have been dropped; or there is none
/// @retval WSRT_S_FALSE        all are being told already
/// @retval WSRT_S_DEFERRED     inside an issue_disconnect of a fan-out over the same connections, which goes on
/// @retval WSRT_E_ABORT        the runtime was destroyed meanwhile; the rest was not called
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG   friendly_name is NULL, empty, too long or not UTF-8
/// @retval WSRT_E_TIMEOUT      on library threads: one did not answer before disconnect_deadline_ms
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  the failure of the oldest registration that failed
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// issue_disconnect, and release of clients that end, on this thread or on those of the library (disconnect_threads);
/// changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback; it then uses the calling thread.
/// @par Source
/// IWorkspaceScriptable::DisconnectWorkspaceByFriendlyName. S-42 (b), and as ws_disconnect_workspace().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_disconnect_workspace_by_friendly_name(
    runtime: *mut ws_runtime,
    friendly_name: *const c_char,
) -> wsrt_hresult {
    guard("ws_disconnect_workspace_by_friendly_name", || {
        find(runtime)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text::key(friendly_name, "friendly_name")?.to_owned() };
        disconnect(runtime, Selection::Name(&name))
    })
}

/// Disconnects whom a selection names and reports on each.
///
/// The reports come when all is over, oldest registration first. A visitor that stops with WSRT_S_FALSE hides the
/// failure of a client from the result; the reports have it.
///
/// @param runtime    in: the runtime
/// @param selection  in: whom, and how long to wait for each
/// @param visitor    in: sees what became of each client; may be NULL
/// @param user_data  in: passed to visitor; stays the caller's
/// @retval WSRT_S_OK           all answered with success, or were dead and have been dropped; or there is none
/// @retval WSRT_S_FALSE        all are being told already, or visitor stopped with WSRT_S_FALSE
/// @retval WSRT_S_DEFERRED     inside an issue_disconnect of a fan-out over the same connections, which goes on
/// @retval WSRT_E_ABORT        the runtime was destroyed meanwhile; the rest was not called, or not shown
/// @retval WSRT_E_FORKED       runtime was inherited by fork()
/// @retval WSRT_E_HANDLE       runtime is not the name of a live runtime
/// @retval WSRT_E_INVALIDARG   selection has a bad cb_size or unknown flags, selects in no way or in several, its
///                             cookie names no live registration, or a string is too long or not UTF-8
/// @retval WSRT_E_OUTOFMEMORY  no memory for all the reports
/// @retval WSRT_E_POINTER      selection is NULL
/// @retval WSRT_E_TIMEOUT      on library threads: one did not answer before its deadline
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what visitor stopped with, else the failure of the oldest registration that failed
/// @par Ownership
/// The report and its strings are the library's and valid during the call of visitor.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// issue_disconnect, and release of clients that end, on this thread or on those of the library (disconnect_threads);
/// then visitor, on this thread; changed of observers; write of the log.
/// @par Re-entrancy
/// May be called inside any callback; it then uses the calling thread.
/// @par Source
/// Ours; as ws_disconnect_workspace().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_disconnect_ex(
    runtime: *mut ws_runtime,
    selection: *const ws_disconnect,
    visitor: ws_disconnect_visitor,
    user_data: *mut c_void,
) -> wsrt_hresult {
    guard("ws_disconnect_ex", || {
        let (object, life) = find(runtime)?;
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        let table = unsafe { read(selection, "selection")? };
        // SAFETY: the strings are NULL or NUL-terminated.
        let (id, name) = unsafe {
            (
                text::string(table.workspace_id, "selection.workspace_id")?.to_owned(),
                text::string(table.friendly_name, "selection.friendly_name")?.to_owned(),
            )
        };
        let order = Order {
            selection: select(&table, &id, &name)?,
            deadline: match table.deadline_ms {
                0 => Deadline::AsSet,
                ms => span(ms, None).map_or(Deadline::Without, Deadline::After),
            },
            report: visitor.is_some(),
        };
        let (result, reports) = object.disconnect(life, order, &thread::caller());
        if let Some(visitor) = visitor.filter(|_| !reports.is_empty()) {
            let origin = Origin::here();
            let show = |report: &Report| {
                // SAFETY: the caller vouches for the function; the report lives through the call.
                let call = || with_report(report, |report| unsafe { visitor(user_data, report) });
                stop(origin.ask(None, call))
            };
            match object.show_reports(life, &reports, show) {
                Ok(None) => {}
                Ok(stopped) => return visited(stopped),
                // Destroyed meanwhile: the fan-out's own result says so, or had nothing left to say.
                Err(_) => return verdict(result.and(Err(Error::Aborted))),
            }
        }
        verdict(result)
    })
}

fn select<'a>(table: &ws_disconnect, id: &'a str, name: &'a str) -> Result<Selection<'a>, Failure> {
    let all = table.flags & WS_DISCONNECT_ALL != 0;
    match (table.cookie, id, name, all) {
        (0, "", "", true) => Ok(Selection::All),
        (cookie @ 1.., "", "", false) => Ok(Selection::Cookie(cookie)),
        (0, id, "", false) if !id.is_empty() => Ok(Selection::Workspace(id)),
        (0, "", name, false) if !name.is_empty() => Ok(Selection::Name(name)),
        _ => {
            let why = "needs exactly one of cookie, workspace_id, friendly_name, WS_DISCONNECT_ALL";
            Err(Failure::argument("selection", why))
        }
    }
}

fn with_report<R>(report: &Report, show: impl FnOnce(*const ws_disconnect_report) -> R) -> R {
    let (workspace, name) = (c_string(&report.workspace), c_string(&report.name));
    let report = ws_disconnect_report {
        cb_size: size_of::<ws_disconnect_report>() as u32,
        flags: 0,
        cookie: report.cookie,
        outcome: match report.outcome {
            Outcome::Obeyed => WS_OUTCOME_OBEYED,
            Outcome::Failed => WS_OUTCOME_FAILED,
            Outcome::NoAnswer => WS_OUTCOME_NO_ANSWER,
            Outcome::Dropped => WS_OUTCOME_DROPPED,
            Outcome::Skipped => WS_OUTCOME_SKIPPED,
        },
        process_id: std::process::id(),
        result: report.result,
        elapsed_us: report.elapsed.as_micros() as u64,
        workspace_id: workspace.as_ptr(),
        display_name: name.as_ptr(),
    };
    show(&report)
}
