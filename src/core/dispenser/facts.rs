//! What can be asked of a dispenser.

use super::pool::{Dispenser, Guest, Ledger, Phase};
use super::resource::{Slot, State, Word};
use super::{Driver, Options};
use crate::core::error::Error;
use crate::sync::Ordering;

/// Where a resource is, for people. One that is in a callback is in the state of that callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    FreeUnenlisted,
    FreeEnlisted,
    UsedUnenlisted,
    UsedEnlisted,
    Tracked,
    TrackedEnlisted,
    AwaitingTransaction,
    Creating,
    Rating,
    Enlisting,
    Resetting,
    Destroying,
    WrittenOff,
}

/// A resource as it was at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) standing: Standing,
    pub(crate) secs_free_before_destroy: i32,
    pub(crate) age_ms: u64,
    /// As sweeps saw it: 0 until the first sweep after the last change.
    pub(crate) standing_age_ms: u64,
    pub(crate) uses: u64,
    /// Who allocated it last.
    pub(crate) thread: u64,
    pub(crate) resid: usize,
    pub(crate) restypid: usize,
    pub(crate) instid: usize,
    pub(crate) transid: usize,
    pub(crate) sresid: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stats {
    pub(crate) closed: bool,
    pub(crate) free_unenlisted: u32,
    pub(crate) free_enlisted: u32,
    pub(crate) used_unenlisted: u32,
    pub(crate) used_enlisted: u32,
    pub(crate) tracked: u32,
    pub(crate) awaiting_transaction: u32,
    pub(crate) creating: u32,
    pub(crate) destroying: u32,
    pub(crate) written_off: u32,
    pub(crate) peak_used: u32,
    pub(crate) last_create_result: i32,
    pub(crate) allocs: u64,
    pub(crate) frees: u64,
    pub(crate) creates: u64,
    pub(crate) create_failures: u64,
    pub(crate) destroys: u64,
    pub(crate) destroy_failures: u64,
    pub(crate) reset_failures: u64,
    pub(crate) enlist_failures: u64,
    pub(crate) longest_hold_ms: u64,
    pub(crate) longest_hold_thread: u64,
}

impl Standing {
    const fn of(state: State) -> Option<Self> {
        Some(match state {
            State::Vacant => return None,
            State::Ui => Self::FreeUnenlisted,
            State::Ei => Self::FreeEnlisted,
            State::Uu => Self::UsedUnenlisted,
            State::Eu => Self::UsedEnlisted,
            State::Tu => Self::Tracked,
            State::Te => Self::TrackedEnlisted,
            State::Awaiting => Self::AwaitingTransaction,
            State::Creating => Self::Creating,
            State::RatingUi | State::RatingEi => Self::Rating,
            State::Enlisting | State::Tracking => Self::Enlisting,
            State::ResettingUu | State::ResettingEu => Self::Resetting,
            State::Destroying => Self::Destroying,
        })
    }
}

impl<D: Driver> Dispenser<D> {
    pub(crate) fn options(&self, life: u64) -> Result<Options, Error> {
        Ok(self.ledger(life)?.options)
    }

