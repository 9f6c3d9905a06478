//! What `core` needs from its surroundings: a clock, a place for log messages, and threads.

use std::fmt::Arguments;

/// How much a log message matters; the numbers are those of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error = 1,
    Warn = 2,
    Info = 3,
    Debug = 4,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Env {
    /// Milliseconds of a clock that never goes back. Ages are differences of it.
    pub(crate) now_ms: fn() -> u64,
    /// May run foreign code: called with no lock held.
    pub(crate) log: fn(Level, Arguments<'_>),
    /// Starts a thread; false where none can be had.
    pub(crate) spawn: fn(Box<dyn FnOnce() + Send>) -> bool,
}
