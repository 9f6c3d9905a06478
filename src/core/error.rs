//! Why an operation failed. Each text names the argument or callback as the caller knows it.
//!
//! May not: know a result code of its own; the border gives each error its number.

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Error {
    #[error("runtime: destroyed meanwhile")]
    Closed,
    #[error("cookie: {0} names no live registration")]
    UnknownCookie(u32),
    #[error("subscription: {0} names no live subscription")]
    UnknownSubscription(u32),
    #[error("runtime: holds the most registrations it can, {0}")]
    Full(u32),
    #[error("memory: none left for {0}")]
    OutOfMemory(&'static str),
    #[error("{callback}: answered 0x{code:08X}{why}")]
    Refused { callback: &'static str, code: i32, why: String },
    #[error("{callback}: set no id, or an empty one{why}")]
    NoId { callback: &'static str, why: String },
    #[error("issue_disconnect: cookie {cookie} of workspace \"{workspace}\" answered 0x{code:08X}")]
    DisconnectFailed { cookie: u32, workspace: String, code: i32 },
    #[error("issue_disconnect: cookie {cookie} of workspace \"{workspace}\" did not answer in time")]
    NoAnswer { cookie: u32, workspace: String },
    #[error("runtime: destroyed while the call was at work")]
    Aborted,
    #[error("dispenser: closed")]
    DispenserClosed,
    #[error("dispenser: not the name of a live dispenser")]
    DispenserGone,
    #[error("{argument}: {why}")]
    NotTheirs { argument: &'static str, why: &'static str },
    #[error("{0}: is 0 or empty, which names nothing")]
    Nothing(&'static str),
    #[error("create_resource: set {resid:#x} for restypid {restypid:#x}, {why}")]
    BadCreation { restypid: usize, resid: usize, why: &'static str },
    #[error("create_resource: answered 0x{0:08X}")]
    CreateFailed(i32),
    #[error("enlist_resource: resource {resid:#x} answered 0x{code:08X}")]
    EnlistFailed { resid: usize, code: i32 },
    #[error("enlist_resource: resource {resid:#x} answered 0x{code:08X}; it is not tracked")]
    TrackRefused { resid: usize, code: i32 },
    #[error("reset_resource: resource {resid:#x} answered 0x{code:08X}; it is still in use")]
    ResetFailed { resid: usize, code: i32 },
    #[error("destroy_resource: resource {resid:#x} answered 0x{code:08X}; it is as before")]
    DestroyFailed { resid: usize, code: i32 },
    #[error("{callback}: answered 0x{code:08X}; the resource is no longer tracked all the same")]
    UntrackedUndestroyed { callback: &'static str, code: i32 },
    #[error("transaction {0:#x}: is aborting")]
    TransactionAborting(usize),
    #[error("{0}: took longer than callback_deadline_ms, and was written off")]
    Overdue(&'static str),
    #[error("{0}: the resource was given up while it ran")]
    GivenUp(&'static str),
    #[error("now_ms: earlier than in the last sweep")]
    TimeBackwards,
    #[error("now_ms: must be 0 without DISPENSER_MANUAL_SWEEP")]
    ClockOnly,
    #[error("dispenser: holds the most resources it can, {0}")]
    ResourcesFull(u32),
}
