//! The one log of the process: a foreign `write`, behind a gate.
//!
//! May not: be called with a lock held. Messages caused by a log callback on its own thread are dropped.

use super::boundary::{Failure, guard_quietly, quiescence};
use super::codes::{WSRT_LOG_INFO, WSRT_LOG_TRACE, WSRT_S_OK};
use super::foreign::{Origin, Release, UserData};
use super::library::wsrt_hresult;
use super::process::{self, PerProcess};
use super::text::c_string;
use super::thread::is_inside_callback;
use super::versioned::{Versioned, read};
use crate::core::caller::Wait;
use crate::core::env::Level;
use crate::core::gate::Gate;
use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::fmt::Arguments;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the library's messages go. Set with wsrt_set_log(); WSRT_LOG_INIT sets cb_size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wsrt_log {
    /// sizeof(wsrt_log)
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// The highest WSRT_LOG_* level wanted; 0: WSRT_LOG_INFO.
    pub max_level: u32,
    /// 0
    pub reserved: u32,
    /// Passed to both functions.
    pub user_data: *mut c_void,
    /// Takes a message; required. Runs on the thread that caused it, on several at once, with no lock held. level is a
    /// WSRT_LOG_*, target "wsrt"; target and message are UTF-8 and valid during the call.
    pub write:
        Option<unsafe extern "C" fn(user_data: *mut c_void, level: u32, target: *const c_char, message: *const c_char)>,
    /// Runs once, after the last write; may be NULL.
    pub release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for wsrt_log {
    const FIRST: usize = 40;
    const FLAGS: u32 = 0;
}

struct Sink {
    origin: Origin,
    max_level: u32,
    user_data: UserData,
    write: unsafe extern "C" fn(*mut c_void, u32, *const c_char, *const c_char),
}

type Log = Arc<Gate<Sink, Release>>;

/// The level of the log, 0 without one: what keeps a message that nobody wants cheap.
static LEVEL: AtomicU32 = AtomicU32::new(0);
static LOG: PerProcess<Mutex<Option<Log>>> = PerProcess::new();

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Writes a message, if somebody wants it.
pub(super) fn write(level: Level, message: Arguments<'_>) {
    if level as u32 > LEVEL.load(Ordering::Relaxed) || WRITING.get() {
        return;
    }
    let log = LOG.get().lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(log) = log else { return };
    let message = c_string(&message.to_string());
    log.invoke(|sink| {
        if level as u32 <= sink.max_level {
            let Sink { user_data, write, .. } = *sink;
            WRITING.set(true);
            // SAFETY: the table's owner vouched for the function; the strings live through the call.
            let call = || unsafe { write(user_data.0, level as u32, c"wsrt".as_ptr(), message.as_ptr()) };
            sink.origin.tell(None, call);
            WRITING.set(false);
        }
    });
}

/// Sets where the library's messages go, or takes the log away.
///
/// The one before is released; outside callbacks this waits, without limit, until it writes no more. Messages that a
/// log callback causes on its own thread are dropped. Like every wsrt_* function this sets no last error.
///
/// @param log  in: the table, copied; NULL: no log
/// @retval WSRT_S_OK          set, and nothing of the log before runs any more: its release has run
/// @retval WSRT_S_DEFERRED    set inside a callback while the log before was writing; the last to leave releases it
/// @retval WSRT_E_INVALIDARG  log has a bad cb_size, unknown flags, no write, max_level over WSRT_LOG_TRACE, or a
///                            reserved field that is not 0
/// @retval WSRT_E_FAIL        the system gives no random numbers
/// @retval WSRT_E_OUTOFMEMORY the system takes no fork handler
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data passes to the library on success; release(user_data) gives it back.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for. One log for the
/// whole process; a child of fork() begins without one.
/// @par Callbacks
/// release of the log before, on this thread or on the last that leaves it.
/// @par Re-entrancy
/// May be called inside any callback, also inside write.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wsrt_set_log(log: *const wsrt_log) -> wsrt_hresult {
    guard_quietly("wsrt_set_log", || {
        let new = if log.is_null() {
            None
        } else {
            // SAFETY: not NULL; the caller vouches for cb_size bytes.
            Some(admit(unsafe { read(log, "log")? })?)
        };
        let (level, new) = new.map_or((0, None), |(level, log)| (level, Some(log)));
        let old = {
            // One decision: the level is that of the log which stays.
            let mut log = LOG.get().lock().unwrap_or_else(PoisonError::into_inner);
            LEVEL.store(level, Ordering::Relaxed);
            std::mem::replace(&mut *log, new)
        };
        let wait = if is_inside_callback() { Wait::Never } else { Wait::Forever };
        Ok(old.and_then(|old| old.close(wait)).map_or(WSRT_S_OK, quiescence))
    })
}

fn admit(log: wsrt_log) -> Result<(u32, Log), Failure> {
    let write = log.write.ok_or_else(|| Failure::argument("log", "write is NULL"))?;
    if log.max_level > WSRT_LOG_TRACE || log.reserved != 0 {
        return Err(Failure::argument("log", "max_level or reserved is out of range"));
    }
    let max_level = if log.max_level == 0 { WSRT_LOG_INFO } else { log.max_level };
    // A log may be the first that the process has of us, and must be known to be its parent's after a fork.
    process::secret_or_make()?;
    let user_data = UserData(log.user_data);
    let origin = Origin::here();
    let sink = Sink { origin, max_level, user_data, write };
    let release = Release { user_data, release: log.release, origin };
    Ok((max_level, Arc::new(Gate::new(sink, release))))
}
