//! Handles: names that look like pointers and lead to cells that are never freed.
//!
//! A handle is slot, kind and life, mixed with the random word of the process. Looking one up takes no lock, no count
//! and no fence: the cell's life says whether the name still holds. May not: know what lives in a cell.

use super::boundary::Failure;
use super::codes::{WSRT_E_FORKED, WSRT_E_HANDLE, WSRT_E_OUTOFMEMORY};
use super::process::{self, PerProcess};
use crate::core::cell::Cell;
use once_cell::race::OnceBox;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a handle names; part of its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text = 1,
    Runtime = 2,
    Dispenser = 3,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "wsrt_text",
            Self::Runtime => "ws_runtime",
            Self::Dispenser => "dispenser",
        }
    }
}

const KIND_BITS: u32 = 4;
const SLOT_BITS: u32 = 20;
pub(super) const SLOTS: u32 = 1 << SLOT_BITS;

/// Spreads every bit of a handle over its life, so that one that is nearly right names nothing, not even a neighbour.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const UNMIX: u64 = inverse(MIX);

/// The inverse of an odd number modulo 2^64: each step of Newton's doubles the bits that are right, of which 3 are.
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut right = 3;
    while right < 64 {
        guess = guess.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(guess)));
        right *= 2;
    }
    guess
}

/// A handle taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) slot: u32,
    pub(super) life: u64,
}

impl Name {
    pub(super) const fn encode(self, kind: Kind, secret: u64) -> u64 {
        let bits = self.life << (KIND_BITS + SLOT_BITS) | (self.slot as u64) << KIND_BITS | kind as u64;
        bits.wrapping_mul(MIX) ^ secret
    }

    pub(super) const fn decode(handle: u64, kind: Kind, secret: u64) -> Option<Self> {
        let bits = (handle ^ secret).wrapping_mul(UNMIX);
        if bits & ((1 << KIND_BITS) - 1) != kind as u64 {
            return None;
        }
        Some(Self { slot: (bits >> KIND_BITS) as u32 & (SLOTS - 1), life: bits >> (KIND_BITS + SLOT_BITS) })
    }
}

#[cold]
pub(super) fn not_live(argument: &str, kind: Kind) -> Failure {
    Failure::new(WSRT_E_HANDLE, format!("{argument}: not the name of a live {}", kind.name()))
}

#[cold]
fn forked(argument: &str) -> Failure {
    let text = format!("{argument}: inherited by fork(), it is its parent's");
    Failure::new(WSRT_E_FORKED, text)
}

/// How many lives a cell has: those that a slot of a dispenser can tell apart.
const LIVES: u64 = (1 << 20) - 1;

const FIRST_CHUNK: u32 = 64;
const CHUNKS: usize = (SLOT_BITS - FIRST_CHUNK.ilog2() + 1) as usize;

struct Slot<T> {
    /// The fork epoch in which the present life began.
    epoch: AtomicU32,
    cell: Cell<T>,
}

/// All objects of one kind.
pub(super) struct Cells<T: 'static> {
    kind: Kind,
    make: fn() -> T,
    /// Chunk n holds `FIRST_CHUNK << n` cells.
    chunks: [OnceBox<Vec<Slot<T>>>; CHUNKS],
    fresh: AtomicU32,
    /// Cells whose object has ended, longest ended first. Some may still be left by their last thread.
    ended: PerProcess<Mutex<VecDeque<u32>>>,
}

impl<T: Sync> Cells<T> {
    pub(super) const fn new(kind: Kind, make: fn() -> T) -> Self {
        Self {
            kind,
            make,
            chunks: [const { OnceBox::new() }; CHUNKS],
            fresh: AtomicU32::new(0),
            ended: PerProcess::new(),
        }
    }

