//! What an operation has to know of the thread that asks for it.
//!
//! May not: look the thread up; thread-locals live at the border, which passes them in.

use std::time::{Duration, Instant};

/// One run over several registrations. The pair is unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FanOutId {
    /// The runtime's handle.
    pub(crate) runtime: u64,
    pub(crate) number: u64,
}

/// The calling thread: whether it is inside a callback, and in which fan-outs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    pub(crate) inside_callback: bool,
    pub(crate) fan_outs: Vec<FanOutId>,
}

/// How long to wait until nothing runs any more.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    Never,
    Until(Instant),
    Forever,
}

impl Wait {
    pub(crate) fn up_to(time: Duration) -> Self {
        // A time that the clock cannot express is as good as for ever.
        Instant::now().checked_add(time).map_or(Self::Forever, Self::Until)
    }

    /// When waiting ends: `Err` at once, `Ok(None)` never.
    pub(crate) fn deadline(self) -> Result<Option<Instant>, NoWait> {
        match self {
            Self::Never => Err(NoWait),
            Self::Until(deadline) => Ok(Some(deadline)),
            Self::Forever => Ok(None),
        }
    }
}

/// The caller may not wait.
#[derive(Debug)]
pub(crate) struct NoWait;

/// What is known when an object has been unlinked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quiescence {
    /// No callback of it runs or will, and its release has run.
    Reached,
    /// A callback of it still runs; the last to leave releases it.
    Deferred,
}
