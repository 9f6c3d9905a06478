//! A dispenser as an object: its beginning, what its lock protects, its close and its end.
//!
//! The hit path of an allocation and of a free changes one slot and nothing else. So what is in flight is what the slots
//! say: a close marks every slot that a callback has, and the last of those to be left gives the driver back.
//! May not: hold the lock while foreign code runs.

use super::facts::Info;
use super::inventory::Inventory;
use super::resource::{Slot, State, Step, Word};
use super::seat::{Name, Seat, Spot};
use super::{Driver, Event, Options};
use crate::core::caller::{NoWait, Quiescence, Wait};
use crate::core::env::{Env, Level};
use crate::core::error::Error;
use crate::sync::{AtomicU32, Condvar, Mutex, MutexGuard, Ordering};
use std::collections::{HashMap, VecDeque};
use std::fmt::Arguments;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Dispenser<D> {
    driver: D,
    env: Env,
    pub(super) inventory: Inventory,
    /// Whether a free destroys (D-50): the one setting that the hit path has to know.
    pub(super) no_pooling: AtomicU32,
    /// Counts what objects are given; nothing else is counted for all to share.
    allocations: AtomicU32,
    ledger: Mutex<Ledger>,
    /// Told when the driver has been given back.
    quiet: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    #[default]
    Vacant,
    Open,
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) life: u64,
    pub(super) handle: u64,
    pub(super) phase: Phase,
    /// The handle has ended, too.
    destroyed: bool,
    /// The driver has been given back.
    released: bool,
    /// For people.
    name: String,
    pub(super) options: Options,
    /// Slots that a resource has left.
    vacant: Vec<u32>,
    /// Slots ever taken.
    claims: u64,
    /// Slots that are not vacant.
    pub(super) live: u32,
    /// Tracked resources, by number and by string.
    pub(super) tracked: u32,
    pub(super) strings: HashMap<Arc<str>, u32>,
    pub(super) string_of: HashMap<u32, Arc<str>>,
    /// What has been enlisted in each transaction record, in order.
    pub(super) enlisted: HashMap<u64, Vec<u32>>,
    /// What a sweep found to do.
    pub(super) chores: VecDeque<Chore>,
    pub(super) swept_ms: u64,
    /// Callbacks in flight that are about no slot: reports and visitors.
    guests: u32,
    /// What a closed dispenser still waits for: slots in callbacks, guests, and the closer.
    leaving: u32,
    pub(super) tally: Tally,
}

/// Counts that no slot keeps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// Uses of resources that are gone.
    pub(super) past_uses: u64,
    /// Uses that did not end with a free.
    pub(super) unfreed: u64,
    pub(super) peak_used: u32,
    /// How many there were when what is in use was counted last.
    pub(super) counted_at: u32,
    pub(super) creates: u64,
    pub(super) create_failures: u64,
    pub(super) last_create_result: i32,
    pub(super) destroys: u64,
    pub(super) destroy_failures: u64,
    pub(super) reset_failures: u64,
    pub(super) enlist_failures: u64,
}

/// What a sweep leaves to a thread that may run foreign code.
#[derive(Debug)]
pub(super) enum Chore {
    /// Destroy what has been idle for too long, if the slot is still as it was seen.
    Expire {
        number: u32,
        seen: Word,
    },
    Report {
        event: Event,
        info: Box<Info>,
    },
}

impl Ledger {
    /// A callback begins that is about no slot.
    pub(super) fn receive_guest(&mut self) {
        self.guests += 1;
        self.leaving += u32::from(self.phase == Phase::Closed);
    }
}

/// Leaves such a callback, also when Rust code around it panics.
pub(super) struct Guest<'a, D: Driver>(pub(super) &'a Dispenser<D>);

impl<D: Driver> Drop for Guest<'_, D> {
    fn drop(&mut self) {
        let mut ledger = self.0.held();
        ledger.guests -= 1;
        self.0.depart(ledger);
    }
}

/// Why a resource was lost while a callback had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Overdue,
    Doomed,
}

impl<D: Driver> Dispenser<D> {
    pub(crate) fn new(driver: D, env: Env) -> Self {
        Self {
            driver,
            env,
            inventory: Inventory::new(),
            no_pooling: AtomicU32::new(0),
            allocations: AtomicU32::new(0),
            ledger: Mutex::new(Ledger::default()),
            quiet: Condvar::new(),
        }
    }

