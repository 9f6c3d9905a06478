//! What the Dispenser Manager of a process keeps: which dispensers there are, and who is told when an object or a
//! transaction ends.
//!
//! May not: hold its lock while a dispenser is told; a dispenser asks about transactions under its own.

use super::Driver;
use super::pool::Dispenser;
use super::seat::Seat;
use super::transactions::{Binding, Outlook, Transactions};
use crate::core::error::Error;
use crate::sync::Mutex;
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default)]
pub(crate) struct Manager {
    pub(crate) transactions: Transactions,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    by_age: BTreeMap<u64, u64>,
    ages: HashMap<u64, u64>,
}

impl Manager {
    pub(crate) fn enrol(&self, handle: u64) {
        let mut members = self.members.lock();
        let age = members.next;
        members.next += 1;
        members.by_age.insert(age, handle);
        members.ages.insert(handle, age);
    }

    pub(crate) fn leave(&self, handle: u64) {
        let mut members = self.members.lock();
        if let Some(age) = members.ages.remove(&handle) {
            members.by_age.remove(&age);
        }
    }

    /// Says for which object and in which transaction a thread runs from now on.
    pub(crate) fn set_context<D>(&self, seat: &Seat<D>, instid: usize, transid: usize) -> Result<(), Error> {
        let bound = seat.binding();
        // The same number again means the same record, unless that is dead.
        if bound.transid != transid || self.transactions.outlook(bound) == Outlook::Gone {
            seat.bind(instid, self.transactions.bind(transid)?);
        } else {
            seat.bind(instid, bound);
        }
        Ok(())
    }

    pub(crate) fn context<D>(&self, seat: &Seat<D>) -> (usize, usize) {
        (seat.instid(), self.current(seat.binding()).transid)
    }

    /// The record if it lives: a thread that is still bound to a dead one runs in no transaction.
    pub(super) fn current(&self, binding: Binding) -> Binding {
        if binding.is_none() || self.transactions.outlook(binding) == Outlook::Gone { Binding::NONE } else { binding }
    }

    pub(crate) fn transaction_aborting(&self, transid: usize) {
        self.transactions.aborting(transid);
    }

    /// The order of dispensers is that of registration (D-44).
    pub(crate) fn transaction_ended<D: Driver>(
        &self,
        transid: usize,
        find: impl Fn(u64) -> Option<(&'static Dispenser<D>, u64)>,
    ) {
        let Some((record, mut touched)) = self.transactions.end(transid) else { return };
        let members = self.members.lock();
        touched.sort_by_key(|handle| members.ages.get(handle).copied());
        drop(members);
        for (dispenser, life) in touched.into_iter().filter_map(find) {
            dispenser.transaction_ended(life, record);
        }
    }

    pub(crate) fn instance_ended<D: Driver>(
        &self,
        instid: usize,
        seat: &Seat<D>,
        find: impl Fn(u64) -> Option<(&'static Dispenser<D>, u64)>,
    ) {
        let members: Vec<_> = self.members.lock().by_age.values().copied().collect();
        for (dispenser, life) in members.into_iter().filter_map(find) {
            dispenser.instance_ended(life, instid, seat);
        }
    }
}
