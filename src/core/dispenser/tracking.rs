//! Resources that their dispenser made itself and only wants watched: never in stock, destroyed when their object ends.

use super::manager::Manager;
use super::pool::{Dispenser, Ledger, Loss};
use super::resource::{Slot, State, Step, Word};
use super::returning::Refusal;
use super::seat::Seat;
use super::transactions::Binding;
use super::{Driver, Enlistment};
use crate::core::error::Error;
use crate::sync::Ordering;
use std::sync::Arc;

const KNOWN: &str = "names a resource that this dispenser knows already";

impl<D: Driver> Dispenser<D> {
    /// Watches a resource for an object, and enlists it; `owner`: object and transaction, else those of the thread.
    pub(crate) fn track(
        &self,
        life: u64,
        resid: usize,
        seat: &Seat<D>,
        manager: &Manager,
        owner: Option<(usize, usize)>,
    ) -> Result<(), Error> {
        if resid == 0 {
            return Err(Error::Nothing("resid"));
        }
        drop(self.open(life)?);
        let (instid, tx) = match owner {
            Some((instid, transid)) => (instid, manager.transactions.bind(transid)?),
            None => (seat.instid(), manager.current(seat.binding())),
        };
        manager.transactions.refuse_aborting(tx)?;
        let mut ledger = self.open(life)?;
        if let Some(known) = self.inventory.find(resid)
            && let Some(other) = self.inventory.slot(known)
        {
            // An id may be used anew as soon as its resource is being destroyed.
            if other.word().state() != State::Destroying {
                return Err(Error::NotTheirs { argument: "resid", why: KNOWN });
            }
            self.unpublish(&mut ledger, known, other);
        }
        let (number, slot) = self.watch(&mut ledger, instid, seat)?;
        self.publish(number, slot, resid);
        if tx.is_none() {
            // Nobody else can have changed it under the lock.
            let _ = self.leave(slot, Step::Declined);
            return Ok(());
        }
        drop(ledger);
        self.enlist_tracked(number, slot, resid, tx, manager)
    }

    fn enlist_tracked(
        &self,
        number: u32,
        slot: &Slot,
        resid: usize,
        tx: Binding,
        manager: &Manager,
    ) -> Result<(), Error> {
        slot.record.store(tx.number, Ordering::Relaxed);
        slot.transid.store(tx.transid, Ordering::Relaxed);
        slot.count_callback();
        let outcome = match self.driver().enlist(resid, tx.transid) {
            Enlistment::Enlisted => self.join(number, slot, tx, manager),
            Enlistment::Declined => self.leave(slot, Step::Declined).map(drop),
            Enlistment::Failed(code) => {
                let overdue = slot.word().has(Word::WRITTEN_OFF);
                self.untracked(number, slot, overdue, |tally| tally.enlist_failures += 1);
                let refused = Error::TrackRefused { resid, code };
                return Err(if overdue { Error::Overdue("enlist_resource") } else { refused });
            }
        };
        // Not tracked: it is still its maker's, who destroys it (D-35).
        outcome.map_err(|loss| {
            self.untracked(number, slot, loss == Loss::Overdue, |_| {});
            if loss == Loss::Overdue { Error::Overdue("enlist_resource") } else { Error::DispenserClosed }
        })
    }

    fn untracked(&self, number: u32, slot: &Slot, overdue: bool, also: impl FnOnce(&mut super::pool::Tally)) {
        if overdue {
            self.returned(number, slot);
        }
        let mut ledger = self.held();
        also(&mut ledger.tally);
        ledger.tracked = ledger.tracked.saturating_sub(1);
        self.clear(&mut ledger, number, slot);
        self.depart(ledger);
    }

    /// A slot for a tracked resource.
    fn watch(&self, ledger: &mut Ledger, instid: usize, seat: &Seat<D>) -> Result<(u32, &Slot), Error> {
        let (number, slot) = self.claim(ledger, Step::Track)?;
        slot.instid.store(instid, Ordering::Relaxed);
        slot.thread.store(seat.thread(), Ordering::Relaxed);
        slot.stamp.store(seat.stamp(slot.stamp.load(Ordering::Relaxed)), Ordering::Relaxed);
        slot.allocated.store(self.next_allocated(), Ordering::Relaxed);
        ledger.tracked += 1;
        Ok((number, slot))
    }

