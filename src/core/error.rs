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
}
