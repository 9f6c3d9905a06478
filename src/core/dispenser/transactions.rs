//! What a transaction number means: a record, made when the number is first named and dead when its transaction ends.
//! The same number later is another transaction.
//!
//! Whether a record lives is one load, for threads that are bound to one. May not: know what is enlisted, only which
//! dispensers have something that is.

use crate::core::error::Error;
use crate::sync::{AtomicU64, Mutex, Ordering};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

/// Leads to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) transid: usize,
    /// Of the record; never used twice.
    pub(crate) number: u64,
    place: u32,
}

impl Binding {
    pub(crate) const NONE: Self = Self { transid: 0, number: 0, place: 0 };

    pub(crate) const fn is_none(self) -> bool {
        self.number == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    Open,
    Aborting,
    Gone,
}

const FIRST: usize = 64;
const CHUNKS: usize = 20;
const MOST: u32 = (FIRST * ((1 << CHUNKS) - 1)) as u32;

#[derive(Debug)]
pub(crate) struct Transactions {
    /// Chunk n holds `FIRST << n` records' words: twice the record's number, 1 more when it is aborting; 0: none.
    words: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    records: HashMap<usize, Record>,
    /// Places that a record has left.
    vacant: Vec<u32>,
    fresh: u32,
    next: u64,
}

#[derive(Debug)]
struct Record {
    binding: Binding,
    /// Handles of the dispensers where something is enlisted, in order of the first enlistment.
    touched: Vec<u64>,
}

impl Default for Transactions {
    fn default() -> Self {
        // A random start: what a thread was bound to before a fork names nothing in the child.
        let next = RandomState::new().build_hasher().finish() >> 2 | 1;
        let known = Known { records: HashMap::new(), vacant: Vec::new(), fresh: 0, next };
        Self { words: [const { OnceLock::new() }; CHUNKS], known: Mutex::new(known) }
    }
}

impl Transactions {
    /// The record of a number, made if there is none.
    pub(crate) fn bind(&self, transid: usize) -> Result<Binding, Error> {
        if transid == 0 {
            return Ok(Binding::NONE);
        }
        let mut known = self.known.lock();
        if let Some(record) = known.records.get(&transid) {
            return Ok(record.binding);
        }
        let full = Error::OutOfMemory("another transaction");
        known.records.try_reserve(1).map_err(|_| full.clone())?;
        let place = match known.vacant.pop() {
            Some(place) => place,
            None if known.fresh == MOST => return Err(full),
            None => known.fresh,
        };
        let number = known.next;
        self.word_or_make(place).store(number << 1, Ordering::Release);
        known.fresh = known.fresh.max(place + 1);
        known.next += 1;
        let binding = Binding { transid, number, place };
        known.records.insert(transid, Record { binding, touched: Vec::new() });
        Ok(binding)
    }

    pub(crate) fn outlook(&self, binding: Binding) -> Outlook {
        let word = self.word(binding.place).map_or(0, |word| word.load(Ordering::Acquire));
        match word ^ binding.number << 1 {
            0 => Outlook::Open,
            1 => Outlook::Aborting,
            _ => Outlook::Gone,
        }
    }

    /// D-33: nothing begins in a transaction that is aborting.
    pub(crate) fn refuse_aborting(&self, binding: Binding) -> Result<(), Error> {
        let aborting = !binding.is_none() && self.outlook(binding) == Outlook::Aborting;
        if aborting { Err(Error::TransactionAborting(binding.transid)) } else { Ok(()) }
    }

    pub(crate) fn aborting(&self, transid: usize) {
        let known = self.known.lock();
        if let Some(record) = known.records.get(&transid) {
            self.word_or_make(record.binding.place).store(record.binding.number << 1 | 1, Ordering::Release);
        }
    }

    /// Notes that a dispenser has something enlisted; false if the transaction is gone.
    pub(crate) fn join(&self, binding: Binding, dispenser: u64) -> bool {
        let mut known = self.known.lock();
        let record = known.records.get_mut(&binding.transid).filter(|record| record.binding == binding);
        let Some(record) = record else { return false };
        if !record.touched.contains(&dispenser) {
            record.touched.push(dispenser);
        }
        true
    }

    /// Ends a record: its number and the dispensers that have to be told. Unknown: `None`.
    pub(crate) fn end(&self, transid: usize) -> Option<(u64, Vec<u64>)> {
        let mut known = self.known.lock();
        let Record { binding, touched } = known.records.remove(&transid)?;
        self.word_or_make(binding.place).store(0, Ordering::Release);
        known.vacant.push(binding.place);
        Some((binding.number, touched))
    }

    fn word(&self, place: u32) -> Option<&AtomicU64> {
        let (chunk, at) = position(place);
        self.words.get(chunk)?.get()?.get(at)
    }

    fn word_or_make(&self, place: u32) -> &AtomicU64 {
        let (chunk, at) = position(place);
        let make = || (0..FIRST << chunk).map(|_| AtomicU64::new(0)).collect();
        &self.words[chunk].get_or_init(make)[at]
    }
}

const fn position(place: u32) -> (usize, usize) {
    let chunk = (place as usize / FIRST + 1).ilog2() as usize;
    (chunk, place as usize - FIRST * ((1 << chunk) - 1))
}
