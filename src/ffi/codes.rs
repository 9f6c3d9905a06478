//! The one table of result codes, and the flags and constants beside it. `wsrt_codes.h`, `wsrt_hresult_name` and the
//! golden file are made from it.
//!
//! May not: change a published value.

use crate::core::error::Error;

/// A result code as the header and the golden file show it.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// Name without a trailing NUL.
    pub name: &'static str,
    /// The name as C sees it.
    pub(crate) c_name: &'static std::ffi::CStr,
    /// HRESULT layout.
    pub value: i32,
    /// What it says.
    pub meaning: &'static str,
}

/// A macro of the header: flag, state, limit.
#[derive(Debug, Clone, Copy)]
pub struct Constant {
    /// Name in C.
    pub name: &'static str,
    /// Value, printed in hex.
    pub value: u32,
    /// What it says.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident = $value:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: i32 = $value as u32 as i32;)*

        /// Every result code.
        pub const CODES: &[Code] = &[$(Code {
            name: stringify!($name),
            c_name: match std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => c"",
            },
            value: $name,
            meaning: $meaning,
        }),*];
    };
}

macro_rules! constants {
    ($($name:ident = $value:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: u32 = $value;)*

        /// Every other constant.
        pub const CONSTANTS: &[Constant] = &[$(Constant {
            name: stringify!($name),
            value: $name,
            meaning: $meaning,
        }),*];
    };
}

codes! {
    WSRT_S_OK = 0x0000_0000, "Done.";
    WSRT_S_FALSE = 0x0000_0001, "Done, and there was nothing to do; from a visitor: stop.";
    WSRT_S_DEFERRED = 0x0004_0200, "Done, but a callback of the object still runs; the last to leave releases it.";
    WSRT_E_NOTIMPL = 0x8000_4001, "Not offered in this version.";
    WSRT_E_NOINTERFACE = 0x8000_4002, "The object does not have that interface; for callbacks to answer with.";
    WSRT_E_POINTER = 0x8000_4003, "A pointer that must not be NULL is NULL.";
    WSRT_E_ABORT = 0x8000_4004, "The object was destroyed while the call was at work.";
    WSRT_E_FAIL = 0x8000_4005, "Failed; also for callbacks to answer with.";
    WSRT_E_UNEXPECTED = 0x8000_FFFF, "A fault inside the library was caught at its border.";
    WSRT_E_ACCESSDENIED = 0x8007_0005, "Not allowed; for callbacks to answer with.";
    WSRT_E_HANDLE = 0x8007_0006, "Not the name of a live object of that kind.";
    WSRT_E_OUTOFMEMORY = 0x8007_000E, "No memory, or the most there can be is reached.";
    WSRT_E_INVALIDARG = 0x8007_0057, "An argument cannot be used; the last error names it.";
    WSRT_E_ALREADY_EXISTS = 0x8007_00B7, "There already; for callbacks to answer with.";
    WSRT_E_MORE_DATA = 0x8007_00EA, "The buffer is too small; *needed says how much it takes.";
    WSRT_E_CANCELLED = 0x8007_04C7, "Cancelled; for callbacks to answer with.";
    WSRT_E_NOT_FOUND = 0x8007_0490, "Not there; for callbacks to answer with.";
    WSRT_E_TIMEOUT = 0x8007_05B4, "Not answered in time.";
    WSRT_RPC_E_DISCONNECTED = 0x8001_0108, "From a callback: its connection is gone already.";
    WSRT_CO_E_OBJNOTCONNECTED = 0x8004_01FD, "From a callback: its connection is gone already.";
    WSRT_MTXDM_E_ENLISTRESOURCEFAILED = 0x8004_E100, "The resource could not be enlisted in the transaction.";
    WSRT_E_CLOSED = 0x8004_0200, "The dispenser is closed.";
    WSRT_E_OVERDUE = 0x8004_0205, "A callback took longer than its deadline and was written off; what it left is cleaned up.";
    WSRT_E_TX_ABORTING = 0x8004_0206, "The caller's transaction is aborting.";
    WSRT_E_FORKED = 0x8004_0207, "The handle was inherited by fork(); it is its parent's.";
}

