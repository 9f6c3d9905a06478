//! The workspace runtime: live registrations by cookie, workspace and display name, and telling their clients to
//! disconnect.
//!
//! `runtime` is the object and its life, `registry` the data under its lock, `disconnect` the fan-out, `observers`
//! who is told of changes, `groups` the two name look-ups.

pub(crate) mod disconnect;
pub(crate) mod groups;
pub(crate) mod observers;
pub(crate) mod registry;
pub(crate) mod runtime;

#[cfg(all(test, loom))]
mod models;

use super::caller::FanOutId;
use std::time::Duration;

/// The foreign side of a registration. Dropped exactly once, after the last call: the table's `release`.
pub(crate) trait Client: Send + 'static {
    type Calls: Calls;

    /// What may be called, as long as the registration has not been released.
    fn calls(&self) -> Self::Calls;
}

/// The callbacks of a client, without the duty to release it.
pub(crate) trait Calls: Copy {
    /// Tells the client to disconnect. Foreign code: runs with no lock held.
    fn issue_disconnect(self, cookie: u32, within: FanOutId) -> Answer;
}

/// What a client said to `issue_disconnect`, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Obeyed(i32),
    Failed(i32),
    /// The connection is gone already (S-14): the registration is dropped, and that is no failure.
    Dead(i32),
}

impl Answer {
    pub(crate) const fn code(self) -> i32 {
        match self {
            Self::Obeyed(code) | Self::Failed(code) | Self::Dead(code) => code,
        }
    }
}

/// Settings of one runtime.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Config {
    /// Library threads per fan-out; 0: the calling thread.
    pub(crate) disconnect_threads: u32,
    /// How long a fan-out on library threads waits for one client; `None`: without limit.
    pub(crate) disconnect_deadline: Option<Duration>,
    /// How long a removal waits for running callbacks; `None`: without limit.
    pub(crate) drain_timeout: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Connected,
    /// Told to disconnect, not yet removed.
    Disconnecting,
    /// Removed, a callback still running.
    Leaving,
}

/// What a caller asked to keep beside a registration, for diagnosis only (S-26): shown in the log.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub(crate) correlation_id: [u8; 16],
    pub(crate) event_log_upload_address: String,
}

/// A registration as it was at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) cookie: u32,
    pub(crate) standing: Standing,
    pub(crate) last_result: i32,
    pub(crate) age_ms: u64,
    pub(crate) standing_age_ms: u64,
    pub(crate) correlation_id: [u8; 16],
    pub(crate) workspace: Box<str>,
    pub(crate) name: Box<str>,
}
