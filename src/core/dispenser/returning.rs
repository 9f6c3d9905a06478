//! How a resource leaves its user: a free, a request to destroy it, the end of the object that holds it, the end of the
//! transaction it is enlisted in.

use super::Driver;
use super::pool::{Dispenser, Loss};
use super::resource::{Before, Slot, State, Step, Word};
use super::seat::{Name, Seat, Spot};
use crate::core::error::Error;
use crate::sync::Ordering;

/// What came of the hit path of a free. Small: it travels in registers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Return {
    InStock,
    /// In the slot's hands still, after its reset: what the driver answered, 0 for success.
    Reset(u32, i32),
    /// Nothing was done.
    Missed,
}

impl<D: Driver> Spot<D> {
    /// The hit path: what this thread had to do with last, in no transaction and no object's. What it missed,
    /// `free_after` makes good.
    #[inline]
    pub(crate) fn free_at_once(self, resid: usize, seat: &Seat<D>) -> Return {
        let Self { pool, name, number, slot } = self;
        // The word first: if it is still there when it is exchanged, what was read after it holds.
        let word = slot.word();
        let simple = word.is(State::Uu, name.life)
            && slot.resid.load(Ordering::Relaxed) == resid
            && slot.instid.load(Ordering::Relaxed) == 0
            && pool.no_pooling.load(Ordering::Relaxed) == 0;
        if !simple {
            return Return::Missed;
        }
        let mut held = word;
        if pool.driver().resets() {
            held = word.with(State::ResettingUu);
            if slot.exchange(word, held).is_err() {
                return Return::Missed;
            }
            slot.count_callback();
            if let Err(code) = pool.driver().reset(resid) {
                return Return::Reset(number, code);
            }
        }
        slot.note_time(seat);
        match slot.exchange(held, held.with(State::Ui)) {
            Ok(()) => Return::InStock,
            Err(_) if held == word => Return::Missed,
            Err(_) => Return::Reset(number, 0),
        }
    }
}

impl<D: Driver> Dispenser<D> {
    /// A free, from where the hit path left it.
    #[cold]
    #[inline(never)]
    pub(crate) fn free_after(
        &'static self,
        done: Return,
        name: Name,
        resid: usize,
        seat: &Seat<D>,
    ) -> Result<(), Error> {
        let number = match done {
            Return::InStock => return Ok(()),
            Return::Reset(number, code) => {
                let Some(slot) = self.inventory.slot(number) else { return Ok(()) };
                let outcome = self.after_reset(number, slot, if code < 0 { Err(code) } else { Ok(()) }, seat);
                self.settle(outcome, resid, number, slot)?;
                number
            }
            Return::Missed => {
                let (number, slot, word) = self.find(name.life, resid)?;
                self.give_back(name.life, resid, number, slot, word, seat)?;
                number
            }
        };
        self.remember(name, number, seat);
        Ok(())
    }

    fn at_slot(&self, life: u64, resid: usize, number: u32) -> Option<(u32, &Slot, Word)> {
        let slot = self.inventory.slot(number)?;
        // The word first: if it is still there when it is exchanged, what was read after it holds.
        let word = slot.word();
        let ours = word.is_of(life) && slot.resid.load(Ordering::Relaxed) == resid && resid != 0;
        ours.then_some((number, slot, word))
    }

    /// The slot of an id, and its word from before the id was seen there.
    pub(super) fn find(&self, life: u64, resid: usize) -> Result<(u32, &Slot, Word), Error> {
        if resid == 0 {
            return Err(Error::Nothing("resid"));
        }
        let look = || self.inventory.find(resid).and_then(|number| self.at_slot(life, resid, number));
        if let Some(found) = look() {
            return Ok(found);
        }
        let _ledger = self.open(life)?;
        look().ok_or(Error::NotTheirs { argument: "resid", why: "names no resource of this dispenser" })
    }

    /// A free with all that can be in its way.
    fn give_back(
        &self,
        life: u64,
        resid: usize,
        number: u32,
        slot: &Slot,
        mut word: Word,
        seat: &Seat<D>,
    ) -> Result<(), Error> {
        while word.state().is_in_use() && word.is_of(life) {
            match self.put_in_stock(number, slot, word, seat) {
                Err(Refusal::Changed(now)) => word = now,
                outcome => return self.settle(outcome, resid, number, slot),
            }
        }
        drop(self.open(life)?);
        let why = match word.state() {
            State::Tu | State::Te | State::Tracking => "names a tracked resource",
            _ => "names a resource that is not in use",
        };
        Err(Error::NotTheirs { argument: "resid", why })
    }