constants! {
    WSRT_ABI_VERSION = 0x0000_0001, "Version of this interface: high half breaks, low half grows.";
    WSRT_INFINITE = 0xFFFF_FFFF, "Milliseconds: without limit.";
    WSRT_LOG_ERROR = 1, "Log level: something is lost.";
    WSRT_LOG_WARN = 2, "Log level: a callback misbehaved.";
    WSRT_LOG_INFO = 3, "Log level: worth knowing.";
    WSRT_LOG_DEBUG = 4, "Log level: for whoever looks for a fault.";
    WSRT_LOG_TRACE = 5, "Log level: everything; nothing is above WSRT_LOG_DEBUG yet.";
    WS_RUNTIME_EMBEDDED = 0x0000_0001, "Runtime flag: always in this process. No effect yet: every runtime is.";
    WS_DISCONNECT_ALL = 0x0000_0001, "Disconnect flag: every registration of the runtime.";
    WS_STATE_CONNECTED = 1, "Registered, not told to disconnect.";
    WS_STATE_DISCONNECTING = 2, "Told to disconnect, not yet removed.";
    WS_STATE_LEAVING = 3, "Removed: listed only while a callback still runs, and in WS_CHANGE_REMOVED and WS_CHANGE_LOST.";
    WS_CHANGE_ADDED = 1, "Observed: registered.";
    WS_CHANGE_DISCONNECTING = 2, "Observed: told to disconnect.";
    WS_CHANGE_REMOVED = 3, "Observed: removed by its client.";
    WS_CHANGE_LOST = 4, "Observed: found dead and dropped.";
    WS_OUTCOME_OBEYED = 1, "Reported: answered with success.";
    WS_OUTCOME_FAILED = 2, "Reported: answered with a failure, which is the result.";
    WS_OUTCOME_NO_ANSWER = 3, "Reported: did not answer before its deadline.";
    WS_OUTCOME_DROPPED = 4, "Reported: was dead, and its registration was dropped.";
    WS_OUTCOME_SKIPPED = 5, "Reported: was being told already by another call.";
    DISPENSER_AUTO_RECLAIM = 0x0000_0001, "Dispenser flag: what an object has allocated goes back when the object ends.";
    DISPENSER_NO_POOLING = 0x0000_0002, "Dispenser flag: an alloc always creates, a free destroys.";
    DISPENSER_MANUAL_SWEEP = 0x0000_0004, "Dispenser flag: no thread of the library; only dispenser_sweep() sweeps.";
    DISPENSER_RATING_UNUSABLE = 0, "Rating: not of that type, and cannot be made so. Ratings over 100 count as this.";
    DISPENSER_RATING_PERFECT = 100, "Rating: nothing can be better; the search stops.";
    DISPENSER_OPEN = 1, "Dispenser state: in use.";
    DISPENSER_CLOSED = 2, "Dispenser state: closed, perhaps with callbacks still running.";
    DISPENSER_RESOURCE_FREE_UNENLISTED = 1, "Resource state: in stock, for anyone.";
    DISPENSER_RESOURCE_FREE_ENLISTED = 2, "Resource state: in stock, for objects of its transaction only.";
    DISPENSER_RESOURCE_USED_UNENLISTED = 3, "Resource state: allocated, in no transaction.";
    DISPENSER_RESOURCE_USED_ENLISTED = 4, "Resource state: allocated, enlisted in a transaction.";
    DISPENSER_RESOURCE_TRACKED = 5, "Resource state: tracked, in no transaction.";
    DISPENSER_RESOURCE_TRACKED_ENLISTED = 6, "Resource state: tracked, enlisted in a transaction.";
    DISPENSER_RESOURCE_AWAITING_TRANSACTION = 7, "Resource state: given up; destroyed when its transaction ends.";
    DISPENSER_RESOURCE_CREATING = 8, "Resource state: in create_resource.";
    DISPENSER_RESOURCE_RATING = 9, "Resource state: free, and reserved for an allocation that rates.";
    DISPENSER_RESOURCE_ENLISTING = 10, "Resource state: in enlist_resource.";
    DISPENSER_RESOURCE_RESETTING = 11, "Resource state: in reset_resource, on its way back.";
    DISPENSER_RESOURCE_DESTROYING = 12, "Resource state: in destroy_resource.";
    DISPENSER_RESOURCE_WRITTEN_OFF = 13, "Resource state: in a callback that has been written off.";
    DISPENSER_EVENT_WRITTEN_OFF = 3, "Reported: a callback took longer than callback_deadline_ms.";
    DISPENSER_EVENT_WRITTEN_OFF_RETURNED = 4, "Reported: a callback that was written off has returned after all.";
}

/// The name of a code as a static C string; "unknown" for any other.
pub(crate) fn name_of(value: i32) -> &'static std::ffi::CStr {
    let code = CODES.iter().find(|code| code.value == value);
    code.map_or(c"unknown", |code| code.c_name)
}

/// The number that the border gives an error of the core.
pub(crate) const fn code_of(error: &Error) -> i32 {
    match error {
        Error::Closed => WSRT_E_HANDLE,
        Error::UnknownCookie(_) | Error::UnknownSubscription(_) | Error::NoId { .. } => WSRT_E_INVALIDARG,
        Error::Full(_) | Error::OutOfMemory(_) => WSRT_E_OUTOFMEMORY,
        Error::Refused { code, .. } | Error::DisconnectFailed { code, .. } => *code,
        Error::NoAnswer { .. } => WSRT_E_TIMEOUT,
        Error::Aborted => WSRT_E_ABORT,
        Error::DispenserGone => WSRT_E_HANDLE,
        Error::DispenserClosed => WSRT_E_CLOSED,
        Error::NotTheirs { .. }
        | Error::Nothing(_)
        | Error::BadCreation { .. }
        | Error::TimeBackwards
        | Error::ClockOnly => WSRT_E_INVALIDARG,
        Error::CreateFailed(code) => *code,
        Error::EnlistFailed { code: WSRT_MTXDM_E_ENLISTRESOURCEFAILED, .. } => WSRT_MTXDM_E_ENLISTRESOURCEFAILED,
        Error::DestroyFailed { code: WSRT_E_NOTIMPL, .. } => WSRT_E_NOTIMPL,
        Error::EnlistFailed { .. }
        | Error::TrackRefused { .. }
        | Error::ResetFailed { .. }
        | Error::DestroyFailed { .. }
        | Error::UntrackedUndestroyed { .. }
        | Error::GivenUp(_) => WSRT_E_FAIL,
        Error::TransactionAborting(_) => WSRT_E_TX_ABORTING,
        Error::Overdue(_) => WSRT_E_OVERDUE,
        Error::ResourcesFull(_) => WSRT_E_OUTOFMEMORY,
    }
}
