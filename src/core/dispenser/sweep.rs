//! A sweep of one dispenser, in two halves: to look takes no foreign code, to act on what was seen is foreign code.
//!
//! May not: trust what was seen; a resource that was used since is left alone.

use super::pool::{Chore, Dispenser, Ledger};
use super::resource::{Step, Word};
use super::{Driver, Event};
use crate::core::env::Level;
use crate::core::error::Error;
use crate::sync::{MutexGuard, Ordering};

/// A dispenser as the sweeper sees it.
pub(crate) trait Swept: Sync {
    /// Looks for what has to be done; true if there is something.
    fn examine(&self, life: u64) -> bool;
    /// Does what was found; foreign code. `pulse` is called before each callback.
    fn work(&self, life: u64, pulse: &dyn Fn());
}

impl<D: Driver> Dispenser<D> {
    /// A sweep on the calling thread. `now_ms`: the time of a dispenser that is swept by hand; `None`: the clock.
    pub(crate) fn sweep(&self, life: u64, now_ms: Option<u64>) -> Result<(), Error> {
        {
            let ledger = self.open(life)?;
            if now_ms.is_some() && !ledger.options.manual_sweep {
                return Err(Error::ClockOnly);
            }
            let now_ms = now_ms.unwrap_or_else(|| self.clock_ms());
            if now_ms < ledger.swept_ms {
                return Err(Error::TimeBackwards);
            }
            self.look(ledger, life, now_ms);
        }
        self.work(life, &|| {});
        Ok(())
    }

    fn look(&self, mut ledger: MutexGuard<'_, Ledger>, life: u64, now_ms: u64) -> bool {
        ledger.swept_ms = now_ms;
        let deadline = ledger.options.callback_deadline.map(|deadline| deadline.as_millis() as u64);
        // What was found before and is not done yet would only be found again.
        let behind = ledger.chores.iter().any(|chore| matches!(chore, Chore::Expire { .. }));
        let mut expired = Vec::new();
        for (number, slot) in self.inventory.slots() {
            let word = slot.word();
            if !word.is_of(life) {
                continue;
            }
            slot.keep_uses(word);
            let age_ms = slot.age_at(word, now_ms);
            let state = word.state();
            let secs = slot.secs_free_before_destroy.load(Ordering::Relaxed);
            if !behind
                && state.after(Step::Expire).is_some()
                && u64::try_from(secs).is_ok_and(|secs| age_ms >= secs * 1_000)
            {
                let stamp = slot.stamp.load(Ordering::Relaxed);
                expired.push((stamp, Chore::Expire { number, seen: word }));
            }
            let overdue = slot.is_in_callback(word) && deadline.is_some_and(|deadline| age_ms >= deadline);
            if overdue && !word.has(Word::WRITTEN_OFF) && slot.exchange(word, word.marked(Word::WRITTEN_OFF)).is_ok() {
                let info = Box::new(self.describe(&ledger, number, slot, slot.word()));
                ledger.chores.push_back(Chore::Report { event: Event::WrittenOff, info });
            }
        }
        expired.sort_unstable_by_key(|&(stamp, _)| stamp);
        ledger.chores.extend(expired.into_iter().map(|(_, chore)| chore));
        !ledger.chores.is_empty()
    }

    fn do_chore(&self, life: u64, chore: Chore) {
        match chore {
            Chore::Expire { number, seen } => {
                let Some(slot) = self.inventory.slot(number) else { return };
                if let Some(next) = seen.after(Step::Expire)
                    && slot.exchange(seen, next).is_ok()
                {
                    let _ = self.destroy(number, slot);
                }
            }
            Chore::Report { event, info } => {
                let text = format_args!("callback: that of resource {:#x} is overdue, and written off", info.resid);
                self.log(Some(life), Level::Warn, text);
                self.report(life, event, &info);
            }
        }
    }
}

impl<D: Driver> Swept for Dispenser<D> {
    fn examine(&self, life: u64) -> bool {
        let Ok(ledger) = self.open(life) else { return false };
        let now_ms = self.clock_ms();
        self.look(ledger, life, now_ms)
    }

    fn work(&self, life: u64, pulse: &dyn Fn()) {
        loop {
            let chore = self.open(life).ok().and_then(|mut ledger| ledger.chores.pop_front());
            let Some(chore) = chore else { return };
            pulse();
            self.do_chore(life, chore);
        }
    }
}