    /// Starts an object: `prepare` gets its cell, its life and its handle before anybody can look it up.
    pub(super) fn open(
        &'static self,
        is_vacant: impl Fn(&T) -> bool,
        prepare: impl FnOnce(&'static T, u64, u64),
    ) -> Result<u64, Failure> {
        let secret = process::secret_or_make()?;
        let slot = self.vacant(is_vacant).ok_or_else(|| {
            let text = format!("memory: there can be no more than {SLOTS} of {}", self.kind.name());
            Failure::new(WSRT_E_OUTOFMEMORY, text)
        })?;
        let home = self.slot_or_make(slot);
        let mut life = home.cell.next_life();
        let mut handle = Name { slot, life }.encode(self.kind, secret);
        if handle == 0 {
            // NULL names nothing.
            life += 2;
            handle = Name { slot, life }.encode(self.kind, secret);
        }
        prepare(home.cell.object(), life, handle);
        home.epoch.store(process::epoch(), Ordering::Relaxed);
        home.cell.open(life);
        Ok(handle)
    }

    /// As `find`, without a reason.
    pub(super) fn peek(&'static self, handle: u64) -> Option<(&'static T, u64)> {
        let (home, name) = self.locate(handle)?;
        let object = home.cell.get(name.life)?;
        (home.epoch.load(Ordering::Relaxed) == process::epoch()).then_some((object, name.life))
    }

    /// The object of a handle and the life that the handle means.
    pub(super) fn find(&'static self, handle: u64, argument: &str) -> Result<(&'static T, u64), Failure> {
        let (home, name) = self.locate(handle).ok_or_else(|| not_live(argument, self.kind))?;
        let object = home.cell.get(name.life).ok_or_else(|| not_live(argument, self.kind))?;
        if home.epoch.load(Ordering::Relaxed) != process::epoch() {
            return Err(forked(argument));
        }
        Ok((object, name.life))
    }

    /// Ends a life; `end` runs for the one caller who ends it. `None`: inherited, only forgotten.
    pub(super) fn close<R>(
        &'static self,
        handle: u64,
        argument: &str,
        end: impl FnOnce(&'static T, u64) -> R,
    ) -> Result<Option<R>, Failure> {
        let (home, name) = self.locate(handle).ok_or_else(|| not_live(argument, self.kind))?;
        let ours = home.epoch.load(Ordering::Relaxed) == process::epoch();
        if !home.cell.close(name.life) {
            return Err(not_live(argument, self.kind));
        }
        if !ours {
            return Ok(None);
        }
        let result = end(home.cell.object(), name.life);
        // The parts of objects know their lives by the low bits only: before those come round, the cell is left alone.
        if name.life >> 1 & LIVES != LIVES {
            self.ended().push_back(name.slot);
        }
        Ok(Some(result))
    }

    fn locate(&'static self, handle: u64) -> Option<(&'static Slot<T>, Name)> {
        let name = Name::decode(handle, self.kind, process::secret()?)?;
        let (chunk, at) = place(name.slot);
        Some((self.chunks[chunk].get()?.get(at)?, name))
    }

    fn vacant(&'static self, is_vacant: impl Fn(&T) -> bool) -> Option<u32> {
        // A cell that somebody never leaves must not stand in front of those that are free.
        for _ in 0..4 {
            let Some(slot) = self.ended().pop_front() else { break };
            if is_vacant(self.slot_or_make(slot).cell.object()) {
                return Some(slot);
            }
            self.ended().push_back(slot);
        }
        let fresh = self.fresh.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < SLOTS).then_some(n + 1));
        fresh.ok()
    }

    fn slot_or_make(&'static self, slot: u32) -> &'static Slot<T> {
        let (chunk, at) = place(slot);
        let make = || {
            let room = 0..(FIRST_CHUNK as usize) << chunk;
            let cells = room.map(|_| Slot { epoch: AtomicU32::new(0), cell: Cell::new((self.make)()) });
            Box::new(cells.collect())
        };
        &self.chunks[chunk].get_or_init(make)[at]
    }

    fn ended(&self) -> std::sync::MutexGuard<'static, VecDeque<u32>> {
        self.ended.get().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Chunk and place of a slot.
const fn place(slot: u32) -> (usize, usize) {
    let chunk = (slot / FIRST_CHUNK + 1).ilog2();
    let first = FIRST_CHUNK * ((1 << chunk) - 1);
    (chunk as usize, (slot - first) as usize)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_its_place() {
        let mut expected = (0, 0);
        for slot in 0..SLOTS {
            assert_eq!(place(slot), expected, "slot {slot}");
            expected.1 += 1;
            if expected.1 == (FIRST_CHUNK as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(place(SLOTS - 1).0 < CHUNKS);
    }

    #[test]
    fn a_name_survives_mixing_and_only_as_its_kind() {
        let name = Name { slot: SLOTS - 1, life: (1 << 40) - 1 };
        let handle = name.encode(Kind::Runtime, 0xDEAD_BEEF_CAFE_F00D);
        assert_eq!(Name::decode(handle, Kind::Runtime, 0xDEAD_BEEF_CAFE_F00D), Some(name));
        assert_eq!(Name::decode(handle, Kind::Text, 0xDEAD_BEEF_CAFE_F00D), None);
    }

    #[test]
    fn a_handle_with_one_wrong_bit_is_no_neighbours() {
        let secret = 0xDEAD_BEEF_CAFE_F00D;
        let handle = Name { slot: 5, life: 1 }.encode(Kind::Runtime, secret);
        for bit in 0..64 {
            let near = Name::decode(handle ^ 1 << bit, Kind::Runtime, secret);
            assert!(near.is_none_or(|name| name.life != 1), "bit {bit}: {near:?}");
        }
    }
}