    pub(crate) fn stats(&self, life: u64) -> Result<Stats, Error> {
        let mut ledger = self.ledger(life)?;
        let now_ms = self.now_ms(&ledger);
        let mut stats = Stats { closed: ledger.phase == Phase::Closed, ..Stats::default() };
        let mut uses = ledger.tally.past_uses;
        let mut holding = 0;
        for (_, slot) in self.inventory.slots() {
            let word = slot.word();
            stats.written_off += u32::from(word.has(Word::WRITTEN_OFF));
            if word.state() != State::Vacant {
                uses += slot.uses(word);
            }
            match word.state() {
                State::Vacant | State::RatingUi | State::RatingEi | State::Enlisting => {}
                State::Ui => stats.free_unenlisted += 1,
                State::Ei => stats.free_enlisted += 1,
                State::Uu | State::ResettingUu => stats.used_unenlisted += 1,
                State::Eu | State::ResettingEu => stats.used_enlisted += 1,
                State::Tu | State::Te | State::Tracking => stats.tracked += 1,
                State::Awaiting => stats.awaiting_transaction += 1,
                State::Creating => stats.creating += 1,
                State::Destroying => stats.destroying += 1,
            }
            if word.state().is_in_use() {
                holding += 1;
                let held_ms = slot.known_age(word, now_ms);
                if held_ms >= stats.longest_hold_ms {
                    stats.longest_hold_ms = held_ms;
                    stats.longest_hold_thread = slot.thread.load(Ordering::Relaxed);
                }
            }
        }
        let used = stats.used_unenlisted + stats.used_enlisted;
        ledger.tally.peak_used = ledger.tally.peak_used.max(holding);
        let tally = ledger.tally;
        stats.allocs = uses;
        stats.frees = uses.saturating_sub(tally.unfreed + u64::from(used));
        stats.peak_used = tally.peak_used;
        stats.last_create_result = tally.last_create_result;
        stats.creates = tally.creates;
        stats.create_failures = tally.create_failures;
        stats.destroys = tally.destroys;
        stats.destroy_failures = tally.destroy_failures;
        stats.reset_failures = tally.reset_failures;
        stats.enlist_failures = tally.enlist_failures;
        Ok(stats)
    }

    pub(crate) fn info(&self, life: u64, resid: usize) -> Result<Info, Error> {
        if resid == 0 {
            return Err(Error::Nothing("resid"));
        }
        let ledger = self.open(life)?;
        let unknown = Error::NotTheirs { argument: "resid", why: "names no resource of this dispenser" };
        let number = self.inventory.find(resid).ok_or(unknown.clone())?;
        let slot = self.inventory.slot(number).ok_or(unknown)?;
        Ok(self.describe(&ledger, number, slot, slot.word()))
    }

    /// Shows every resource there is, in order of creation, from one snapshot, until `show` wants to stop. A close waits
    /// for it as for a callback.
    pub(crate) fn visit<R>(&self, life: u64, show: impl FnMut(&Info) -> Option<R>) -> Result<Option<R>, Error> {
        let mut ledger = self.ledger(life)?;
        let mut found = Vec::new();
        found.try_reserve(ledger.live as usize).map_err(|_| Error::OutOfMemory("the list of resources"))?;
        for (number, slot) in self.inventory.slots() {
            let word = slot.word();
            if word.state() != State::Vacant && word.is_of(life) {
                found.push((slot.created.load(Ordering::Relaxed), self.describe(&ledger, number, slot, word)));
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        ledger.receive_guest();
        drop(ledger);
        let _leave = Guest(self);
        found.sort_unstable_by_key(|&(created, _)| created);
        Ok(found.iter().map(|(_, info)| info).find_map(show))
    }

    pub(super) fn describe(&self, ledger: &Ledger, number: u32, slot: &Slot, word: Word) -> Info {
        let now_ms = self.now_ms(ledger);
        let enlisted = matches!(
            word.state(),
            State::Ei | State::Eu | State::Te | State::Awaiting | State::RatingEi | State::ResettingEu
        );
        let written_off = word.has(Word::WRITTEN_OFF).then_some(Standing::WrittenOff);
        let standing = written_off.or(Standing::of(word.state())).unwrap_or(Standing::Destroying);
        Info {
            standing,
            secs_free_before_destroy: slot.secs_free_before_destroy.load(Ordering::Relaxed),
            age_ms: now_ms.saturating_sub(slot.created_ms.load(Ordering::Relaxed)),
            standing_age_ms: slot.known_age(word, now_ms),
            uses: slot.uses(word),
            thread: slot.thread.load(Ordering::Relaxed),
            resid: slot.resid.load(Ordering::Relaxed),
            restypid: slot.restypid.load(Ordering::Relaxed),
            instid: slot.instid.load(Ordering::Relaxed),
            transid: if enlisted { slot.transid.load(Ordering::Relaxed) } else { 0 },
            sresid: ledger.string_of.get(&number).map(|sresid| (**sresid).into()),
        }
    }
}
