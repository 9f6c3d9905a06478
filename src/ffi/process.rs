//! What there is once in a process: the random word that handles are mixed with, the count of forks, and how threads
//! are started.
//!
//! A child of fork() has the parent's memory but none of its other threads: nothing that another thread may have held
//! is touched there. May not: take a lock on the way to a look-up.

use super::boundary::Failure;
use super::codes::{WSRT_E_FAIL, WSRT_E_OUTOFMEMORY};
use once_cell::sync::OnceCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

static SECRET: OnceCell<u64> = OnceCell::new();
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The random word, made by the first object of the process.
pub(super) fn secret_or_make() -> Result<u64, Failure> {
    SECRET.get_or_try_init(make).copied()
}

/// The random word; `None` while the process has had no object.
pub(super) fn secret() -> Option<u64> {
    SECRET.get().copied()
}

/// How many forks lie between the first object and this process.
pub(super) fn epoch() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

fn make() -> Result<u64, Failure> {
    // SAFETY: the handler is a plain function that touches one atomic and this thread's block; `-z nodelete` keeps it mapped.
    if unsafe { libc::pthread_atfork(None, None, Some(count_fork)) } != 0 {
        return Err(Failure::new(WSRT_E_OUTOFMEMORY, "process: no memory for a fork handler"));
    }
    getrandom::u64().map_err(|why| Failure::new(WSRT_E_FAIL, format!("process: no random numbers: {why}")))
}

unsafe extern "C" fn count_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    super::thread::forget_seat();
}

/// What a program's own threads are to be told by the system, not one of ours. No more than these: a runtime of garbage
/// collection stops every thread that runs its code by a signal of its choice.
const FOR_THE_PROGRAM: [i32; 6] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGALRM, libc::SIGCHLD, libc::SIGWINCH];

/// Starts a thread for a fan-out.
pub(super) fn spawn_for_disconnect(work: Box<dyn FnOnce() + Send>) -> bool {
    spawn("wsrt-disconnect", work)
}

/// Starts a thread that sweeps dispensers, or keeps the time for that.
pub(super) fn spawn_for_sweeps(work: Box<dyn FnOnce() + Send>) -> bool {
    spawn("wsrt-sweeper", work)
}

/// Starts a thread that does not take the signals that are for the program.
fn spawn(name: &str, work: Box<dyn FnOnce() + Send>) -> bool {
    let (mut ours, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: both are room for a set; the new thread begins with this thread's mask, which is put back.
    unsafe {
        libc::sigemptyset(ours.as_mut_ptr());
        for signal in FOR_THE_PROGRAM {
            libc::sigaddset(ours.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, ours.as_ptr(), before.as_mut_ptr());
        let spawned = std::thread::Builder::new().name(name.into()).spawn(work);
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        spawned.is_ok()
    }
}

/// A value of this process, made anew after a fork. The parent's is left as it is: its locks may be held.
pub(super) struct PerProcess<T: 'static>(AtomicPtr<(u32, T)>);

impl<T: Default + Sync> PerProcess<T> {
    pub(super) const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    pub(super) fn get(&self) -> &'static T {
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            // SAFETY: only leaked boxes are stored, and never freed.
            match unsafe { seen.as_ref::<'static>() } {
                Some((made, value)) if *made == epoch() => return value,
                _ => {}
            }
            let new = Box::into_raw(Box::new((epoch(), T::default())));
            match self.0.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => seen = new,
                Err(other) => {
                    // SAFETY: `new` came from Box::into_raw above and was not published.
                    drop(unsafe { Box::from_raw(new) });
                    seen = other;
                }
            }
        }
    }
}
