//! The gate in front of one foreign callback table: counts the calls in it, and closes so that the closer knows
//! whether any is left.
//!
//! `C` is what may be called, `O` what is owned: dropping `O` is the table's `release`, and happens exactly once,
//! after the last call, by whoever is last. May not: hold its lock while foreign code runs.

use super::caller::{NoWait, Quiescence, Wait};
use crate::sync::{Condvar, Mutex};

#[derive(Debug)]
pub(crate) struct Gate<C, O> {
    calls: C,
    state: Mutex<State<O>>,
    idle: Condvar,
}

#[derive(Debug)]
struct State<O> {
    open: bool,
    in_flight: u32,
    owner: Option<O>,
    released: bool,
}

impl<C, O> Gate<C, O> {
    pub(crate) fn new(calls: C, owner: O) -> Self {
        Self {
            calls,
            state: Mutex::new(State { open: true, in_flight: 0, owner: Some(owner), released: false }),
            idle: Condvar::new(),
        }
    }

    /// Runs a call through the gate; false if it is closed.
    pub(crate) fn invoke(&self, call: impl FnOnce(&C)) -> bool {
        {
            let mut state = self.state.lock();
            if !state.open {
                return false;
            }
            state.in_flight += 1;
        }
        let _leave = Leave(self);
        call(&self.calls);
        true
    }

    /// Closes the gate. `None`: somebody else has closed it, which proves nothing about calls in flight.
    pub(crate) fn close(&self, wait: Wait) -> Option<Quiescence> {
        let mut state = self.state.lock();
        if !std::mem::replace(&mut state.open, false) {
            return None;
        }
        if state.in_flight == 0 {
            drop(state);
            self.release();
            return Some(Quiescence::Reached);
        }
        drop(state);
        Some(self.drain(wait))
    }

    /// Waits, if it may, until the release of a closed gate has run, whoever closed it.
    pub(crate) fn drain(&self, wait: Wait) -> Quiescence {
        let mut state = self.state.lock();
        let mut late = false;
        while !state.released && !late {
            match wait.deadline() {
                Ok(deadline) => (state, late) = self.idle.wait(state, deadline),
                Err(NoWait) => late = true,
            }
        }
        if state.released { Quiescence::Reached } else { Quiescence::Deferred }
    }

    fn release(&self) {
        let owner = self.state.lock().owner.take();
        drop(owner);
        self.state.lock().released = true;
        self.idle.notify_all();
    }
}

/// Leaves the gate, also when Rust code around the foreign call panics.
struct Leave<'a, C, O>(&'a Gate<C, O>);

impl<C, O> Drop for Leave<'_, C, O> {
    fn drop(&mut self) {
        let last = {
            let mut state = self.0.state.lock();
            state.in_flight -= 1;
            !state.open && state.in_flight == 0
        };
        if last {
            self.0.release();
        }
    }
}
