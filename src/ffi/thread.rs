//! What the border keeps per thread: the last error, how deep the thread is in callbacks, and in which fan-outs.
//!
//! May not: fail when the thread is ending; then there is simply nothing to remember.

use crate::core::caller::{Caller, FanOutId};
use std::cell::{Cell, RefCell};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static CODE: Cell<i32> = const { Cell::new(0) };
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    static FAN_OUTS: RefCell<Vec<FanOutId>> = const { RefCell::new(Vec::new()) };
}

/// The last error of this thread; `None` after a success.
pub(super) fn last_error() -> Option<(i32, String)> {
    let text = || TEXT.try_with(|text| text.borrow().clone()).unwrap_or_default();
    match CODE.get() {
        0 => None,
        code => Some((code, text())),
    }
}

pub(super) fn set_last_error(code: i32, message: String) {
    CODE.set(code);
    let _ = TEXT.try_with(|text| text.replace(message));
}

/// The hit path of success: one store.
pub(super) fn clear_last_error() {
    CODE.set(0);
}

pub(super) fn is_inside_callback() -> bool {
    DEPTH.get() > 0
}

/// This thread as the core sees it.
pub(super) fn caller() -> Caller {
    let inside_callback = is_inside_callback();
    let fan_outs = match inside_callback {
        true => FAN_OUTS.try_with(|ids| ids.borrow().clone()).unwrap_or_default(),
        false => Vec::new(),
    };
    Caller { inside_callback, fan_outs }
}

/// This thread is inside a callback as long as this lives. Calls made in it leave the outer call's last error alone.
pub(super) struct Inside {
    error: Option<(i32, String)>,
    fan_out: bool,
}

impl Inside {
    pub(super) fn enter(within: Option<FanOutId>) -> Self {
        DEPTH.set(DEPTH.get() + 1);
        let error = last_error();
        clear_last_error();
        let fan_out = within.is_some_and(|id| FAN_OUTS.try_with(|ids| ids.borrow_mut().push(id)).is_ok());
        Self { error, fan_out }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        if self.fan_out {
            let _ = FAN_OUTS.try_with(|ids| ids.borrow_mut().pop());
        }
        match self.error.take() {
            Some((code, text)) => set_last_error(code, text),
            None => clear_last_error(),
        }
    }
}
