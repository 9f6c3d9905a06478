//! The resource dispenser: a pool of resources that somebody else creates, rates, enlists, resets and destroys.
//!
//! `resource` is the state machine and the word it lives in, `inventory` the slots and the way from an id to its slot,
//! `pool` the object and its life, `selection` an allocation, `returning` everything by which a resource leaves its
//! user, `tracking` the resources that are only watched, `transactions` what a transaction number means, `manager` the
//! notices to all dispensers of a process, `sweep` the passing of time, `sweeper` its threads, `facts` what can be asked,
//! `seat` what is kept per thread.

pub(crate) mod facts;
pub(crate) mod inventory;
pub(crate) mod manager;
pub(crate) mod pool;
pub(crate) mod resource;
pub(crate) mod returning;
pub(crate) mod seat;
pub(crate) mod selection;
pub(crate) mod sweep;
pub(crate) mod sweeper;
pub(crate) mod tracking;
pub(crate) mod transactions;

#[cfg(all(test, loom))]
mod models;

use facts::Info;
use std::time::Duration;

/// The foreign side of a dispenser. All of it but `rates`, `resets` and `release` is foreign code: it runs with no lock
/// held, and only while a slot, or a report, is marked as being in a callback.
pub(crate) trait Driver: Sync + 'static {
    /// Whether the driver judges candidates; otherwise equal types fit.
    fn rates(&self) -> bool;
    /// Whether a resource needs a reset on its way back.
    fn resets(&self) -> bool;

    fn create(&self, restypid: usize) -> Result<Created, i32>;
    /// 0 where the driver failed or answered more than 100 (D-8, D-9).
    fn rate(&self, restypid: usize, resid: usize, requires_enlistment: bool) -> u32;
    fn enlist(&self, resid: usize, transid: usize) -> Enlistment;
    fn reset(&self, resid: usize) -> Result<(), i32>;
    fn destroy(&self, resid: usize) -> Result<(), i32>;
    fn destroy_s(&self, sresid: &str) -> Result<(), i32>;
    fn report(&self, event: Event, info: &Info);
    /// Gives the driver back; called once in a dispenser's life, after everything else.
    fn release(&self);
}

/// What a creation brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Created {
    pub(crate) resid: usize,
    /// How long it may lie idle, in seconds; negative: for ever (D-14).
    pub(crate) secs_free_before_destroy: i32,
}

/// What a driver said to `enlist_resource`, by its code (D-42).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enlistment {
    Enlisted,
    /// Not one for transactions.
    Declined,
    Failed(i32),
}

/// What a driver is told without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    WrittenOff,
    WrittenOffReturned,
}

/// Settings of one dispenser.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Resources of an object that ended go back by themselves.
    pub(crate) auto_reclaim: bool,
    /// Nothing is kept in stock (D-50).
    pub(crate) no_pooling: bool,
    /// Only explicit sweeps.
    pub(crate) manual_sweep: bool,
    pub(crate) sweep_interval: Duration,
    /// When a callback is written off; `None`: never.
    pub(crate) callback_deadline: Option<Duration>,
    /// How long a close waits for running callbacks; `None`: without limit.
    pub(crate) drain_timeout: Option<Duration>,
}
