//! The slots of one dispenser, and the way from a resource's id to its slot.
//!
//! Slots are never freed, so a number that was once good always leads to a slot. Ids are looked up without a lock in a
//! table that is written only when a resource comes or goes; a look-up beside a writer may miss what is there, never
//! find what is not: who misses asks again under the dispenser's lock. May not: take that lock itself.

use super::resource::Slot;
use crate::core::error::Error;
use crate::sync::{AtomicU32, Ordering};
use std::sync::OnceLock;

const FIRST: usize = 8;
const CHUNKS: usize = 18;
/// The most slots there can be.
pub(crate) const MOST: u32 = (FIRST * ((1 << CHUNKS) - 1)) as u32;

/// The table is at most half full, so it has twice the slots' room at least.
const FIRST_TABLE: usize = 2 * FIRST;
const TABLES: usize = CHUNKS + 1;

#[derive(Debug)]
pub(crate) struct Inventory {
    /// Chunk n holds `FIRST << n` slots.
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    /// How many slots have ever been used in the present life.
    high: AtomicU32,
    /// Table n has `FIRST_TABLE << n` places, each 0 or a slot's number plus 1.
    tables: [OnceLock<Box<[AtomicU32]>>; TABLES],
    /// The table in use.
    table: AtomicU32,
}

impl Inventory {
    pub(crate) fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            high: AtomicU32::new(0),
            tables: [const { OnceLock::new() }; TABLES],
            table: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn slot(&self, number: u32) -> Option<&Slot> {
        let at = number as usize / FIRST + 1;
        let chunk = at.ilog2() as usize;
        let first = FIRST * ((1 << chunk) - 1);
        self.chunks.get(chunk)?.get()?.get(number as usize - first)
    }

    /// Every slot that has been used, with its number.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let mut left = self.high.load(Ordering::Acquire) as usize;
        let chunks = self.chunks.iter().map_while(OnceLock::get);
        let mut first = 0;
        chunks.flat_map(move |chunk| {
            let used = chunk.len().min(left);
            left -= used;
            let begin = first;
            first += used as u32;
            (begin..).zip(&chunk[..used])
        })
    }

    /// As `slots`, beginning at a slot and going round once.
    pub(crate) fn slots_from(&self, begin: u32) -> impl Iterator<Item = (u32, &Slot)> {
        let high = self.high.load(Ordering::Acquire);
        let begin = if begin < high { begin } else { 0 };
        (begin..high).chain(0..begin).filter_map(|number| Some((number, self.slot(number)?)))
    }

    pub(crate) fn high(&self) -> u32 {
        self.high.load(Ordering::Acquire)
    }

    /// Makes room for one more slot; under the lock.
    pub(crate) fn grow(&self) -> Result<u32, Error> {
        let number = self.high.load(Ordering::Relaxed);
        if number == MOST {
            return Err(Error::ResourcesFull(MOST));
        }
        let chunk = (number as usize / FIRST + 1).ilog2() as usize;
        if self.chunks[chunk].get().is_none() {
            let made = array(FIRST << chunk)?;
            self.chunks[chunk].get_or_init(|| made);
        }
        self.high.store(number + 1, Ordering::Release);
        Ok(number)
    }

    /// Forgets that slots were used, at the end of a life: all are vacant.
    pub(crate) fn rewind(&self) {
        self.high.store(0, Ordering::Release);
    }

    /// The slot of an id; a resource that comes or goes meanwhile may be missed.
    #[inline]
    pub(crate) fn find(&self, resid: usize) -> Option<u32> {
        let table = self.tables.get(self.table.load(Ordering::Acquire) as usize)?.get()?;
        let mask = table.len() - 1;
        let mut at = hash(resid) & mask;
        for _ in 0..table.len() {
            let number = table[at].load(Ordering::Acquire).checked_sub(1)?;
            if self.slot(number).is_some_and(|slot| slot.resid.load(Ordering::Relaxed) == resid) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Room for one more id among `known`; under the lock.
    pub(crate) fn reserve(&self, known: usize) -> Result<(), Error> {
        let mut number = self.table.load(Ordering::Relaxed) as usize;
        while FIRST_TABLE << number < 2 * (known + 1) {
            number += 1;
        }
        let new = match self.tables.get(number).and_then(OnceLock::get) {
            Some(_) if number == self.table.load(Ordering::Relaxed) as usize => return Ok(()),
            Some(table) => table,
            None => {
                let made = array(FIRST_TABLE << number)?;
                self.tables[number].get_or_init(|| made)
            }
        };
        let old = self.tables[self.table.load(Ordering::Relaxed) as usize].get();
        for place in old.into_iter().flatten() {
            self.put(new, place.swap(0, Ordering::Relaxed));
        }
        self.table.store(number as u32, Ordering::Release);
        Ok(())
    }

    fn put(&self, table: &[AtomicU32], value: u32) {
        let Some(slot) = value.checked_sub(1).and_then(|number| self.slot(number)) else { return };
        let mask = table.len() - 1;
        let mut at = hash(slot.resid.load(Ordering::Relaxed)) & mask;
        while table[at].load(Ordering::Relaxed) != 0 {
            at = (at + 1) & mask;
        }
        table[at].store(value, Ordering::Release);
    }

    /// Makes a slot findable by its id, for which `reserve` has made room; under the lock.
    pub(crate) fn insert(&self, number: u32) {
        if let Some(table) = self.tables[self.table.load(Ordering::Relaxed) as usize].get() {
            self.put(table, number + 1);
        }
    }

    /// Takes a slot's id out; under the lock. What follows in its run moves up, so that no run is broken.
    pub(crate) fn remove(&self, number: u32) {
        let Some(table) = self.tables[self.table.load(Ordering::Relaxed) as usize].get() else { return };
        let Some(slot) = self.slot(number) else { return };
        let mask = table.len() - 1;
        let mut hole = hash(slot.resid.load(Ordering::Relaxed)) & mask;
        loop {
            match table[hole].load(Ordering::Relaxed) {
                0 => return,
                value if value == number + 1 => break,
                _ => hole = (hole + 1) & mask,
            }
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let value = table[at].load(Ordering::Relaxed);
            let Some(other) = value.checked_sub(1).and_then(|number| self.slot(number)) else { break };
            let home = hash(other.resid.load(Ordering::Relaxed)) & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                table[hole].store(value, Ordering::Release);
                hole = at;
            }
        }
        table[hole].store(0, Ordering::Release);
    }
}

/// Spreads ids over the low bits, whatever bits they differ in: addresses differ in the middle, handles anywhere.
fn hash(resid: usize) -> usize {
    let mut mixed = resid as u64;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ mixed >> 31) as usize
}

fn array<T: Default>(len: usize) -> Result<Box<[T]>, Error> {
    let mut room = Vec::new();
    room.try_reserve_exact(len).map_err(|_| Error::OutOfMemory("another resource"))?;
    room.resize_with(len, T::default);
    Ok(room.into_boxed_slice())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn ids_that_differ_in_a_few_bits_only_are_spread() {
        for shift in [0, 3, 6, 12, 24, 32, 44, 48, 52] {
            let places: std::collections::HashSet<_> = (0..4096usize).map(|n| hash(n << shift) & 0x1FFF).collect();
            assert!(places.len() > 2_500, "multiples of 2^{shift}: {} of 4,096 places", places.len());
        }
    }
}