    /// What a free returns for what became of the resource.
    fn settle(&self, outcome: Result<(), Refusal>, resid: usize, number: u32, slot: &Slot) -> Result<(), Error> {
        let lost = match outcome {
            Ok(()) | Err(Refusal::Changed(_)) => return Ok(()),
            Err(Refusal::Lost(error)) => error,
            Err(Refusal::Reset(code)) => match self.leave(slot, Step::Keep) {
                Ok(_) => return Err(Error::ResetFailed { resid, code }),
                Err(loss) => self.salvage(number, slot, loss, "reset_resource"),
            },
        };
        // Destroyed by a close that came meanwhile: it was given back, and is nobody's to destroy any more.
        if lost == Error::DispenserClosed { Ok(()) } else { Err(lost) }
    }

    /// Takes a resource out of use: into stock, or out of the world where nothing is pooled.
    fn put_in_stock(&self, number: u32, slot: &Slot, word: Word, seat: &Seat<D>) -> Result<(), Refusal> {
        if self.no_pooling.load(Ordering::Relaxed) != 0 {
            return self.discard(number, slot, word);
        }
        let Some(next) = word.state().after(Step::Free) else { return Err(Refusal::Changed(word)) };
        slot.exchange(word, word.with(next)).map_err(Refusal::Changed)?;
        let mut reset = Ok(());
        if self.driver().resets() {
            slot.count_callback();
            reset = self.driver().reset(slot.resid.load(Ordering::Relaxed));
        }
        self.after_reset(number, slot, reset, seat)
    }

    /// Puts a resource into stock that has been reset.
    fn after_reset(&self, number: u32, slot: &Slot, reset: Result<(), i32>, seat: &Seat<D>) -> Result<(), Refusal> {
        if let Err(code) = reset {
            self.held().tally.reset_failures += 1;
            return Err(Refusal::Reset(code));
        }
        slot.note_time(seat);
        slot.instid.store(0, Ordering::Relaxed);
        if let Err(loss) = self.leave(slot, Step::Stock) {
            return Err(Refusal::Lost(self.salvage(number, slot, loss, "reset_resource")));
        }
        Ok(())
    }

    /// Gives a resource up: destroyed now, or when its transaction ends. A driver that cannot destroy it has been told
    /// (D-40).
    fn discard(&self, number: u32, slot: &Slot, word: Word) -> Result<(), Refusal> {
        let Some(next) = word.state().after(Step::GiveUp) else { return Err(Refusal::Changed(word)) };
        slot.exchange(word, word.with(next)).map_err(Refusal::Changed)?;
        if next == State::Destroying {
            let _ = self.destroy(number, slot).map_err(Refusal::Lost)?;
        }
        Ok(())
    }

    /// IHolder::RequestDestroyResource. Whoever asks gives the resource up, also for its user (D-23).
    pub(crate) fn request_destroy(&self, life: u64, resid: usize) -> Result<(), Error> {
        loop {
            let (number, slot, word) = self.find(life, resid)?;
            let before = match word.state() {
                State::Ui => Some(Before::Ui),
                State::Uu => Some(Before::Uu),
                State::Ei | State::Eu => None,
                State::Creating
                | State::RatingUi
                | State::RatingEi
                | State::Enlisting
                | State::ResettingUu
                | State::ResettingEu => {
                    // Whoever has it in a callback destroys it.
                    if slot.exchange(word, word.marked(Word::DOOMED)).is_ok() {
                        return Ok(());
                    }
                    continue;
                }
                _ => {
                    drop(self.open(life)?);
                    let why = "names a resource that is neither in stock nor in use";
                    return Err(Error::NotTheirs { argument: "resid", why });
                }
            };
            let Some(next) = word.state().after(Step::GiveUp) else { continue };
            if slot.exchange(word, word.with(next)).is_err() {
                continue;
            }
            return match before {
                Some(before) => self.destroy_or_revive(number, slot, resid, before),
                None => {
                    if let Ok(mut ledger) = self.ledger(life) {
                        ledger.tally.unfreed += u64::from(word.state() == State::Eu);
                    }
                    Ok(())
                }
            };
        }
    }

