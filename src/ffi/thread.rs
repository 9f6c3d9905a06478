//! What the border keeps per thread: the last error, the callbacks that the thread is in, and the sinks of their texts.
//!
//! Frames and sinks live on the stack of whoever makes the callback and are linked from here: on the hit path a callback
//! costs one look at the thread's block, which needs no destructor. May not: fail when the thread is ending; then there
//! is simply no text to remember.

use super::driver::DriverCell;
use super::text::Sink;
use crate::core::caller::{Caller, FanOutId};
use crate::core::dispenser::seat::Seat;
use std::cell::{Cell, RefCell};
use std::ptr::null;
use std::sync::atomic::{AtomicU32, Ordering};

struct Thread {
    /// The code of the last error; its text is apart, for only failures have one.
    code: Cell<i32>,
    /// The callbacks that this thread is in.
    depth: Cell<u32>,
    /// The innermost fan-out that this thread is in a callback of.
    fan_out: Cell<*const Frame>,
    sink: Cell<*const Sink>,
    /// Tells threads apart in the names of sinks; 0: not asked for yet.
    number: Cell<u32>,
    sinks: Cell<u64>,
    /// What the dispensers know of this thread.
    seat: Seat<DriverCell>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            code: Cell::new(0),
            depth: Cell::new(0),
            fan_out: Cell::new(null()),
            sink: Cell::new(null()),
            number: Cell::new(0),
            sinks: Cell::new(0),
            seat: Seat::new(),
        }
    };
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The last error of this thread; `None` after a success.
pub(super) fn last_error() -> Option<(i32, String)> {
    match THREAD.with(|thread| thread.code.get()) {
        0 => None,
        code => Some((code, TEXT.try_with(|text| text.borrow().clone()).unwrap_or_default())),
    }
}

pub(super) fn set_last_error(code: i32, message: String) {
    THREAD.with(|thread| thread.code.set(code));
    let _ = TEXT.try_with(|text| text.replace(message));
}

/// The hit path of success: one store.
pub(super) fn clear_last_error() {
    THREAD.with(|thread| thread.code.set(0));
}

pub(super) fn is_inside_callback() -> bool {
    THREAD.with(|thread| thread.depth.get() > 0)
}

/// Runs something for this thread's seat, which knows its thread by the system's number.
#[inline]
pub(super) fn with_seat<R>(then: impl FnOnce(&Seat<DriverCell>) -> R) -> R {
    THREAD.with(|thread| {
        let seat = &thread.seat;
        if seat.thread() == 0 {
            // SAFETY: takes nothing and cannot fail.
            seat.set_thread(unsafe { libc::gettid() } as u64);
        }
        then(seat)
    })
}

/// As `with_seat`, for the hit path: clears the last error if all is well, in one look at the thread's block.
#[inline]
pub(super) fn hit<T>(try_it: impl FnOnce(&Seat<DriverCell>) -> Result<(), T>) -> Result<(), T> {
    THREAD.with(|thread| {
        // A thread that has not been here yet has no last resource: it misses, and gets its number then.
        try_it(&thread.seat)?;
        thread.code.set(0);
        Ok(())
    })
}

/// In a child of fork().
pub(super) fn forget_seat() {
    THREAD.with(|thread| thread.seat.forget());
}

/// This thread as the core sees it.
pub(super) fn caller() -> Caller {
    THREAD.with(|thread| {
        let mut fan_outs = Vec::new();
        let mut at = thread.fan_out.get();
        // SAFETY: frames are linked only while `inside` runs, on this thread, in whose stack they lie.
        while let Some(frame) = unsafe { at.as_ref() } {
            fan_outs.push(frame.id);
            at = frame.outer;
        }
        Caller { inside_callback: thread.depth.get() > 0, fan_outs }
    })
}

/// A callback of a fan-out that this thread is in.
struct Frame {
    id: FanOutId,
    outer: *const Frame,
}

/// Runs a callback. Calls made in it leave the outer call's last error alone.
#[inline]
pub(super) fn inside(within: Option<FanOutId>, call: impl FnOnce()) {
    THREAD.with(|thread| {
        let outer = thread.fan_out.get();
        let frame = within.map(|id| Frame { id, outer });
        if let Some(frame) = &frame {
            thread.fan_out.set(frame);
        }
        thread.depth.set(thread.depth.get() + 1);
        let leave = Leave { thread, outer, code: thread.code.replace(0) };
        if leave.code == 0 { call() } else { keeping_text(call) }
    });
}

/// Apart, as few who make a callback have had an error just before.
#[cold]
fn keeping_text(call: impl FnOnce()) {
    let _keep = Keep(TEXT.try_with(RefCell::take).unwrap_or_default());
    call();
}

/// Leaves a callback, also when Rust code around the foreign call panics.
struct Leave<'a> {
    thread: &'a Thread,
    outer: *const Frame,
    code: i32,
}

impl Drop for Leave<'_> {
    #[inline]
    fn drop(&mut self) {
        self.thread.fan_out.set(self.outer);
        self.thread.depth.set(self.thread.depth.get() - 1);
        self.thread.code.set(self.code);
    }
}

/// Puts the text of the last error back.
struct Keep(String);

impl Drop for Keep {
    fn drop(&mut self) {
        let _ = TEXT.try_with(|text| text.replace(std::mem::take(&mut self.0)));
    }
}

static THREADS: AtomicU32 = AtomicU32::new(1);

#[cfg(test)]
pub(super) fn skip_numbers(count: u32) {
    THREADS.fetch_add(count, Ordering::Relaxed);
}

/// The number of this thread, for the names of its sinks.
pub(super) fn number() -> u32 {
    THREAD.with(|thread| {
        if thread.number.get() == 0 {
            thread.number.set(THREADS.fetch_add(1, Ordering::Relaxed));
        }
        thread.number.get()
    })
}

/// Runs a callback with a sink of its own.
pub(super) fn with_sink<R>(make: impl FnOnce(u64, *const Sink) -> Sink, call: impl FnOnce(&Sink) -> R) -> R {
    THREAD.with(|thread| {
        let (life, outer) = (thread.sinks.get() + 1, thread.sink.get());
        thread.sinks.set(life);
        let sink = make(life, outer);
        thread.sink.set(&sink);
        let _unlink = Unlink { thread, outer };
        call(&sink)
    })
}

struct Unlink<'a> {
    thread: &'a Thread,
    outer: *const Sink,
}

impl Drop for Unlink<'_> {
    fn drop(&mut self) {
        self.thread.sink.set(self.outer);
    }
}

/// Finds a sink of a callback that this thread is in.
pub(super) fn find_sink<R>(wanted: impl Fn(&Sink) -> bool, then: impl FnOnce(&Sink) -> R) -> Option<R> {
    THREAD.with(|thread| {
        let mut at = thread.sink.get();
        // SAFETY: sinks are linked only while `with_sink` runs, on this thread, in whose stack they lie.
        while let Some(sink) = unsafe { at.as_ref() } {
            if wanted(sink) {
                return Some(then(sink));
            }
            at = sink.outer;
        }
        None
    })
}
