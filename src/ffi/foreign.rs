//! Calls into foreign code, and the pointers they need.
//!
//! May not: be reached with a lock held, nor in a child of fork() for a table of its parent.

use super::codes::WSRT_E_FORKED;
use super::process;
use super::thread::inside;
use crate::core::caller::FanOutId;
use std::ffi::c_void;

/// `user_data` as foreign code gave it: ours to carry, never to follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct UserData(pub(super) *mut c_void);

// SAFETY: the contract lets every callback run on any thread; the library only carries the pointer.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

/// Where a callback table was handed over: it is dead in a child of fork().
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin(u32);

impl Origin {
    pub(super) fn here() -> Self {
        Self(process::epoch())
    }

    #[inline]
    pub(super) const fn of(epoch: u32) -> Self {
        Self(epoch)
    }

    pub(super) const fn epoch(self) -> u32 {
        self.0
    }

    /// Runs a callback that answers with a code.
    #[inline]
    pub(super) fn ask(self, within: Option<FanOutId>, call: impl FnOnce() -> i32) -> i32 {
        let mut answer = WSRT_E_FORKED;
        self.tell(within, || answer = call());
        answer
    }

    /// Runs a callback.
    #[inline]
    pub(super) fn tell(self, within: Option<FanOutId>, call: impl FnOnce()) {
        if self.0 == process::epoch() {
            inside(within, call);
        }
    }
}

/// A `release` that is owed: runs when dropped.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) user_data: UserData,
    pub(super) release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    pub(super) origin: Origin,
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the table's owner vouched for the function when it was handed over; it runs once, here.
            self.origin.tell(None, || unsafe { release(self.user_data.0) });
        }
    }
}