    /// As `track`, by a string; strings are not enlisted (D-36).
    pub(crate) fn track_s(&self, life: u64, sresid: &str, seat: &Seat<D>, manager: &Manager) -> Result<(), Error> {
        if sresid.is_empty() {
            return Err(Error::Nothing("sresid"));
        }
        drop(self.open(life)?);
        manager.transactions.refuse_aborting(manager.current(seat.binding()))?;
        let mut ledger = self.open(life)?;
        let known = ledger.strings.get(sresid).and_then(|&known| self.inventory.slot(known));
        if known.is_some_and(|other| other.word().state() != State::Destroying) {
            return Err(Error::NotTheirs { argument: "sresid", why: KNOWN });
        }
        let (number, slot) = self.watch(&mut ledger, seat.instid(), seat)?;
        let sresid: Arc<str> = sresid.into();
        ledger.strings.insert(sresid.clone(), number);
        ledger.string_of.insert(number, sresid);
        let _ = self.leave(slot, Step::Declined);
        Ok(())
    }

    pub(crate) fn untrack(&self, life: u64, resid: usize, destroy: bool) -> Result<(), Error> {
        loop {
            let (number, slot, word) = self.find(life, resid)?;
            match self.untrack_slot(number, slot, word, destroy) {
                Untracked::Done(result) => return result,
                Untracked::Not => return self.not_tracked(life, "resid"),
                Untracked::Changed => {}
            }
        }
    }

    pub(crate) fn untrack_s(&self, life: u64, sresid: &str, destroy: bool) -> Result<(), Error> {
        if sresid.is_empty() {
            return Err(Error::Nothing("sresid"));
        }
        loop {
            let number = self.open(life)?.strings.get(sresid).copied();
            let Some(number) = number else { return self.not_tracked(life, "sresid") };
            let Some(slot) = self.inventory.slot(number) else { return self.not_tracked(life, "sresid") };
            let word = slot.word();
            // The slot may have become another's since.
            if !word.is_of(life) || self.open(life)?.strings.get(sresid) != Some(&number) {
                continue;
            }
            match self.untrack_slot(number, slot, word, destroy) {
                Untracked::Done(result) => return result,
                Untracked::Not => return self.not_tracked(life, "sresid"),
                Untracked::Changed => {}
            }
        }
    }

    fn not_tracked(&self, life: u64, argument: &'static str) -> Result<(), Error> {
        drop(self.open(life)?);
        Err(Error::NotTheirs { argument, why: "names no tracked resource of this dispenser" })
    }

    fn untrack_slot(&self, number: u32, slot: &Slot, word: Word, destroy: bool) -> Untracked {
        if !matches!(word.state(), State::Tu | State::Te) {
            return Untracked::Not;
        }
        if destroy {
            let numbered = slot.resid.load(Ordering::Relaxed) != 0;
            return match self.give_up_tracked(number, slot, word) {
                Ok(Ok(())) => Untracked::Done(Ok(())),
                Ok(Err(code)) => {
                    let callback = if numbered { "destroy_resource" } else { "destroy_resource_s" };
                    Untracked::Done(Err(Error::UntrackedUndestroyed { callback, code }))
                }
                Err(Refusal::Lost(error)) => Untracked::Done(Err(error)),
                Err(_) => Untracked::Changed,
            };
        }
        let mut ledger = self.held();
        let forgotten = word.after(Step::Forget).is_some_and(|to| slot.exchange(word, to).is_ok());
        if !forgotten {
            return Untracked::Changed;
        }
        ledger.tracked -= 1;
        if word.state() == State::Te
            && let Some(enlisted) = ledger.enlisted.get_mut(&slot.record.load(Ordering::Relaxed))
            && let Some(at) = enlisted.iter().rposition(|&other| other == number)
        {
            enlisted.swap_remove(at);
        }
        self.clear(&mut ledger, number, slot);
        Untracked::Done(Ok(()))
    }

    /// Ends the tracking of a resource that is to be destroyed: now, or when its transaction ends.
    pub(super) fn give_up_tracked(&self, number: u32, slot: &Slot, word: Word) -> Result<Result<(), i32>, Refusal> {
        let Some(next) = word.state().after(Step::GiveUp) else { return Err(Refusal::Changed(word)) };
        {
            let mut ledger = self.held();
            slot.exchange(word, word.with(next)).map_err(Refusal::Changed)?;
            ledger.tracked -= 1;
        }
        if next == State::Destroying { self.destroy(number, slot).map_err(Refusal::Lost) } else { Ok(Ok(())) }
    }
}

/// What came of an attempt to untrack.
enum Untracked {
    Done(Result<(), Error>),
    /// It is not tracked.
    Not,
    /// Somebody else has changed it: look again.
    Changed,
}
