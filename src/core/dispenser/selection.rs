//! An allocation: which free resource is taken, or that one is created, and its enlistment.
//!
//! The thread's own last resource is tried first, with one exchange of its slot's word; two if it is rated. Everything else is the algorithm
//! of the specification: candidates are reserved while they are rated, one thread at a time. May not: keep a candidate
//! reserved on any way out.

use super::manager::Manager;
use super::pool::{Dispenser, Loss};
use super::resource::{Slot, State, Step, Word};
use super::seat::{Name, Seat, Spot};
use super::transactions::Binding;
use super::{Created, Driver, Enlistment};
use crate::core::env::Level;
use crate::core::error::Error;
use crate::sync::Ordering;
use std::collections::BinaryHeap;

const PERFECT: u32 = 100;

/// A free resource that is reserved for this allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    number: u32,
    rating: u32,
}

/// What came of the hit path. Small: it travels in registers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hit {
    Taken(usize),
    /// The thread's own last resource is reserved, rated, and not perfect.
    Rated(Candidate),
    /// It was lost while it was rated.
    Lost(u32, Loss),
    /// It is no candidate.
    Missed,
}

impl<D: Driver> Spot<D> {
    /// The hit path: outside transactions and objects, the resource that this thread freed last. What it missed,
    /// `alloc_after` makes good.
    #[inline]
    pub(crate) fn alloc_at_once(self, restypid: usize, seat: &Seat<D>) -> Hit {
        let Self { pool, name, number, slot } = self;
        let word = slot.word();
        if !word.is(State::Ui, name.life) || !seat.is_plain() || restypid == 0 {
            return Hit::Missed;
        }
        // Read before the exchange: after it, this thread may find another's resource here if it is held up for long.
        let resid = slot.resid.load(Ordering::Relaxed);
        if pool.driver().rates() {
            let offered = word.with(State::RatingUi);
            if slot.exchange(word, offered).is_err() {
                return Hit::Missed;
            }
            let rating = pool.rate(slot, restypid, false);
            if rating == PERFECT {
                slot.restypid.store(restypid, Ordering::Relaxed);
                if slot.exchange(offered, offered.anew(State::Uu)).is_ok() {
                    slot.note_user(seat);
                    return Hit::Taken(resid);
                }
            }
            return pool.lost(slot).map_or(Hit::Rated(Candidate { number, rating }), |loss| Hit::Lost(number, loss));
        }
        let fits = slot.restypid.load(Ordering::Relaxed) == restypid;
        if fits && slot.exchange(word, word.anew(State::Uu)).is_ok() {
            slot.note_user(seat);
            Hit::Taken(resid)
        } else {
            Hit::Missed
        }
    }
}

impl<D: Driver> Dispenser<D> {
    #[inline]
    fn rate(&self, slot: &Slot, restypid: usize, requires_enlistment: bool) -> u32 {
        slot.count_callback();
        self.driver().rate(restypid, slot.resid.load(Ordering::Relaxed), requires_enlistment)
    }

    /// Why a resource that this thread holds in a callback is no longer its own.
    fn lost(&self, slot: &Slot) -> Option<Loss> {
        let word = slot.word();
        if word.has(Word::WRITTEN_OFF) { Some(Loss::Overdue) } else { word.has(Word::DOOMED).then_some(Loss::Doomed) }
    }

    /// An allocation, from where the hit path left it.
    #[cold]
    #[inline(never)]
    pub(crate) fn alloc_after(
        &'static self,
        hit: Hit,
        name: Name,
        restypid: usize,
        seat: &Seat<D>,
        manager: &Manager,
    ) -> Result<usize, Error> {
        let best = match hit {
            Hit::Taken(resid) => return Ok(resid),
            Hit::Rated(candidate) => {
                if let Some(slot) = self.inventory.slot(candidate.number) {
                    slot.rest();
                }
                Some(candidate)
            }
            Hit::Missed => None,
            Hit::Lost(number, loss) => {
                if let Some(slot) = self.inventory.slot(number) {
                    match self.salvage(number, slot, loss, "rate_resource") {
                        // It was not this allocation's yet.
                        Error::GivenUp(_) => {}
                        error => return Err(error),
                    }
                }
                None
            }
        };
        let mut search = Search { pool: self, name, restypid, seat, manager, tx: Binding::NONE, best };
        let result = search.run();
        search.put_back_best();
        let (number, resid) = result?;
        self.remember(name, number, seat);
        Ok(resid)
    }
}