    fn destroy_or_revive(&self, number: u32, slot: &Slot, resid: usize, before: Before) -> Result<(), Error> {
        let result = self.call_destroy(number, slot);
        if let Err(code) = result {
            let failed = Error::DestroyFailed { resid, code };
            let ledger = self.held();
            // Its id may be another's by now: then nothing is left that could be as before.
            let known = slot.resid.load(Ordering::Relaxed) == resid;
            let revived = if known { self.leave(slot, Step::Revive(before)) } else { Err(Loss::Doomed) };
            drop(ledger);
            match revived {
                Ok(_) => return Err(failed),
                Err(Loss::Overdue) => {}
                Err(Loss::Doomed) => {
                    self.vacate(number, slot, |_| {});
                    return Err(if known { Error::DispenserClosed } else { failed });
                }
            }
        }
        let overdue = slot.word().has(Word::WRITTEN_OFF);
        if overdue {
            self.returned(number, slot);
        }
        self.vacate(number, slot, |tally| tally.unfreed += u64::from(before == Before::Uu));
        if overdue { Err(Error::Overdue("destroy_resource")) } else { Ok(()) }
    }

    /// The object is gone: what it tracked goes, and what it allocated goes back if that is asked for.
    pub(crate) fn instance_ended(&'static self, life: u64, instid: usize, seat: &Seat<D>) {
        let Ok(ledger) = self.open(life) else { return };
        let name = Name { handle: ledger.handle, life };
        let reclaims = ledger.options.auto_reclaim;
        if !reclaims && ledger.tracked == 0 {
            return;
        }
        let theirs = |(number, slot): (u32, _)| {
            let slot: &Slot = slot;
            let word = slot.word();
            let held = match word.state() {
                State::Tu | State::Te => true,
                State::Uu | State::Eu => reclaims,
                _ => false,
            };
            let theirs = held && word.is_of(life) && slot.instid.load(Ordering::Relaxed) == instid;
            theirs.then(|| (slot.allocated.load(Ordering::Relaxed), number, slot, word))
        };
        let mut held: Vec<_> = self.inventory.slots().filter_map(theirs).collect();
        drop(ledger);
        held.sort_unstable_by_key(|&(allocated, number, ..)| (allocated, number));
        for (_, number, slot, word) in held {
            if self.reclaim(number, slot, word, seat) {
                // What came back is what this thread had to do with last.
                self.remember(name, number, seat);
            }
        }
    }

    /// True if it is back in stock.
    fn reclaim(&self, number: u32, slot: &Slot, mut word: Word, seat: &Seat<D>) -> bool {
        loop {
            let outcome = match word.state() {
                State::Tu | State::Te => self.give_up_tracked(number, slot, word).map(|_| false),
                State::Uu | State::Eu => self.put_in_stock(number, slot, word, seat).map(|()| true),
                _ => return false,
            };
            match outcome {
                Ok(back) => return back,
                // Its transaction ended: it is the object's all the same.
                Err(Refusal::Changed(now)) if word.after(Step::TransactionEnded) == Some(now) => word = now,
                Err(Refusal::Reset(_)) => {
                    self.discard_unreset(number, slot);
                    return false;
                }
                Err(_) => return false,
            }
        }
    }

    /// D-19: nobody is left to try the reset again.
    fn discard_unreset(&self, number: u32, slot: &Slot) {
        match self.leave(slot, Step::GiveUp) {
            Ok(State::Destroying) => drop(self.destroy(number, slot)),
            Ok(_) => {}
            Err(loss) => drop(self.salvage(number, slot, loss, "reset_resource")),
        }
    }

    /// What was enlisted in a transaction is free of it, however it ended; what waited for that is destroyed.
    pub(crate) fn transaction_ended(&self, life: u64, record: u64) {
        let Ok(mut ledger) = self.open(life) else { return };
        let enlisted = ledger.enlisted.remove(&record).unwrap_or_default();
        let mut waited = Vec::new();
        for number in enlisted {
            let Some(slot) = self.inventory.slot(number) else { continue };
            let mut word = slot.word();
            while word.is_of(life) && slot.record.load(Ordering::Relaxed) == record {
                let Some(state) = word.state().after(Step::TransactionEnded) else { break };
                match slot.exchange(word, word.with(state)) {
                    Ok(()) if state == State::Destroying => {
                        waited.push((slot.stamp.load(Ordering::Relaxed), number, slot));
                        break;
                    }
                    Ok(()) => break,
                    Err(now) => word = now,
                }
            }
        }
        drop(ledger);
        waited.sort_unstable_by_key(|&(stamp, number, _)| (stamp, number));
        for (_, number, slot) in waited {
            let _ = self.destroy(number, slot);
        }
    }
}

/// Why a resource did not leave its user.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Somebody else has changed it; to what.
    Changed(Word),
    Reset(i32),
    Lost(Error),
}