    #[inline]
    pub(crate) fn driver(&self) -> &D {
        &self.driver
    }

    pub(crate) fn is_vacant(&self) -> bool {
        self.ledger.lock().phase == Phase::Vacant
    }

    /// Starts a life in this vacant object; the driver is in place already.
    pub(crate) fn begin(&self, life: u64, handle: u64, name: &str, options: Options) {
        self.inventory.rewind();
        self.no_pooling.store(options.no_pooling.into(), Ordering::Relaxed);
        let fresh = Ledger { life, handle, phase: Phase::Open, name: name.to_owned(), options, ..Ledger::default() };
        *self.ledger.lock() = fresh;
    }

    /// Has a thread find its last resource at once.
    pub(super) fn remember(&'static self, name: Name, number: u32, seat: &Seat<D>) {
        if let Some(slot) = self.inventory.slot(number) {
            seat.remember(name.handle, Spot { pool: self, name, number, slot });
        }
    }

    /// The order of what objects are given (D-44).
    pub(super) fn next_allocated(&self) -> u32 {
        self.allocations.fetch_add(1, Ordering::Relaxed)
    }

    /// The clock; of a dispenser that is swept by hand, what it was told last.
    pub(super) fn now_ms(&self, ledger: &Ledger) -> u64 {
        if ledger.options.manual_sweep && ledger.swept_ms > 0 { ledger.swept_ms } else { (self.env.now_ms)() }
    }

    pub(super) fn clock_ms(&self) -> u64 {
        (self.env.now_ms)()
    }