/// One allocation beyond the hit path. `best` is reserved, and `tx` lived when it was last looked at.
struct Search<'a, D: 'static> {
    pool: &'static Dispenser<D>,
    name: Name,
    restypid: usize,
    seat: &'a Seat<D>,
    manager: &'a Manager,
    tx: Binding,
    best: Option<Candidate>,
}

impl<D: Driver> Search<'_, D> {
    fn run(&mut self) -> Result<(u32, usize), Error> {
        drop(self.pool.open(self.name.life)?);
        if self.restypid == 0 {
            return Err(Error::Nothing("restypid"));
        }
        self.tx = self.manager.current(self.seat.binding());
        self.manager.transactions.refuse_aborting(self.tx)?;
        match self.choose()? {
            Some(chosen) => Ok(chosen),
            None => self.create(),
        }
    }

    /// Hands a resource over that this thread has in a callback's state: to its user, after its enlistment if it needs
    /// one.
    fn hand_over(&self, number: u32, slot: &Slot, callback: &'static str) -> Result<(u32, usize), Error> {
        let pool = self.pool;
        if self.seat.instid() != 0 {
            slot.instid.store(self.seat.instid(), Ordering::Relaxed);
            slot.allocated.store(pool.next_allocated(), Ordering::Relaxed);
        }
        slot.restypid.store(self.restypid, Ordering::Relaxed);
        let resid = slot.resid.load(Ordering::Relaxed);
        let state = slot.word().state();
        let takes = if state == State::Creating { Step::Created } else { Step::Take };
        let enlists = !self.tx.is_none() && state != State::RatingEi;
        pool.leave(slot, if enlists { Step::Enlist } else { takes })
            .map_err(|loss| pool.salvage(number, slot, loss, callback))?;
        if enlists {
            self.enlist(number, slot, resid)?;
        }
        slot.note_user(self.seat);
        Ok((number, resid))
    }

    /// Takes a free resource, if there is one that will do.
    fn choose(&mut self) -> Result<Option<(u32, usize)>, Error> {
        if !self.pool.driver().rates() {
            self.best = self.any_equal();
        } else if self.best.is_none_or(|best| best.rating < PERFECT) {
            self.rate_all()?;
        }
        let Some(Candidate { number, .. }) = self.best.take() else { return Ok(None) };
        let Some(slot) = self.pool.inventory.slot(number) else { return Ok(None) };
        match self.hand_over(number, slot, "rate_resource") {
            // Somebody gave it up before it was this allocation's.
            Err(Error::GivenUp("rate_resource")) => Ok(None),
            result => result.map(Some),
        }
    }

    /// Without a rating: one of the same type, if it can be in the transaction already; the neighbours of the thread's
    /// last one first, so that threads keep apart.
    fn any_equal(&self) -> Option<Candidate> {
        let inventory = &self.pool.inventory;
        let last = self.seat.spot(self.name.handle).map(|spot| spot.number);
        let begin = last.unwrap_or(self.seat.thread() as u32 % inventory.high().max(1));
        let reserve = |state: State| {
            let fits = |slot: &Slot, word: Word| {
                let joined = state == State::Ui || slot.record.load(Ordering::Relaxed) == self.tx.number;
                word.is(state, self.name.life) && joined && slot.restypid.load(Ordering::Relaxed) == self.restypid
            };
            let take = |slot: &Slot| {
                let word = slot.word();
                let reserved = word.after(Step::Offer).filter(|_| fits(slot, word));
                reserved.is_some_and(|reserved| slot.exchange(word, reserved).is_ok())
            };
            inventory.slots_from(begin).find(|(_, slot)| take(slot))
        };
        let joined = if self.tx.is_none() { None } else { reserve(State::Ei) };
        let (number, _) = joined.or_else(|| reserve(State::Ui))?;
        Some(Candidate { number, rating: PERFECT })
    }

    /// Offers every candidate until one is perfect: first those in the transaction, each kind by what was freed last
    /// (D-7).
    fn rate_all(&mut self) -> Result<(), Error> {
        // The thread's last one has been offered already.
        let offered = self.best.map(|best| best.number);
        if self.best.is_some_and(|best| best.rating == 0) {
            self.put_back_best();
        }
        let mut candidates = Vec::new();
        for (number, slot) in self.pool.inventory.slots() {
            let word = slot.word();
            let ours = word.is(State::Ei, self.name.life) && slot.record.load(Ordering::Relaxed) == self.tx.number;
            if (ours || word.is(State::Ui, self.name.life)) && Some(number) != offered {
                candidates.try_reserve(1).map_err(|_| Error::OutOfMemory("the list of candidates"))?;
                candidates.push((ours, slot.stamp.load(Ordering::Relaxed), number));
            }
        }
        // The first few are often all that is looked at.
        let mut candidates = BinaryHeap::from(candidates);
        while let Some((_, _, number)) = candidates.pop() {
            let Some(slot) = self.pool.inventory.slot(number) else { continue };
            let Some(rating) = self.offer(number, slot)? else { continue };
            if rating > self.best.map_or(0, |best| best.rating) {
                self.put_back_best();
                slot.rest();
                self.best = Some(Candidate { number, rating });
            } else {
                self.put_back(number, slot);
            }
            if rating == PERFECT {
                break;
            }
        }
        Ok(())
    }

    /// Reserves a candidate and has it rated; `None` if somebody else has it or it was lost meanwhile.
    fn offer(&mut self, number: u32, slot: &Slot) -> Result<Option<u32>, Error> {
        let word = slot.word();
        let ours = word.is(State::Ei, self.name.life) && slot.record.load(Ordering::Relaxed) == self.tx.number;
        if !ours && !word.is(State::Ui, self.name.life) {
            return Ok(None);
        }
        let Some(reserved) = word.state().after(Step::Offer) else { return Ok(None) };
        if slot.exchange(word, word.with(reserved)).is_err() {
            return Ok(None);
        }
        let rating = self.pool.rate(slot, self.restypid, !ours && !self.tx.is_none());
        self.tx = self.manager.current(self.tx);
        let Some(loss) = self.pool.lost(slot) else { return Ok(Some(rating)) };
        match self.pool.salvage(number, slot, loss, "rate_resource") {
            Error::GivenUp(_) => Ok(None),
            error => Err(error),
        }
    }

    fn put_back(&self, number: u32, slot: &Slot) {
        if let Err(loss) = self.pool.leave(slot, Step::PutBack) {
            self.pool.salvage(number, slot, loss, "rate_resource");
        }
    }

    fn put_back_best(&mut self) {
        if let Some(Candidate { number, .. }) = self.best.take()
            && let Some(slot) = self.pool.inventory.slot(number)
        {
            self.put_back(number, slot);
        }
    }

    fn create(&mut self) -> Result<(u32, usize), Error> {
        let pool = self.pool;
        let mut ledger = pool.open(self.name.life)?;
        let (number, slot) = pool.claim(&mut ledger, Step::Create)?;
        drop(ledger);
        slot.note_time(self.seat);
        slot.count_callback();
        let created = pool.driver().create(self.restypid);
        self.tx = self.manager.current(self.tx);
        if let Err(error) = self.receive(number, slot, created) {
            let overdue = pool.lost(slot) == Some(Loss::Overdue);
            if overdue {
                pool.returned(number, slot);
            }
            pool.vacate(number, slot, |tally| tally.create_failures += 1);
            return Err(if overdue { Error::Overdue("create_resource") } else { error });
        }
        self.hand_over(number, slot, "create_resource")
    }

    /// Takes in what the driver created, or says why not.
    fn receive(&self, number: u32, slot: &Slot, created: Result<Created, i32>) -> Result<(), Error> {
        let pool = self.pool;
        let mut ledger = pool.held();
        ledger.tally.last_create_result = created.err().unwrap_or(0);
        let Created { resid, secs_free_before_destroy } = created.map_err(Error::CreateFailed)?;
        let bad = |why| Error::BadCreation { restypid: self.restypid, resid, why };
        if resid == 0 {
            return Err(bad("which names nothing"));
        }
        if let Some(known) = pool.inventory.find(resid)
            && let Some(other) = pool.inventory.slot(known)
        {
            // A driver that frees the memory of a resource may get the same address again before its destroy_resource
            // has returned to us: that id is the new resource's.
            if other.word().state() != State::Destroying {
                return Err(bad("which it has in use already"));
            }
            pool.unpublish(&mut ledger, known, other);
        }
        slot.secs_free_before_destroy.store(secs_free_before_destroy, Ordering::Relaxed);
        pool.publish(number, slot, resid);
        ledger.tally.creates += 1;
        // Counting takes a walk: in a large pool only now and then while it grows.
        if ledger.live <= 64 || ledger.live > ledger.tally.counted_at + ledger.tally.counted_at / 8 {
            let used = pool.inventory.slots().filter(|(_, slot)| slot.word().state().is_in_use()).count() as u32 + 1;
            ledger.tally.peak_used = ledger.tally.peak_used.max(used);
            ledger.tally.counted_at = ledger.live;
        }
        Ok(())
    }

    fn enlist(&self, number: u32, slot: &Slot, resid: usize) -> Result<(), Error> {
        let pool = self.pool;
        let lose = |loss| pool.salvage(number, slot, loss, "enlist_resource");
        // Into stock, as nobody's; or nowhere, where there is none (D-50).
        let clear = |error| {
            slot.instid.store(0, Ordering::Relaxed);
            if pool.no_pooling.load(Ordering::Relaxed) != 0 {
                lose(pool.lost(slot).unwrap_or(Loss::Doomed));
                return Err(error);
            }
            Err(pool.leave(slot, Step::Cleared).map_or_else(lose, |_| error))
        };
        if let Err(error) = self.manager.transactions.refuse_aborting(self.tx) {
            // Nothing is wrong with the resource.
            return clear(error);
        }
        slot.record.store(self.tx.number, Ordering::Relaxed);
        slot.transid.store(self.tx.transid, Ordering::Relaxed);
        slot.count_callback();
        match pool.driver().enlist(resid, self.tx.transid) {
            Enlistment::Enlisted => pool.join(number, slot, self.tx, self.manager).map_err(lose),
            Enlistment::Declined => pool.leave(slot, Step::Declined).map(drop).map_err(lose),
            Enlistment::Failed(code) => {
                pool.held().tally.enlist_failures += 1;
                let failed = Error::EnlistFailed { resid, code };
                if pool.lost(slot).is_some() {
                    return clear(failed);
                }
                // The enlistment is uncertain: 0 makes sure that there is none (D-11).
                slot.count_callback();
                if let Enlistment::Failed(code) = pool.driver().enlist(resid, 0) {
                    pool.log(
                        None,
                        Level::Warn,
                        format_args!("enlist_resource: {resid:#x} for no transaction answered 0x{code:08X}; destroyed"),
                    );
                    let loss = pool.lost(slot).unwrap_or(Loss::Doomed);
                    let lost = lose(loss);
                    return Err(if loss == Loss::Overdue { lost } else { failed });
                }
                clear(failed)
            }
        }
    }
}

impl<D: Driver> Dispenser<D> {
    /// Ends an enlistment that the driver agreed to; if the transaction is gone by now, there is none (D-34).
    pub(super) fn join(&self, number: u32, slot: &Slot, tx: Binding, manager: &Manager) -> Result<(), Loss> {
        let mut ledger = self.held();
        // Under our lock: whoever ends the transaction asks for it afterwards.
        if !manager.transactions.join(tx, ledger.handle) {
            return self.leave(slot, Step::Declined).map(drop);
        }
        self.leave(slot, Step::Enlisted)?;
        ledger.enlisted.entry(tx.number).or_default().push(number);
        Ok(())
    }
}
