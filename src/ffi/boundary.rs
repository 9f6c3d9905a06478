//! The guard that every export is one call of: no panic gets out, every failure leaves its text behind.

use super::codes::{WSRT_E_INVALIDARG, WSRT_E_POINTER, WSRT_E_UNEXPECTED, WSRT_S_OK, code_of};
use super::{log, thread};
use crate::core::caller::Quiescence;
use crate::core::env::Level;
use crate::core::error::Error;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A result code and the text that explains it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: i32,
    pub(super) text: String,
}

impl Failure {
    pub(super) fn new(code: i32, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }

    /// An argument that cannot be used.
    pub(super) fn argument(name: &str, why: &str) -> Self {
        Self::new(WSRT_E_INVALIDARG, format!("{name}: {why}"))
    }

    /// A pointer that must not be NULL (S-5).
    pub(super) fn null(name: &str) -> Self {
        Self::new(WSRT_E_POINTER, format!("{name}: is NULL"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(code_of(&error), error.to_string())
    }
}

/// Runs an export named `name`. Objects outlive a panic: no lock of ours is poisoned by one.
pub(super) fn guard(name: &str, body: impl FnOnce() -> Result<i32, Failure>) -> i32 {
    match catch(name, body) {
        Ok(code) => {
            thread::clear_last_error();
            code
        }
        Err(failure) => failed(name, failure),
    }
}

/// As `guard`, for calls that are made millions of times a second: `hit` clears the last error if it succeeds, with what
/// it leaves undone in registers; `rest` takes that on.
#[inline]
pub(super) fn guard_hit<T: Copy>(
    name: &str,
    hit: impl FnOnce() -> Result<(), T>,
    rest: impl FnOnce(T) -> Result<i32, Failure>,
) -> i32 {
    match catch_unwind(AssertUnwindSafe(hit)) {
        Ok(Ok(())) => WSRT_S_OK,
        Ok(Err(missed)) => beyond(name, missed, rest),
        Err(payload) => failed(name, panicked(name, &*payload)),
    }
}

/// Out of line, with a stack frame of its own.
#[cold]
#[inline(never)]
fn beyond<T>(name: &str, missed: T, rest: impl FnOnce(T) -> Result<i32, Failure>) -> i32 {
    guard(name, || rest(missed))
}

/// Out of line: a call that succeeds does not carry it.
#[cold]
#[inline(never)]
fn failed(name: &str, Failure { code, text }: Failure) -> i32 {
    thread::set_last_error(code, format!("{name}: {text}"));
    code
}

/// As `guard`, for the `wsrt_*` functions, which leave the last error alone.
pub(super) fn guard_quietly(name: &str, body: impl FnOnce() -> Result<i32, Failure>) -> i32 {
    catch(name, body).unwrap_or_else(|failure| failure.code)
}

fn catch(name: &str, body: impl FnOnce() -> Result<i32, Failure>) -> Result<i32, Failure> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(panicked(name, &*payload)))
}

#[cold]
fn panicked(name: &str, payload: &(dyn Any + Send)) -> Failure {
    let why = (payload.downcast_ref::<&str>().copied())
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    log::write(Level::Error, format_args!("{name}: panic caught at the border: {why}"));
    Failure::new(WSRT_E_UNEXPECTED, format!("panic caught: {why}"))
}

/// What a removal returns.
pub(super) const fn quiescence(reached: Quiescence) -> i32 {
    match reached {
        Quiescence::Reached => super::codes::WSRT_S_OK,
        Quiescence::Deferred => super::codes::WSRT_S_DEFERRED,
    }
}

/// Zeroes an out parameter, which every function does before anything else; NULL is left to `out`.
pub(super) unsafe fn zero<T: Default>(at: *mut T) {
    if !at.is_null() {
        // SAFETY: the caller passes a pointer to room for a T, or NULL.
        unsafe { at.write(T::default()) };
    }
}

/// As `required`, where the dispenser's pages have no code for pointers (D-1).
pub(super) fn required_argument<T>(at: *mut T, name: &str) -> Result<*mut T, Failure> {
    if at.is_null() { Err(Failure::argument(name, "is NULL")) } else { Ok(at) }
}

/// An out parameter that must be there.
pub(super) fn required<T>(at: *mut T, name: &str) -> Result<*mut T, Failure> {
    if at.is_null() { Err(Failure::null(name)) } else { Ok(at) }
}