    /// The lock, for what a closed dispenser still answers.
    pub(super) fn ledger(&self, life: u64) -> Result<MutexGuard<'_, Ledger>, Error> {
        let ledger = self.ledger.lock();
        let alive = ledger.life == life && ledger.phase != Phase::Vacant && !ledger.destroyed;
        if alive { Ok(ledger) } else { Err(Error::DispenserGone) }
    }

    /// The lock, for everything else (D-25).
    pub(super) fn open(&self, life: u64) -> Result<MutexGuard<'_, Ledger>, Error> {
        let ledger = self.ledger(life)?;
        if ledger.phase == Phase::Open { Ok(ledger) } else { Err(Error::DispenserClosed) }
    }

    pub(crate) fn is_open(&self, life: u64) -> bool {
        self.open(life).is_ok()
    }

    /// The lock, for who has a slot in a callback: the life cannot have ended.
    pub(super) fn held(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }

    /// Takes a slot for a resource to be.
    pub(super) fn claim(&self, ledger: &mut Ledger, step: Step) -> Result<(u32, &Slot), Error> {
        // What is being created has no id yet, and will have one.
        self.inventory.reserve(ledger.live as usize)?;
        let number = match ledger.vacant.pop() {
            Some(number) => number,
            None => {
                // Room to note every slot as vacant: a resource that goes must not need memory.
                let room = ledger.live as usize + 1;
                ledger.vacant.try_reserve(room).map_err(|_| Error::OutOfMemory("another resource"))?;
                self.inventory.grow()?
            }
        };
        let slot = self.inventory.slot(number).ok_or(Error::OutOfMemory("another resource"))?;
        let now_ms = self.now_ms(ledger);
        slot.prepare(ledger.claims, now_ms);
        ledger.claims += 1;
        let state = State::Vacant.after(step).unwrap_or(State::Creating);
        slot.begin(state, ledger.life);
        ledger.live += 1;
        Ok((number, slot))
    }

    /// Makes a resource findable by its id; under the lock.
    pub(super) fn publish(&self, number: u32, slot: &Slot, resid: usize) {
        slot.resid.store(resid, Ordering::Relaxed);
        self.inventory.insert(number);
    }

    /// Takes a resource's id away from it.
    pub(super) fn unpublish(&self, ledger: &mut Ledger, number: u32, slot: &Slot) {
        if slot.resid.load(Ordering::Relaxed) != 0 {
            self.inventory.remove(number);
            slot.resid.store(0, Ordering::Relaxed);
        }
        if let Some(sresid) = ledger.string_of.remove(&number)
            && ledger.strings.get(&sresid) == Some(&number)
        {
            ledger.strings.remove(&sresid);
        }
    }

    /// Ends a step that a callback was made in, unless the resource was lost meanwhile. A transaction that ended
    /// meanwhile has changed the state (D-34): the step is taken from what it is now.
    pub(super) fn leave(&self, slot: &Slot, step: Step) -> Result<State, Loss> {
        loop {
            let word = slot.word();
            if word.has(Word::WRITTEN_OFF) {
                return Err(Loss::Overdue);
            }
            let Some(state) = word.state().after(step).filter(|_| !word.has(Word::DOOMED)) else {
                return Err(Loss::Doomed);
            };
            let comes_back = matches!(step, Step::Keep | Step::Revive(_));
            let to = if state.is_in_use() && !comes_back { word.anew(state) } else { word.with(state) };
            if slot.exchange(word, to).is_ok() {
                return Ok(state);
            }
        }
    }

    /// Ends what was lost while `callback` had it, and says why it was lost.
    pub(super) fn salvage(&self, number: u32, slot: &Slot, loss: Loss, callback: &'static str) -> Error {
        let (closed, state) = {
            let ledger = self.held();
            let closed = ledger.phase == Phase::Closed;
            // What is enlisted has to wait, unless it cannot be trusted or nobody is left to wait (D-23).
            let waits = loss == Loss::Doomed && !closed;
            let mut word = slot.word();
            loop {
                let next = word.state().after(Step::GiveUp).filter(|&state| waits && state == State::Awaiting);
                let Some(state) = next.or(word.state().after(Step::Discard)) else { break (closed, word.state()) };
                match slot.exchange(word, word.unmarked().with(state)) {
                    Ok(()) => break (closed, state),
                    Err(now) => word = now,
                }
            }
        };
        if loss == Loss::Overdue {
            self.returned(number, slot);
        }
        if state == State::Destroying {
            let _ = self.destroy(number, slot);
        }
        match loss {
            Loss::Overdue => Error::Overdue(callback),
            Loss::Doomed if closed => Error::DispenserClosed,
            Loss::Doomed => Error::GivenUp(callback),
        }
    }

    /// Tells of a callback that came back after it was written off.
    pub(super) fn returned(&self, number: u32, slot: &Slot) {
        let ledger = self.held();
        let info = self.describe(&ledger, number, slot, slot.word());
        let life = ledger.life;
        drop(ledger);
        self.report(life, Event::WrittenOffReturned, &info);
    }

    /// Has the driver destroy a resource that is marked as being destroyed, and lets go of it whatever the driver says
    /// (D-40). The error is for a caller who should hear that it took too long.
    pub(super) fn destroy(&self, number: u32, slot: &Slot) -> Result<Result<(), i32>, Error> {
        let resid = slot.resid.load(Ordering::Relaxed);
        let result = self.call_destroy(number, slot);
        if let Err(code) = result {
            let callback = if resid != 0 { "destroy_resource" } else { "destroy_resource_s" };
            self.log(None, Level::Warn, format_args!("{callback}: {resid:#x} answered 0x{code:08X}; let go of"));
        }
        let overdue = slot.word().has(Word::WRITTEN_OFF);
        if overdue {
            self.returned(number, slot);
        }
        self.vacate(number, slot, |_| {});
        if overdue { Err(Error::Overdue("destroy_resource")) } else { Ok(result) }
    }

    pub(super) fn call_destroy(&self, number: u32, slot: &Slot) -> Result<(), i32> {
        slot.count_callback();
        let sresid = self.held().string_of.get(&number).cloned();
        let result = match (sresid, slot.resid.load(Ordering::Relaxed)) {
            (Some(sresid), _) => self.driver.destroy_s(&sresid),
            // The driver has given the id to another resource meanwhile.
            (None, 0) => Ok(()),
            (None, resid) => self.driver.destroy(resid),
        };
        let mut ledger = self.held();
        ledger.tally.destroys += u64::from(result.is_ok());
        ledger.tally.destroy_failures += u64::from(result.is_err());
        result
    }

    /// Makes a slot vacant that its holder is done with.
    pub(super) fn vacate(&self, number: u32, slot: &Slot, also: impl FnOnce(&mut Tally)) {
        let mut ledger = self.held();
        also(&mut ledger.tally);
        self.clear(&mut ledger, number, slot);
        self.depart(ledger);
    }

    pub(super) fn clear(&self, ledger: &mut Ledger, number: u32, slot: &Slot) {
        self.unpublish(ledger, number, slot);
        let word = slot.word();
        ledger.tally.past_uses += slot.uses(word);
        slot.set(word.unmarked().anew(State::Vacant));
        ledger.vacant.push(number);
        ledger.live -= 1;
    }

    /// One that a closed dispenser may wait for is gone.
    pub(super) fn depart(&self, mut ledger: MutexGuard<'_, Ledger>) {
        if ledger.phase != Phase::Closed {
            return;
        }
        ledger.leaving -= 1;
        if ledger.leaving == 0 {
            drop(ledger);
            self.driver.release();
            let mut ledger = self.held();
            ledger.released = true;
            if ledger.destroyed {
                ledger.phase = Phase::Vacant;
            }
            drop(ledger);
            self.quiet.notify_all();
        }
    }

    /// Tells the driver something, unless the dispenser is closed.
    pub(super) fn report(&self, life: u64, event: Event, info: &Info) {
        let Ok(mut ledger) = self.open(life) else { return };
        ledger.receive_guest();
        drop(ledger);
        let _leave = Guest(self);
        self.driver.report(event, info);
    }

    /// For who has a slot in a callback, or else `life`.
    pub(super) fn log(&self, life: Option<u64>, level: Level, message: Arguments<'_>) {
        let ledger = life.map_or_else(|| Ok(self.held()), |life| self.open(life));
        let Ok(name) = ledger.map(|ledger| ledger.name.clone()) else { return };
        (self.env.log)(level, format_args!("dispenser \"{name}\": {message}"));
    }

    /// Destroys the stock, forgets what is in use or tracked (D-24), and gives the driver back, at the latest when the
    /// last callback returns (D-27).
    pub(crate) fn close(&self, life: u64, may_wait: bool) -> Result<Quiescence, Error> {
        let ledger = self.open(life)?;
        let wait = wait(&ledger.options, may_wait);
        self.shut(ledger);
        Ok(self.drain(life, wait))
    }

    /// As `close`, where that has not been done, and nobody will name this life again.
    pub(crate) fn end(&self, life: u64, may_wait: bool) -> Quiescence {
        let mut ledger = self.held();
        let wait = wait(&ledger.options, may_wait);
        ledger.destroyed = true;
        match ledger.phase {
            Phase::Open => self.shut(ledger),
            _ if ledger.released => {
                ledger.phase = Phase::Vacant;
                drop(ledger);
            }
            _ => drop(ledger),
        }
        self.drain(life, wait)
    }

    fn shut(&self, mut ledger: MutexGuard<'_, Ledger>) {
        ledger.phase = Phase::Closed;
        ledger.leaving = 1 + ledger.guests;
        ledger.enlisted.clear();
        ledger.chores.clear();
        let life = ledger.life;
        let mut stock = Vec::new();
        for (number, slot) in self.inventory.slots() {
            let mut word = slot.word();
            while word.is_of(life) && word.state() != State::Vacant {
                let state = word.state().after(Step::Close);
                let to = state.map_or(word.marked(Word::DOOMED), |state| word.with(state));
                if let Err(now) = slot.exchange(word, to) {
                    word = now;
                    continue;
                }
                ledger.leaving += 1;
                match state {
                    Some(State::Vacant) => {
                        ledger.tally.unfreed += u64::from(word.state().is_in_use());
                        ledger.leaving -= 1;
                        self.clear(&mut ledger, number, slot);
                    }
                    Some(_) => stock.push((slot.stamp.load(Ordering::Relaxed), number, slot)),
                    None => {}
                }
                break;
            }
        }
        ledger.tracked = 0;
        drop(ledger);
        stock.sort_unstable_by_key(|&(stamp, number, _)| (stamp, number));
        for (_, number, slot) in stock {
            let _ = self.destroy(number, slot);
        }
        self.depart(self.held());
    }

    /// Waits, if it may, until the driver of a closed dispenser has been given back.
    fn drain(&self, life: u64, wait: Wait) -> Quiescence {
        let mut ledger = self.held();
        let mut late = false;
        loop {
            // Another life in the same memory has begun only after this one was over.
            if ledger.life != life || ledger.released {
                return Quiescence::Reached;
            }
            if late {
                return Quiescence::Deferred;
            }
            match wait.deadline() {
                Ok(deadline) => (ledger, late) = self.quiet.wait(ledger, deadline),
                Err(NoWait) => late = true,
            }
        }
    }
}

fn wait(options: &Options, may_wait: bool) -> Wait {
    match options.drain_timeout {
        _ if !may_wait => Wait::Never,
        Some(time) => Wait::up_to(time),
        None => Wait::Forever,
    }
}
